/** C: deadlines, retries, budget, on the machine in virtual time. */
import { describe, expect, test } from 'vitest';
import { ARRIVED, bareNumber, buildFacts, buildTarget, found, ownedNumber } from '../../test/builders.ts';
import { type Answer, effectsOf, order, play, timesOf } from '../../test/world.ts';

const HANGS: Answer = { error: 'timeout', afterMs: Number.POSITIVE_INFINITY };
const owned = (ring_budget_ms?: number) =>
  buildFacts({ entry: ownedNumber(ring_budget_ms === undefined ? {} : { ring_budget_ms }) });

describe('C1 the deadline of an attempt', () => {
  test('C1 case 1 a 200 at 9.9 s is used', () => {
    const story = play(owned(), { attempts: [{ status: 200, body: '{"call_inbound":{}}', afterMs: 9_900 }] });
    expect(story.state.ledger.attempts).toMatchObject([{ verdict: 'accepted', status: 200 }]);
    expect(story.outcome).toBe('connected');
  });

  test('C1 case 2 at 10.1 s the attempt has ended at 10.0 s and the retry starts within 250 ms', () => {
    const story = play(owned(), { attempts: [{ status: 200, afterMs: 10_100 }, { status: 204 }] });
    const [first, second] = timesOf(story, 'ask');
    expect(effectsOf(story, 'ask')[0]!.deadline_mono_ms - ARRIVED.monoMs).toBe(first! + 10_000);
    expect(second! - first!).toBeGreaterThanOrEqual(10_000);
    expect(second! - first!).toBeLessThanOrEqual(10_250);
    expect(story.state.ledger.attempts.map(({ verdict }) => verdict)).toEqual(['failed', 'accepted']);
  });

  test('C1 the wall deadline that the endpoint reads is the same moment', () => {
    const [asked] = effectsOf(play(owned(), { attempts: [{ status: 204 }] }), 'ask');
    expect(asked!.deadline_wall_ms - asked!.deadline_mono_ms).toBe(ARRIVED.wallMs - ARRIVED.monoMs);
  });
});

