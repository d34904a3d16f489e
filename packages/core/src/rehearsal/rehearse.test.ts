import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { buildFacts, bytes, found, notFound, ownedNumber, SEED_REPLY } from '../../test/builders.ts';
import type { AttemptResult } from '../inbound/event.ts';
import { resolveBlank } from './blank-target.ts';
import { rehearsalFacts } from './rehearsal-facts.ts';
import { type Ask, type RehearsalOptions, type RehearsalPorts, rehearse } from './rehearse.ts';

const PARTIES = { channel: 'call', from_number: '+12137771234', to_number: '+12137771235' } as const;

/** A rehearsal on a clock moved by hand; the endpoint answers in no time unless `ask` says otherwise. */
function stage(replies: readonly (readonly [status: number, body?: unknown])[], ports: Partial<RehearsalPorts> = {}) {
  const clock = new ManualClock();
  const asked: { readonly effect: Ask; readonly atMs: number; readonly signal: AbortSignal }[] = [];
  const now = () => ({ monoMs: clock.monoMs(), wallMs: clock.wallMs() });
  const begun = clock.monoMs();
  const all: RehearsalPorts = {
    clock,
    chance: () => 0.5,
    async ask(effect, signal): Promise<AttemptResult> {
      asked.push({ effect, atMs: clock.monoMs() - begun, signal });
      const [status, body = ''] = replies[Math.min(asked.length, replies.length) - 1]!;
      const common = { started: now(), ended: now(), phases: { total_ms: 0 }, resent: false };
      return { ...common, received: true, status, body: bytes(body), truncated: false };
    },
    resolve: resolveBlank('call'),
    ...ports,
  };
  return {
    ...{ clock, asked, now },
    play: (facts = rehearsalFacts({ ...PARTIES, arrived: now() }), options: RehearsalOptions = {}) =>
      rehearse(facts, all, options),
  };
}

test('E1 a reply that names an agent connects to it, and says that nobody checked the agent', async () => {
  const { play } = stage([[200, SEED_REPLY]]);
  const done = await play();
  expect(done).toMatchObject({ outcome: 'connected', plan: { agent_id: 'agent_12345', agent_version: 1 } });
  expect(done.plan?.agent['voice_temperature']).toBe(0.6);
  expect(done.plan?.variables).toEqual({ customer_name: 'John Doe' });
  expect(done.ledger.issues).toEqual([]);
  expect(done.ledger.steps).toContain('version 1 because it was named; that the agent exists was not checked');
});

test('E5 of an agent nobody looked up no saved voice, language or engine is assumed', async () => {
  const groups = {
    agent: { voice_id: 'my-own-voice', language: 'ja-JP' },
    conversation_flow: { start_speaker: 'user' },
  };
  const { play } = stage([[200, { call_inbound: { override_agent_id: 'a', agent_override: groups } }]]);
  const done = await play();
  expect(done).toMatchObject({ outcome: 'connected', ledger: { issues: [] } });
  expect(done.plan?.overridden).toEqual(['agent.voice_id', 'agent.language', 'conversation_flow.start_speaker']);
});

test('E2 a reply without an agent, to a number without one, is declined', async () => {
  const { play } = stage([[200, { call_inbound: {} }]]);
  expect(await play()).toMatchObject({ outcome: 'declined' });
});

test('C3 a chain takes the time of its back-off on the clock it is given, and then falls back', async () => {
  const { play, clock, asked, now } = stage([[500]]);
  const facts = rehearsalFacts({ ...PARTIES, arrived: now(), agent: { agent_id: 'agent_own' } });
  const done = play(facts);
  await clock.advance(60_000);
  expect(asked.map(({ atMs }) => atMs)).toEqual([0, 500, 2_000, 6_000]);
  expect(await done).toMatchObject({ outcome: 'connected', plan: { agent_id: 'agent_own' } });
  expect((await done).ledger.attempts).toHaveLength(4);
  expect(clock.pending).toBe(0);
});

test('C6 a caller who hangs up aborts the attempt: abandoned, and nothing was heard', async () => {
  const clock = new ManualClock();
  const { play, now } = stage([[200]], {
    clock,
    ask: (_effect, signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () =>
          resolve({
            ...{ started: now(), ended: now(), phases: { total_ms: 0 }, resent: false, received: false },
            ...{ error: 'aborted', fault: 'caller', message: 'the caller hung up' },
          }),
        );
      }),
  });
  const arrived = { monoMs: clock.monoMs(), wallMs: clock.wallMs() };
  const done = play(rehearsalFacts({ ...PARTIES, arrived }), { hangUpAfterMs: 1_000 });
  await clock.advance(1_000);
  const abandoned = await done;
  expect(abandoned).toMatchObject({ outcome: 'caller_abandoned', ended: { monoMs: arrived.monoMs + 1_000 } });
  expect(abandoned.ledger.attempts).toMatchObject([{ verdict: 'aborted' }]);
});

