/** C6: the caller hangs up; H5: the gateway stops; G: the store cannot write. At every phase. */
import { describe, expect, test } from 'vitest';
import { ARRIVED, buildFacts, buildTarget, found, ownedNumber } from '../../test/builders.ts';
import { effectsOf, order, play, type Script } from '../../test/world.ts';
import { decide } from './decide.ts';
import type { InboundEvent } from './event.ts';

const facts = buildFacts({ gateway: { concurrency: 2 }, entry: ownedNumber() });
/** Times at which each phase is certain: writes take 10 ms, the slot 10 ms, the first attempt fails at 120 ms. */
const script: Script = {
  storeMs: 10,
  slots: ['taken'],
  attempts: [
    { status: 500, afterMs: 100 },
    { status: 200, body: { call_inbound: { override_agent_id: 'agent_12345' } }, afterMs: 100 },
  ],
  session: { afterMs: 100 },
};
const PHASES = [
  ['opening', 5],
  ['waiting_for_slot', 15],
  ['asking', 60],
  ['backing_off', 300],
  ['asking again', 550],
  ['resolving', 620.5],
  ['starting', 700],
  ['recording', 725],
] as const;

describe('C6 a hang-up', () => {
  test('C6 the story without a hang-up connects', () => {
    expect(play(facts, script)).toMatchObject({ outcome: 'connected' });
  });

  test.each(PHASES)(
    'C6 while %s: caller_abandoned, nothing answered, nothing asked afterwards',
    (phase, hangUpAtMs) => {
      const story = play(facts, { ...script, hangUpAtMs });
      expect(story.outcome).toBe('caller_abandoned');
      expect(effectsOf(story, 'settle')).toHaveLength(1);
      const after = story.effects.filter(({ atMs }) => atMs > hangUpAtMs).map(({ effect }) => effect.type);
      for (const type of ['ask', 'accept', 'refuse', 'start_session', 'resolve', 'record_decision', 'set_timer']) {
        expect(after).not.toContain(type);
      }
      expect(order(story).includes('abort_attempt')).toBe(phase.startsWith('asking'));
      expect(order(story).includes('discard_session')).toBe(hangUpAtMs > 622);
      expect(effectsOf(story, 'release_slot')).toHaveLength(hangUpAtMs > 10 ? 1 : 0);
      expect(story.state).toMatchObject({ holds_slot: false, session_started: false });
      expect(story.state.ledger.steps.at(-1)).toMatch(
        /^the caller hung up after \d+\.\d s → caller_abandoned, SIP 487$/,
      );
    },
  );

  test('C6 the aborted attempt is in the record', () => {
    const story = play(facts, { ...script, hangUpAtMs: 60 });
    expect(story.state.ledger.attempts).toMatchObject([{ attempt: 1, verdict: 'aborted' }]);
  });

  test('C6 a CANCEL faster than the 200 ends it, whatever was decided; the agent and the slot are let go', () => {
    const story = play(facts, { ...script, cancelledAtAnswer: true });
    expect(story.outcome).toBe('caller_abandoned');
    expect(order(story).slice(-4)).toEqual(['accept', 'discard_session', 'release_slot', 'settle']);
  });

  test('C6 after the 200 was handed over nothing changes', () => {
    const story = play(facts, { ...script, hangUpAtMs: 5_000 });
    expect(story.outcome).toBe('connected');
    expect(order(story)).not.toContain('release_slot');
  });

  test('C6 a slot taken after the hang-up goes back; what is held is not given back twice', () => {
    const gone = play(facts, { ...script, hangUpAtMs: 15 });
    expect(order(gone)).toEqual(['open', 'ring', 'take_slot', 'settle', 'release_slot']);
    const connected = play(facts, script);
    const again: InboundEvent = { type: 'slot_taken', at: ARRIVED };
    expect(decide(connected.state, again)).toEqual({ state: connected.state, effects: [] });
  });

  test('C6 a session that becomes ready after the hang-up stays unused', () => {
    const gone = play(facts, { ...script, hangUpAtMs: 700 });
    expect(gone.events.at(-1)?.event.type).toBe('session_ready');
    expect(gone.effects.at(-1)?.effect.type).toBe('settle');
  });
});

describe('H5 the gateway stops at once', () => {
  test.each(PHASES)('H5 while %s: interrupted, 500, without waiting for the disk', (phase, interruptAtMs) => {
    const story = play(facts, { ...script, interruptAtMs });
    expect(story.outcome).toBe('interrupted');
    expect(effectsOf(story, 'refuse')[0]?.answer).toMatchObject({ code: 500, cause: 41 });
    expect(effectsOf(story, 'settle')).toMatchObject([{ outcome: 'interrupted', rewrite: true }]);
    expect(order(story).includes('abort_attempt')).toBe(phase.startsWith('asking'));
    expect(story.state).toMatchObject({ holds_slot: false, session_started: false });
  });
});

describe('G the store cannot write', () => {
  test('G at the arrival: overloaded, nobody is asked', () => {
    const story = play(facts, { ...script, storeFails: 'open' });
    expect(order(story)).toEqual(['open', 'ring', 'refuse', 'settle']);
    expect(effectsOf(story, 'refuse')[0]?.answer).toMatchObject({ outcome: 'overloaded', code: 503, cause: 41 });
  });

  test('G at the decision to connect: overloaded, and the agent and the slot are let go', () => {
    const story = play(facts, { ...script, storeFails: 'record_decision' });
    expect(order(story).slice(-5)).toEqual(['record_decision', 'discard_session', 'release_slot', 'refuse', 'settle']);
    expect(effectsOf(story, 'settle')).toMatchObject([{ outcome: 'overloaded', rewrite: true }]);
  });

  test('G a target that cannot be read is our fault, not an unknown agent of the endpoint', () => {
    const story = play(facts, { ...script, storeFails: 'resolve' });
    expect(order(story).slice(-4)).toEqual(['resolve', 'release_slot', 'refuse', 'settle']);
    expect(story.outcome).toBe('overloaded');
    expect(story.state.ledger.steps.at(-1)).toBe('the store cannot read → overloaded, SIP 503');
    expect(story.state.ledger.issues).toEqual([]);
  });

  test('G a refusal before the webhook that cannot be stored is overloaded too', () => {
    const story = play(buildFacts({ entry: { kind: 'nobody' } }), { storeFails: 'open' });
    expect(story.outcome).toBe('overloaded');
  });
});

describe('F4 the agent cannot start', () => {
  test('F4 agent_failed: 500, and a call object of its own', () => {
    const story = play(facts, { ...script, resolve: () => found(buildTarget()), session: { fails: 'no model' } });
    expect(effectsOf(story, 'refuse')[0]?.answer).toMatchObject({ outcome: 'agent_failed', code: 500 });
    expect(effectsOf(story, 'settle')[0]?.stillborn).toEqual({
      status: 'error',
      disconnection_reason: 'error_retell',
      agent_id: 'agent_12345',
      agent_version: 1,
    });
    expect(story.state.ledger.steps).toContain('the agent could not start: no model → agent_failed, SIP 500 (F4)');
  });
});