describe('C2 C3 retries', () => {
  test('C2 case 50 three failures, then 200: four requests, the fourth is used', () => {
    const fails: Answer = { status: 500, afterMs: 5 };
    const reply = { call_inbound: { override_agent_id: 'agent_12345' } };
    const story = play(owned(), { attempts: [fails, fails, fails, { status: 200, body: reply }] });
    expect(effectsOf(story, 'ask').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(effectsOf(story, 'accept')[0]!.plan.agent_id).toBe('agent_12345');
    const [began, ...retries] = timesOf(story, 'ask');
    expect(retries.map((at) => at - began!)).toEqual([500, 2_000, 6_000]);
    expect(new Set(effectsOf(story, 'ask').map(({ body }) => body)).size).toBe(1);
  });

  test.each(['connect_error', 'dns_error', 'tls_error', 'connection_reset', 'incomplete_reply'] as const)(
    'C2 %s is retried',
    (error) => {
      const story = play(owned(), { attempts: [{ error }, { status: 204 }] });
      expect(story.state.ledger.attempts).toMatchObject([{ verdict: 'failed', error }, { verdict: 'accepted' }]);
    },
  );

  test.each([401, 403, 404, 410, 422, 500, 503])('C2 case 36 a %i is retried', (status) => {
    const story = play(owned(), { attempts: [{ status }, { status: 204 }] });
    expect(effectsOf(story, 'ask')).toHaveLength(2);
  });

  test('C2 C7 case 35 201 to 299 is success; a redirect is a failure and its place is never asked', () => {
    for (const status of [201, 202, 226, 299]) {
      expect(effectsOf(play(owned(), { attempts: [{ status }] }), 'ask')).toHaveLength(1);
    }
    for (const status of [300, 301, 302, 307, 308, 399]) {
      const story = play(owned(), { attempts: [{ status }, { status: 204 }] });
      expect(story.state.ledger.attempts[0]).toMatchObject({ verdict: 'failed', error: 'redirect' });
      expect(new Set(effectsOf(story, 'ask').map(({ url }) => url)).size).toBe(1);
    }
  });

  test('C3 case 37 Retry-After 1 is waited for; 3600 or a date is not', () => {
    const secondAt = (retryAfter: string, status = 503) => {
      const story = play(owned(), { attempts: [{ status, retryAfter, afterMs: 0 }, { status: 204 }] });
      const [first, second] = timesOf(story, 'ask');
      return second! - first!;
    };
    expect(secondAt('1')).toBe(1_000);
    expect(secondAt('1', 429)).toBe(1_000);
    expect(secondAt('1', 500)).toBe(1_000);
    expect(secondAt('3600')).toBe(500);
    expect(secondAt('Wed, 21 Oct 2099 07:28:00 GMT')).toBe(500);
  });

  test('C3 case 14 a loop that stands still for 3 s asks twice, not three times', () => {
    const stall = { fromMs: 9_000, forMs: 3_000 };
    const story = play(owned(), { attempts: [HANGS, { status: 204 }], stall });
    expect(effectsOf(story, 'ask').map(({ attempt }) => attempt)).toEqual([1, 2]);
    const early = play(owned(), {
      attempts: [{ status: 500, afterMs: 20 }, { status: 204 }],
      stall: { fromMs: 100, forMs: 3_000 },
    });
    expect(timesOf(early, 'ask')).toEqual([2, 3_100]);
  });

  test('C3 case 14 after a stall past the budget nobody is asked again', () => {
    const story = play(owned(5_000), { attempts: [{ status: 500 }], stall: { fromMs: 100, forMs: 60_000 } });
    expect(effectsOf(story, 'ask')).toHaveLength(1);
    expect(story.outcome).toBe('connected');
  });
});

describe('C4 the budget', () => {
  test('C4 case 51 all fail: the agent of the number, or none and the caller is turned away', () => {
    const withAgent = play(owned(), { attempts: [{ status: 500 }] });
    expect([withAgent.outcome, effectsOf(withAgent, 'ask').length]).toEqual(['connected', 4]);
    expect(effectsOf(withAgent, 'accept')[0]!.plan.agent_id).toBe('agent_own');
    const without = play(buildFacts(), { attempts: [{ status: 500 }] });
    expect([without.outcome, effectsOf(without, 'ask').length]).toEqual(['webhook_failed', 4]);
  });

  test('C4 case 52 budget 15 s, the endpoint hangs: one full and one cut attempt, fallback before 15 s', () => {
    const story = play(owned(15_000), { attempts: [HANGS] });
    const asks = effectsOf(story, 'ask').map(({ deadline_mono_ms }) => deadline_mono_ms - ARRIVED.monoMs);
    expect(asks).toEqual([timesOf(story, 'ask')[0]! + 10_000, 14_500]);
    expect(timesOf(story, 'accept')[0]).toBeLessThan(15_000);
  });

  test('C4 the default budget of 45 s with an endpoint that hangs: four attempts, the last one whole too', () => {
    const story = play(owned(), { attempts: [HANGS] });
    expect(effectsOf(story, 'ask')).toHaveLength(4);
    expect(timesOf(story, 'start_session')[0]).toBeLessThan(45_000);
  });

  test('C4 the smaller of the number’s budget and the edge’s counts', () => {
    const facts = (own: number | undefined, edge: number) =>
      buildFacts({ edge_ring_limit_ms: edge, entry: bareNumber(own === undefined ? {} : { ring_budget_ms: own }) });
    const refusedAt = (own: number | undefined, edge: number) =>
      timesOf(play(facts(own, edge), { attempts: [HANGS] }), 'refuse')[0]!;
    expect(Math.abs(refusedAt(6_000, 120_000) - 5_500)).toBeLessThan(10);
    expect(Math.abs(refusedAt(60_000, 8_000) - 7_500)).toBeLessThan(10);
    expect(Math.abs(refusedAt(undefined, 15_000) - 14_500)).toBeLessThan(10);
  });

  test('C4 the slot wait is part of the budget', () => {
    const full = Array.from({ length: 30 }, () => 'full' as const);
    const facts = buildFacts({
      gateway: { concurrency: 1 },
      entry: ownedNumber({ ring_budget_ms: 20_000 }),
    });
    const story = play(facts, { slots: [...full, 'taken'], attempts: [HANGS] });
    expect(timesOf(story, 'ask').length).toBe(2);
    expect(timesOf(story, 'start_session')[0]).toBeLessThanOrEqual(19_600);
  });

  test('C4 a budget of 1 s leaves no time to ask once the arrival is stored: the fallback takes the call at once', () => {
    const story = play(owned(1_000));
    expect(order(story)).toEqual(['open', 'ring', 'start_session', 'record_decision', 'accept', 'settle']);
    const asked = play(owned(1_100), { attempts: [HANGS] });
    expect(effectsOf(asked, 'ask')[0]!.deadline_mono_ms - ARRIVED.monoMs).toBe(600);
    expect(effectsOf(asked, 'ask')).toHaveLength(1);
  });
});

describe('E8 what was read at arrival holds', () => {
  test('case 57 a version published mid-chain does not change the fallback', () => {
    const story = play(owned(), {
      attempts: [{ status: 500 }],
      resolve: () => found(buildTarget({ agent_id: 'agent_own', version: 8 })),
    });
    expect(effectsOf(story, 'resolve')).toEqual([]);
    expect(effectsOf(story, 'accept')[0]!.plan.agent_version).toBe(7);
  });

  test('case 57 an agent deleted mid-chain still takes the call', () => {
    const story = play(owned(), {
      attempts: [
        {
          status: 200,
          body: {
            call_inbound: {
              agent_override: { agent: { voice_speed: 1.1 }, retell_llm: { knowledge_base_ids: ['kb_1'] } },
            },
          },
        },
      ],
      resolve: () => ({ found: false, missing: 'agent', message: 'gone' }),
    });
    expect(effectsOf(story, 'resolve')).toHaveLength(1);
    expect(effectsOf(story, 'accept')[0]!.plan).toMatchObject({ agent_version: 7, agent: { voice_speed: 1.1 } });
  });
});

describe('late and repeated news', () => {
  test('E8 a reply that comes after its attempt ended is recorded and not applied', async () => {
    const { decide } = await import('./decide.ts');
    const story = play(owned(), { attempts: [HANGS] });
    const last = story.events.findLast(({ event }) => event.type === 'attempt_ended')!.event;
    if (last.type !== 'attempt_ended') throw new Error('no attempt');
    const { started, ended, phases } = last.result;
    const body = new TextEncoder().encode('{"call_inbound":{"reject":true}}');
    const late = {
      ...last,
      result: { started, ended, phases, resent: false, received: true, status: 200, body, truncated: false } as const,
    };
    const once = decide(story.state, late);
    expect(once.effects).toMatchObject([{ type: 'record_late' }]);
    expect(once.state.ledger.attempts.at(-1)).toMatchObject({ attempt: 4, status: 200, verdict: 'late' });
    expect(once.state.phase).toBe(story.state.phase);
    expect(decide(once.state, late)).toEqual({ state: once.state, effects: [] });
  });
});
