/** M1–M5 of state.ts and the properties of the reliability cases, over random stories. Seeded: the same every run. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ARRIVED,
  bareNumber,
  buildFacts,
  buildTarget,
  found,
  frozen,
  notFound,
  ownedNumber,
  received,
  SEED_REPLY,
} from '../../test/builders.ts';
import { type Answer, effectsOf, play, type Script, type Story } from '../../test/world.ts';
import { ringBudget } from './ask.ts';
import { begin, decide } from './decide.ts';
import type { InboundEffect } from './effect.ts';
import type { AttemptResult, InboundEvent } from './event.ts';
import type { Entry, InboundFacts } from './facts.ts';
import type { InboundPhase, InboundState } from './state.ts';

const runs = (numRuns: number) => ({ seed: 20_261_123, numRuns });
const maybe = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined, freq: 2 });

const bodies = fc.constantFrom<unknown>(
  '',
  '{}',
  '<html>',
  SEED_REPLY,
  { call_inbound: { override_agent_id: 'agent_12345', override_agent_version: 4 } },
  { call_inbound: { reject: true } },
  { call_inbound: { agent_override: { agent: { voice_temperature: 9, voice_speed: 1.1 } } } },
  { call_inbound: { agent_override: { agent: { response_engine: { type: 'retell-llm', llm_id: 'gone' } } } } },
);
const answers: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({
    status: fc.constantFrom(200, 204, 302, 404, 429, 500, 503),
    body: bodies,
    afterMs: fc.integer({ min: 0, max: 12_000 }),
    retryAfter: fc.constantFrom('0', '1', '20', '3600', 'soon'),
  }),
  fc.record({
    error: fc.constantFrom('timeout' as const, 'connect_error' as const, 'tls_error' as const),
    afterMs: fc.integer({ min: 0, max: 12_000 }),
  }),
);
const knowledge = fc.constantFrom(
  found(),
  found(buildTarget({ channel: 'chat' })),
  notFound('agent'),
  notFound('version'),
  notFound('engine'),
);
const moment = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 50_000 }));
const scripts: fc.Arbitrary<Script> = fc
  .record({
    attempts: fc.array(answers, { minLength: 1, maxLength: 4 }),
    hangUpAtMs: maybe(moment),
    interruptAtMs: fc.option(moment, { nil: undefined, freq: 8 }),
    storeFails: fc.option(fc.constantFrom('open' as const, 'record_decision' as const, 'resolve' as const), {
      nil: undefined,
      freq: 5,
    }),
    storeMs: fc.integer({ min: 0, max: 400 }),
    slots: fc.array(fc.constantFrom('taken' as const, 'full' as const, 'full' as const), {
      minLength: 1,
      maxLength: 9,
    }),
    stall: maybe(fc.record({ fromMs: moment, forMs: fc.integer({ min: 0, max: 20_000 }) })),
    session: fc.record({ afterMs: fc.integer({ min: 0, max: 2_000 }), fails: maybe(fc.constant('no')) }),
    cancelledAtAnswer: fc.constantFrom(false, false, false, true),
    chances: fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 4, maxLength: 4 }),
    told: fc.array(knowledge, { minLength: 1, maxLength: 3 }),
  })
  .map(({ told, ...script }) => {
    const resolve: Script['resolve'] = ({ reference }) => told[String(reference).length % told.length]!;
    return Object.fromEntries(
      Object.entries({ ...script, resolve }).filter(([, value]) => value !== undefined),
    ) as Script;
  });
const entries: fc.Arbitrary<Entry> = fc
  .record({
    ring_budget_ms: fc.oneof(fc.integer({ min: 1_000, max: 3_000 }), fc.integer({ min: 1_000, max: 120_000 })),
    on_invalid_override: fc.constantFrom('refuse' as const, 'ignore' as const),
    inbound_webhook_url: fc.constantFrom('https://endpoint.example/', 'https://endpoint.example/', null),
    own: fc.constantFrom(found(buildTarget({ agent_id: 'agent_own' })), notFound('agent'), undefined),
  })
  .map(({ own, ...number }) =>
    own ? ownedNumber(number, { agent: { agent_id: 'agent_own', weight: 1 }, resolved: own }) : bareNumber(number),
  );
const facts: fc.Arbitrary<InboundFacts> = fc
  .record({
    entry: fc.oneof(
      { weight: 9, arbitrary: entries },
      { weight: 1, arbitrary: fc.constant({ kind: 'nobody' } as const) },
    ),
    concurrency: fc.constantFrom(0, 2),
    media: fc.constantFrom('usable' as const, 'usable' as const, 'usable' as const, 'no_codec' as const),
    edge_ring_limit_ms: fc.constantFrom(120_000, 30_000),
  })
  .map(({ concurrency, ...own }) => {
    const built = buildFacts({ ...own, gateway: { concurrency } });
    // The catalogue would fill the screen where a counterexample is shown.
    const shown = JSON.stringify({ ...own, concurrency });
    return frozen(Object.defineProperty(built, fc.toStringMethod, { value: () => shown }));
  });

const holds = (check: (story: Story, inbound: InboundFacts, script: Script) => void, numRuns = 400) =>
  fc.assert(
    fc.property(facts, scripts, (inbound, script) => {
      check(play(inbound, script), inbound, script);
    }),
    runs(numRuns),
  );
const firstAt = (story: Story, type: InboundEvent['type']) =>
  story.events.find(({ event }) => event.type === type)?.atMs;

describe('every story', () => {
  test('E8 every story ends, with one outcome', () => {
    holds((story) => {
      expect(story.state.phase.name).toBe('closed');
      expect(story.outcome).toBeDefined();
    });
  });

  test('M1 exactly one settle, and nothing follows it but a slot that came too late', () => {
    holds((story) => {
      const types = story.effects.map(({ effect }) => effect.type);
      const after = types.slice(types.indexOf('settle') + 1);
      expect(types.filter((type) => type === 'settle')).toHaveLength(1);
      expect(after.filter((type) => type !== 'release_slot')).toEqual([]);
      expect(effectsOf(story, 'settle')[0]?.outcome).toBe(story.outcome);
    });
  });

  test('M2 no ask after the caller hung up, nor once the decision is made', () => {
    holds((story) => {
      const gone = firstAt(story, 'caller_gone') ?? Number.POSITIVE_INFINITY;
      const types = story.effects.map(({ effect }) => effect.type);
      for (const { atMs, effect } of story.effects) if (effect.type === 'ask') expect(atMs).toBeLessThanOrEqual(gone);
      const decided = types.findIndex((type) => ['record_decision', 'accept', 'refuse', 'settle'].includes(type));
      expect(types.slice(decided)).not.toContain('ask');
    });
  });

  test('M3 one answer at most, after the decision was recorded or where that cannot be waited for', () => {
    holds((story) => {
      const answered = story.effects.filter(({ effect }) => effect.type === 'accept' || effect.type === 'refuse');
      expect(answered.length).toBeLessThanOrEqual(1);
      const types = story.events.map(({ event }) => event.type);
      const excused = types.includes('store_failed') || types.includes('interrupted');
      if (answered.length > 0 && !excused) expect(types).toContain('decision_recorded');
      if (answered[0]?.effect.type === 'accept') expect(types).toContain('decision_recorded');
    });
  });

  test('M4 C2 at most four asks, numbered from 1 without gaps, and each attempt recorded once', () => {
    holds((story) => {
      const asked = effectsOf(story, 'ask').map(({ attempt }) => attempt);
      expect(asked).toEqual([1, 2, 3, 4].slice(0, asked.length));
      const recorded = story.state.ledger.attempts.map(({ attempt }) => attempt);
      expect(recorded).toEqual([...new Set(recorded)]);
    });
  });

  test('C4 no ask starts with less than 1 s of the budget left or may last beyond it; the chain ends within it', () => {
    holds((story, inbound, { stall }) => {
      const budgetMs = ringBudget(inbound);
      for (const { atMs, effect } of story.effects) {
        if (effect.type !== 'ask') continue;
        expect(budgetMs - atMs).toBeGreaterThanOrEqual(1_000);
        expect(effect.deadline_mono_ms - ARRIVED.monoMs).toBeLessThanOrEqual(budgetMs - 500);
        expect(effect.deadline_mono_ms - ARRIVED.monoMs - atMs).toBeLessThanOrEqual(10_000);
      }
      if (stall) return;
      for (const { atMs, event } of story.events) {
        if (event.type === 'attempt_ended') expect(atMs).toBeLessThanOrEqual(budgetMs - 500);
      }
    });
  });

  test('A5 C6 what was taken is given back unless the call was connected', () => {
    holds((story) => {
      const taken = story.events.filter(({ event }) => event.type === 'slot_taken').length;
      expect(effectsOf(story, 'release_slot')).toHaveLength(story.outcome === 'connected' ? 0 : taken);
      const failed = story.events.some(({ event }) => event.type === 'session_failed');
      const lost = effectsOf(story, 'start_session').length > 0 && story.outcome !== 'connected';
      const discards = effectsOf(story, 'discard_session').length;
      expect(discards).toBeLessThanOrEqual(1);
      if (lost && !failed) expect(discards).toBe(1);
    });
  });
});

const END = { started: ARRIVED, ended: ARRIVED, phases: { total_ms: 0 }, resent: false } as const;
const aborted: AttemptResult = { ...END, received: false, error: 'aborted', fault: 'caller', message: 'aborted' };
const events: fc.Arbitrary<InboundEvent> = fc
  .oneof(
    fc.constantFrom<Omit<InboundEvent, 'at'>>(
      { type: 'opened' },
      { type: 'slot_taken' },
      { type: 'slot_full' },
      { type: 'decision_recorded' },
      { type: 'answer_handed' },
      { type: 'caller_gone' },
      { type: 'interrupted' },
      { type: 'store_failed' },
      { type: 'session_ready', issues: [], runtime: 'r' } as Omit<InboundEvent, 'at'>,
      { type: 'session_failed', message: 'm' } as Omit<InboundEvent, 'at'>,
      { type: 'timer', name: 'retry' } as Omit<InboundEvent, 'at'>,
      { type: 'timer', name: 'slot_poll' } as Omit<InboundEvent, 'at'>,
    ),
    knowledge.map((told) => ({ type: 'resolved', found: told }) as const),
    fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(200, 204, 500), bodies).map(([attempt, status, body]) => ({
      type: 'attempt_ended' as const,
      attempt,
      result: received(status, body),
      chance: 0.5,
    })),
  )
  .map((event) => ({ ...event, at: ARRIVED }) as InboundEvent);

/** What each phase listens to; all else must change nothing (M5). */
const HEARD: Readonly<Record<InboundPhase['name'], readonly InboundEvent['type'][]>> = {
  opening: ['opened', 'store_failed', 'caller_gone', 'interrupted'],
  waiting_for_slot: ['slot_taken', 'slot_full', 'store_failed', 'timer', 'caller_gone', 'interrupted'],
  asking: ['attempt_ended', 'caller_gone', 'interrupted'],
  backing_off: ['timer', 'caller_gone', 'interrupted'],
  resolving: ['resolved', 'store_failed', 'caller_gone', 'interrupted'],
  starting: ['session_ready', 'session_failed', 'caller_gone', 'interrupted'],
  recording: ['decision_recorded', 'store_failed', 'caller_gone', 'interrupted'],
  answering: ['answer_handed', 'caller_gone'],
  abandoning: ['attempt_ended'],
  closed: [],
};
/** Heard by every phase: a late reply is recorded, a slot that comes too late goes back. */
const ALWAYS: readonly InboundEvent['type'][] = ['attempt_ended', 'slot_taken'];