test('E10 F4 what the session cannot do is among the issues; one that cannot start is agent_failed', async () => {
  const issue = { severity: 'warning', effect: 'not_applied', code: 'not_honoured', rule: 'E10' } as const;
  const found = [{ ...issue, pointer: '/call_inbound/agent_override/agent/volume', message: 'No volume here.' }];
  const ready = stage([[200, SEED_REPLY]], {
    start: async () => ({ ready: true, runtime: 'built-in', issues: found }),
  });
  const connected = await ready.play();
  expect(connected.ledger.issues).toEqual(found);
  expect(connected.ledger.steps.at(-1)).toBe('connect to agent_12345 version 1 by the built-in runtime');
  const failing = stage([[200, SEED_REPLY]], { start: async () => ({ ready: false, message: 'no key' }) });
  expect(await failing.play()).toMatchObject({ outcome: 'agent_failed' });
});

test('E6 an agent that the store does not have is refused, in the words of the record', async () => {
  const { play } = stage([[200, SEED_REPLY]], { resolve: async () => notFound('agent', 'There is no agent x.') });
  const done = await play();
  expect(done.outcome).toBe('unknown_agent');
  expect(done.ledger.steps.at(-1)).toBe('There is no agent x. (E6) → unknown_agent, SIP 603');
});

test('A5 a slot is always free, and a caller turned away before anybody is asked is turned away here too', async () => {
  const { play, asked } = stage([[200, SEED_REPLY]]);
  const facts = buildFacts({ gateway: { concurrency: 1 } });
  expect((await play({ ...facts, arrived: { monoMs: 1_000, wallMs: 1_700_000_001_000 } })).outcome).toBe('connected');
  const blocked = buildFacts({ entry: ownedNumber({ blocked_callers: ['+1*'] }) });
  expect(await play(blocked)).toMatchObject({ outcome: 'blocked_caller' });
  expect(asked).toHaveLength(1);
});

test('B1 the request is that of the number, with the agent it has', async () => {
  const { play, asked, now } = stage([[204]]);
  await play(rehearsalFacts({ ...PARTIES, arrived: now(), agent: { agent_id: 'agent_own', agent_version: 3 } }));
  expect(JSON.parse(asked[0]!.effect.body)).toEqual({
    event: 'call_inbound',
    call_inbound: {
      ...{ agent_id: 'agent_own', agent_version: 3 },
      ...{ from_number: '+12137771234', to_number: '+12137771235' },
    },
  });
});

test('a text is asked for with chat_inbound and has its own budget', async () => {
  const { now, play, asked } = stage([[200, { chat_inbound: { override_agent_id: 'chatter' } }]], {
    resolve: resolveBlank('sms'),
  });
  const done = await play(rehearsalFacts({ ...PARTIES, channel: 'sms', arrived: now() }));
  expect(done).toMatchObject({ outcome: 'connected', plan: { channel: 'chat', agent_id: 'chatter' } });
  expect(JSON.parse(asked[0]!.effect.body)).toHaveProperty('chat_inbound');
});

test('C4 the ring budget of a number is for calls: a text has its 120 s, and is told of in their words', async () => {
  const later = (over: object) => {
    const { now, play, clock } = stage([], {
      ask: async (effect) => {
        const at = { started: now(), ended: now(), phases: { total_ms: 0 }, resent: false };
        const isLate = effect.attempt === 1;
        return {
          ...at,
          received: true,
          status: isLate ? 503 : 204,
          body: bytes(''),
          truncated: false,
          ...(isLate && { retryAfter: '8' }),
        };
      },
      resolve: resolveBlank('sms'),
    });
    const number = { ring_budget_ms: 2_000 };
    const done = play(rehearsalFacts({ ...PARTIES, arrived: now(), number, agent: { agent_id: 'own' }, ...over }));
    return { done, clock };
  };
  const call = later({});
  await call.clock.advance(60_000);
  expect((await call.done).ledger.steps[1]).toMatch(/attempt 2 in 500 ms \(C3\)$/);
  const text = later({ channel: 'sms' });
  await text.clock.advance(60_000);
  const { ledger, outcome } = await text.done;
  expect(outcome).toBe('connected');
  expect(ledger.steps[1]).toMatch(/attempt 2 in 8000 ms, as Retry-After asks \(C3\)$/);
  expect(ledger.steps[0]).toBe('sms from +12137771234 to +12137771235 at the simulator edge');
});

test('an endpoint that throws is a failed attempt; a read that throws ends the rehearsal', async () => {
  const { play, clock, now } = stage([[200]], { ask: () => Promise.reject(new Error('no key')) });
  const done = play(rehearsalFacts({ ...PARTIES, arrived: now(), agent: { agent_id: 'agent_own' } }));
  await clock.advance(60_000);
  expect((await done).ledger.attempts[0]).toMatchObject({ error: 'internal_error', fault: 'gateway' });
  const broken = stage([[200, SEED_REPLY]], { resolve: () => Promise.reject(new TypeError('no store')) });
  await expect(broken.play()).rejects.toThrow('no store');
  expect(broken.clock.pending).toBe(0);
});

test('every change is told, the last one closed', async () => {
  const phases: string[] = [];
  const { play } = stage([[200, SEED_REPLY]], {
    onChange: ({ phase }) => phases.push(phase.name),
    resolve: async () => found(),
  });
  await play();
  expect(phases[0]).toBe('opening');
  expect(phases).toContain('asking');
  expect(phases.at(-1)).toBe('closed');
});
