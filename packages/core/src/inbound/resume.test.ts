import type { JsonObject } from '@pickup/contract';
import { describe, expect, test } from 'vitest';
import { ARRIVED, buildFacts, buildTarget, found, ownedNumber, received } from '../../test/builders.ts';
import { effectsOf, play } from '../../test/world.ts';
import {
  begin,
  decide,
  type InboundState,
  type Move,
  packFacts,
  packProgress,
  resume,
  unpackFacts,
  unpackProgress,
} from '../index.ts';

const chatAgent = {
  agent: { agent_id: 'agent_own', weight: 1 },
  resolved: found(buildTarget({ agent_id: 'agent_own', channel: 'chat' }), ['kb_1']),
};
const text = (over: Parameters<typeof buildFacts>[0] = {}) =>
  buildFacts({ channel: 'sms', session_id: 'chat_1', entry: ownedNumber({}, chatAgent), ...over });
const at = (ms: number) => ({ monoMs: ARRIVED.monoMs + ms, wallMs: ARRIVED.wallMs + ms });
/** Another process: its monotonic clock begins anew. */
const later = (ms: number) => ({ monoMs: 500 + ms, wallMs: ARRIVED.wallMs + ms });

/** By way of JSON, as a store keeps it. */
function stored(state: InboundState): InboundState {
  const [facts, progress] = JSON.parse(JSON.stringify([packFacts(state.facts), packProgress(state)])) as [
    JsonObject,
    JsonObject,
  ];
  return unpackProgress(unpackFacts(facts, state.facts.gateway), progress);
}
function asking(): Move {
  return decide(begin(text()).state, { type: 'opened', at: at(3) });
}
const failed = { ...received(500), started: at(3), ended: at(23) };
const goOn = (state: InboundState, ms: number, storedMs = 3) =>
  resume(stored(state), { at: later(ms), chance: 0.5, stored_wall_ms: ARRIVED.wallMs + storedMs });

describe('a stored text', () => {
  test('comes back as it was, sets and all', () => {
    const { state } = asking();
    expect(stored(state)).toEqual(state);
  });

  test('C8 the attempt that was under way counts: the next number is asked', () => {
    const { state, effects } = goOn(asking().state, 5_000);
    expect(effects).toMatchObject([{ type: 'record_attempt' }, { type: 'set_timer', name: 'retry' }]);
    expect(state.ledger.attempts).toMatchObject([{ attempt: 1, verdict: 'failed', fault: 'gateway' }]);
    const asked = decide(state, { type: 'timer', name: 'retry', at: later(5_200) });
    expect(asked.effects).toMatchObject([{ type: 'ask', attempt: 2 }]);
  });

  test('C8 a kill in each attempt leaves four at most, then the number’s agent (E3)', () => {
    let move = asking();
    for (const n of [2, 3, 4]) {
      move = decide(goOn(move.state, n * 10_000, n).state, {
        type: 'timer',
        name: 'retry',
        at: later(n * 10_000 + 300),
      });
      expect(move.effects).toMatchObject([{ type: 'ask', attempt: n }]);
      // Its times are those of the process that stored it.
      move = { ...move, state: { ...move.state, facts: { ...move.state.facts } } };
    }
    const end = goOn(move.state, 50_000);
    expect(end.effects).toMatchObject([{ type: 'start_session', plan: { agent_id: 'agent_own' } }]);
    expect(end.state.ledger.attempts).toHaveLength(4);
  });

  test('C4 what is left of the budget counts by wall time: after it the number’s agent takes the text', () => {
    const { effects, state } = goOn(asking().state, 119_500);
    expect(effects).toMatchObject([{ type: 'start_session' }]);
    expect(state.ledger.steps.at(-2)).toMatch(/time of a text is used up/);
  });

  test('C4 nobody was asked before the stop: the budget begins now', () => {
    const { effects } = goOn(begin(text()).state, 600_000);
    expect(effects).toMatchObject([{ type: 'ask', attempt: 1, deadline_mono_ms: 500 + 610_000 }]);
  });

  test('between two attempts the next number follows, and nothing is asked twice', () => {
    const waiting = decide(asking().state, {
      type: 'attempt_ended',
      attempt: 1,
      result: failed,
      chance: 0.5,
      at: at(23),
    });
    const { state, effects } = goOn(waiting.state, 4_000);
    expect(state.phase).toEqual({ name: 'backing_off', next_attempt: 2 });
    expect(effects.some(({ type }) => type === 'ask')).toBe(false);
    expect(state.ledger.attempts).toHaveLength(1);
  });

  test('a decided text begins its session again, with the same plan', () => {
    const reply = received(200, { chat_inbound: { dynamic_variables: { name: 'Ann' } } });
    const decided = decide(asking().state, {
      type: 'attempt_ended',
      attempt: 1,
      result: reply,
      chance: 0.5,
      at: at(23),
    });
    expect(decided.state.phase.name).toBe('starting');
    const { effects } = goOn(decided.state, 3_600_000);
    expect(effects).toEqual(decided.effects);
  });
});

describe('texts and slots', () => {
  const full = { gateway: { concurrency: 1 } };
  test('G a text waits an hour for a slot, and its budget begins then', () => {
    const story = play(text(full), {
      slots: [...Array.from({ length: 100 }, () => 'full' as const), 'taken'],
      attempts: [{ status: 200 }],
    });
    expect(story.outcome).toBe('connected');
    expect(effectsOf(story, 'ask')).toHaveLength(1);
    // A chat holds no slot.
    expect(effectsOf(story, 'release_slot')).toHaveLength(1);
    expect(effectsOf(story, 'ask')[0]!.deadline_mono_ms).toBe(
      ARRIVED.monoMs + story.effects.find(({ effect }) => effect.type === 'ask')!.atMs + 10_000,
    );
  });
  test('G after an hour: concurrency_limit, silence', () => {
    const story = play(text(full), { slots: ['full'] });
    expect(story.outcome).toBe('concurrency_limit');
    expect(story.endedMs).toBeGreaterThanOrEqual(3_600_000);
    expect(story.state.ledger.steps.at(-1)).toMatch(/concurrency_limit, silence$/);
  });
  test('a text that waits for its slot goes on waiting after a stop', () => {
    const waiting = decide(begin(text(full)).state, { type: 'opened', at: at(3) });
    const { state, effects } = goOn(waiting.state, 60_000);
    expect(effects).toMatchObject([{ type: 'take_slot' }]);
    expect(state.phase).toEqual({ name: 'waiting_for_slot', until_mono_ms: 500 + 3_600_000 });
  });
});