/** The event that a phase waits for. */
function expected({ phase }: InboundState): InboundEvent {
  const at = ARRIVED;
  switch (phase.name) {
    case 'waiting_for_slot':
      return { at, type: 'slot_taken' };
    case 'asking':
      return { at, type: 'attempt_ended', attempt: phase.attempt, result: received(204), chance: 0 };
    case 'abandoning':
      return { at, type: 'attempt_ended', attempt: phase.attempt, result: aborted, chance: 0 };
    case 'backing_off':
      return { at, type: 'timer', name: 'retry' };
    case 'resolving':
      return { at, type: 'resolved', found: found() };
    case 'starting':
      return { at, type: 'session_ready', issues: [], runtime: 'r' };
    case 'recording':
      return { at, type: 'decision_recorded' };
    case 'answering':
      return { at, type: 'answer_handed' };
    default:
      return { at, type: 'opened' };
  }
}

describe('every order of events', () => {
  const fed = (inbound: InboundFacts, sent: readonly InboundEvent[], each?: (state: InboundState) => void) => {
    const first = begin(inbound);
    const effects: InboundEffect[] = [...first.effects];
    let state = frozen(first.state);
    const feed = (event: InboundEvent) => {
      const before = state;
      const move = decide(state, event);
      effects.push(...move.effects);
      state = frozen(move.state);
      const heard = HEARD[before.phase.name].includes(event.type) || ALWAYS.includes(event.type);
      if (!heard) expect([state === before, move.effects]).toEqual([true, []]);
      each?.(state);
    };
    for (const event of sent) feed(event);
    for (let steps = 0; state.phase.name !== 'closed' && steps < 40; steps++) feed(expected(state));
    return { state, effects };
  };

  test('M5 any events in any order, then the expected ones: it ends, once, and unexpected events change nothing', () => {
    fc.assert(
      fc.property(facts, fc.array(events, { maxLength: 25 }), (inbound, sent) => {
        const { state, effects } = fed(inbound, sent);
        expect(state.phase.name).toBe('closed');
        const types = effects.map(({ type }) => type);
        expect(types.filter((type) => type === 'settle')).toHaveLength(1);
        expect(types.filter((type) => type === 'accept' || type === 'refuse').length).toBeLessThanOrEqual(1);
        expect(types.slice(types.indexOf('settle'))).not.toContain('ask');
        expect(types.filter((type) => type === 'ask').length).toBeLessThanOrEqual(4);
      }),
      runs(1_500),
    );
  });

  test('M5 every event told twice is told once', () => {
    fc.assert(
      fc.property(facts, fc.array(events, { maxLength: 20 }), (inbound, sent) => {
        const doubled = fed(
          inbound,
          sent.flatMap((event) => [event, event]),
        );
        expect(doubled.state.phase.name).toBe('closed');
        const held = doubled.effects.filter(({ type }) => type === 'release_slot').length;
        if (doubled.state.holds_slot) expect(held).toBe(0);
      }),
      runs(400),
    );
  });
});
