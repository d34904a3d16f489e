/** A1–A5: what happens to a call before anybody is asked. */
import { describe, expect, test } from 'vitest';
import { bareNumber, buildFacts, buildTarget, found, notFound, ownedNumber } from '../../test/builders.ts';
import { effectsOf, order, play, timesOf } from '../../test/world.ts';
import type { Entry } from './facts.ts';

const refused = (story: ReturnType<typeof play>) => effectsOf(story, 'refuse')[0]?.answer;

describe('A1–A4 who is asked', () => {
  test('A1 a call to a number with a webhook asks it, purchased and imported alike', () => {
    for (const phone_number_type of ['retell-twilio', 'retell-telnyx', 'custom'] as const) {
      const story = play(buildFacts({ entry: ownedNumber({ phone_number_type }) }), { attempts: [{ status: 204 }] });
      expect(effectsOf(story, 'ask')).toMatchObject([{ attempt: 1, url: 'https://endpoint.example/inbound' }]);
      expect(story.outcome).toBe('connected');
    }
  });

  test('A2 without a webhook the agent of the number takes the call and nobody is asked', () => {
    for (const inbound_webhook_url of [null, '']) {
      const story = play(buildFacts({ entry: ownedNumber({ inbound_webhook_url }) }));
      expect(order(story)).toEqual(['open', 'ring', 'start_session', 'record_decision', 'accept', 'settle']);
      expect(effectsOf(story, 'accept')[0]?.plan).toMatchObject({ agent_id: 'agent_own', agent_version: 7 });
    }
  });

  test('A2 with neither webhook nor agent: no_agent', () => {
    const story = play(buildFacts({ entry: bareNumber({ inbound_webhook_url: null }) }));
    expect(story.outcome).toBe('no_agent');
    expect(refused(story)).toMatchObject({ code: 603 });
  });

  test('A2 a deleted agent of the number is unknown_agent, and no field of a reply is blamed', () => {
    const drawn = { agent: { agent_id: 'agent_own', weight: 1 }, resolved: notFound('agent', 'There is no agent.') };
    const story = play(buildFacts({ entry: ownedNumber({ inbound_webhook_url: null }, drawn) }));
    expect(story.outcome).toBe('unknown_agent');
    expect(story.state.ledger.issues).toEqual([
      {
        severity: 'error',
        effect: 'refuses',
        code: 'unknown_agent',
        rule: 'E6',
        pointer: '',
        message: 'There is no agent.',
      },
    ]);
  });

  test('A2 a chat agent of the number cannot take a call', () => {
    const resolved = found(buildTarget({ agent_id: 'agent_own', channel: 'chat' }));
    const drawn = { agent: { agent_id: 'agent_own', weight: 1 }, resolved };
    const story = play(buildFacts({ entry: ownedNumber({ inbound_webhook_url: null }, drawn) }));
    expect(story.outcome).toBe('unknown_agent');
    expect(story.state.ledger.issues).toMatchObject([
      { code: 'wrong_channel', pointer: '', message: 'agent_own is a chat agent; a call needs a voice agent (E1)' },
    ]);
  });

  test('A3 a registered call never asks and has the agent, override, variables and metadata of its registration', () => {
    const entry: Entry = {
      kind: 'registered',
      direction: 'outbound',
      resolved: found(),
      dynamic_variables: { customer_name: 'Ada' },
      metadata: { order: 1 },
      agent_override: { agent: { voice_temperature: 0.3 } },
    };
    const story = play(buildFacts({ entry }));
    expect(effectsOf(story, 'ask')).toEqual([]);
    expect(effectsOf(story, 'accept')[0]?.plan).toMatchObject({
      agent_id: 'agent_12345',
      variables: { customer_name: 'Ada' },
      metadata: { order: 1 },
      agent: { voice_temperature: 0.3 },
    });
  });

  test('A3 E8 the knowledge bases that a registration names were read with it', () => {
    const agent_override = { retell_llm: { knowledge_base_ids: ['kb_1', 'kb_gone'] } };
    const resolved = found(buildTarget(), ['kb_1']);
    const story = play(
      buildFacts({
        entry: { kind: 'registered', direction: 'inbound', resolved, dynamic_variables: {}, agent_override },
      }),
    );
    expect(effectsOf(story, 'resolve')).toEqual([]);
    expect(effectsOf(story, 'accept')[0]?.plan.engine).toMatchObject({ settings: { knowledge_base_ids: ['kb_1'] } });
  });

  test('A3 a registration whose agent is gone is unknown_agent', () => {
    const entry: Entry = {
      kind: 'registered',
      direction: 'inbound',
      resolved: notFound('agent'),
      dynamic_variables: {},
    };
    const story = play(buildFacts({ entry }));
    expect([story.outcome, refused(story)?.code]).toEqual(['unknown_agent', 603]);
  });

  test('A4 a number nobody owns: 404, no ringing, no webhook, but a record', () => {
    const story = play(buildFacts({ entry: { kind: 'nobody' } }));
    expect(order(story)).toEqual(['open', 'record_decision', 'refuse', 'settle']);
    expect(refused(story)).toEqual({ outcome: 'unknown_number', code: 404, cause: 1, named: false });
  });
});

describe('A5 before the webhook', () => {
  const outcomeOf = (facts: Parameters<typeof buildFacts>[0]) => {
    const story = play(buildFacts(facts), { attempts: [{ status: 204 }] });
    return [story.outcome, effectsOf(story, 'ask').length];
  };

  test('A5 no codec: 488, and the endpoint is not asked', () => {
    const story = play(buildFacts({ media: 'no_codec', entry: ownedNumber() }));
    expect(order(story)).toEqual(['open', 'record_decision', 'refuse', 'settle']);
    expect(refused(story)).toMatchObject({ outcome: 'media_rejected', code: 488, cause: 88 });
  });

  test('A5 no RTP port, or a gateway that stops: 503', () => {
    expect(outcomeOf({ media: 'no_port', entry: ownedNumber() })).toEqual(['overloaded', 0]);
    expect(outcomeOf({ media: 'draining', entry: ownedNumber() })).toEqual(['overloaded', 0]);
  });

  test('A5 block and allow rules', () => {
    const rows = [
      [{ blocked_callers: ['+12137771234'] }, 'blocked_caller'],
      [{ blocked_callers: ['+1213*'] }, 'blocked_caller'],
      [{ blocked_callers: ['*'] }, 'blocked_caller'],
      [{ blocked_callers: ['+1213'] }, 'connected'],
      [{ blocked_callers: ['anonymous'] }, 'connected'],
      [{ allowed_callers: ['+12137771234'] }, 'connected'],
      [{ allowed_callers: ['+44*', '+1*'] }, 'connected'],
      [{ allowed_callers: ['+44*'] }, 'blocked_caller'],
      [{ allowed_callers: [] }, 'connected'],
      [{ allowed_callers: ['+1*'], blocked_callers: ['+1213*'] }, 'blocked_caller'],
    ] as const;
    for (const [rules, outcome] of rows) {
      expect([rules, ...outcomeOf({ entry: ownedNumber(rules) })]).toEqual([
        rules,
        outcome,
        outcome === 'connected' ? 1 : 0,
      ]);
    }
    const anonymous = { from_number: 'anonymous', entry: ownedNumber({ blocked_callers: ['anonymous'] }) };
    expect(outcomeOf(anonymous)).toEqual(['blocked_caller', 0]);
  });

  test('A5 the country list; an unknown country fails a set list', () => {
    const at = (list: readonly string[] | null, from_country?: string) =>
      outcomeOf({
        entry: ownedNumber({ allowed_inbound_country_list: list }),
        ...(from_country !== undefined && { from_country }),
      });
    expect(at(['US', 'CA'], 'CA')).toEqual(['connected', 1]);
    expect(at(['US', 'CA'], 'DE')).toEqual(['blocked_country', 0]);
    expect(at(['US'])).toEqual(['blocked_country', 0]);
    expect(at([])).toEqual(['connected', 1]);
    expect(at(null)).toEqual(['connected', 1]);
  });

  test('A5 in its order: codec, port, caller, country', () => {
    const entry = ownedNumber({ blocked_callers: ['*'], allowed_inbound_country_list: ['DE'] });
    expect(outcomeOf({ entry, media: 'no_codec' })).toEqual(['media_rejected', 0]);
    expect(outcomeOf({ entry, media: 'no_family' })).toEqual(['media_rejected', 0]);
    expect(outcomeOf({ entry, media: 'no_port' })).toEqual(['overloaded', 0]);
    expect(outcomeOf({ entry })).toEqual(['blocked_caller', 0]);
  });
});

describe('A5 slots', () => {
  const limited = { gateway: { concurrency: 2 } };

  test('A5 no limit by default: no slot is asked for', () => {
    expect(order(play(buildFacts({ entry: ownedNumber() })))).not.toContain('take_slot');
  });

  test('A5 the slot is asked for before the endpoint, and told which endpoint it rings on', () => {
    const story = play(buildFacts({ ...limited, entry: ownedNumber() }), { attempts: [{ status: 204 }] });
    expect(order(story).slice(0, 4)).toEqual(['open', 'ring', 'take_slot', 'ask']);
    expect(effectsOf(story, 'take_slot')).toEqual([
      { type: 'take_slot', limit: 2, endpoint: 'https://endpoint.example' },
    ]);
    expect(story.state.holds_slot).toBe(true);
    expect(order(story)).not.toContain('release_slot');
  });

  test('A5 one server is one endpoint, however its URL is written, and its password is not told', () => {
    const of = (inbound_webhook_url: string) =>
      effectsOf(play(buildFacts({ ...limited, entry: ownedNumber({ inbound_webhook_url }) })), 'take_slot')[0]
        ?.endpoint;
    expect(of('HTTPS://me:secret@Endpoint.example:8443?a=/b')).toBe('https://endpoint.example:8443');
    expect(of('https://endpoint.example:8443/other')).toBe('https://endpoint.example:8443');
  });

  test.each([
    [120_000, 40_000],
    [45_000, 34_500],
    [20_000, 9_500],
    [10_000, 0],
  ])('A5 with a budget of %i ms a caller waits for a slot at most %i ms', (ring_budget_ms, waits) => {
    const facts = buildFacts({ ...limited, entry: bareNumber({ ring_budget_ms }) });
    const story = play(facts, { slots: ['full'] });
    expect(story.outcome).toBe('concurrency_limit');
    expect(Math.abs(timesOf(story, 'refuse')[0]! - waits)).toBeLessThan(10);
    expect(order(story)).not.toContain('ask');
  });

  test('A5 the wait counts from the arrival: after a slow disk the webhook still has its 10 s', () => {
    const facts = buildFacts({ ...limited, entry: ownedNumber({ ring_budget_ms: 20_000 }) });
    const slow = play(facts, { openMs: 3_000, slots: ['full'] });
    expect(timesOf(slow, 'refuse')[0]).toBeLessThan(9_510);
    const full = Array.from({ length: 25 }, () => 'full' as const);
    const story = play(facts, { openMs: 3_000, slots: [...full, 'taken'] });
    const asked = timesOf(story, 'ask')[0]!;
    expect(asked).toBeGreaterThan(9_000);
    expect(effectsOf(story, 'ask')[0]!.deadline_mono_ms - facts.arrived.monoMs - asked).toBe(10_000);
  });

  test('A5 a slot that comes free in time lets the call go on, and the record says how long it waited', () => {
    const slots = ['full', 'full', 'full', 'full', 'taken'] as const;
    const story = play(buildFacts({ ...limited, entry: ownedNumber() }), { slots, attempts: [{ status: 204 }] });
    expect(story.outcome).toBe('connected');
    expect(story.state.ledger.steps).toContain('waited 1.0 s for a slot (A5)');
  });

  test('A5 a refused caller gives the slot back', () => {
    const facts = buildFacts({ ...limited, entry: bareNumber() });
    const story = play(facts, { attempts: [{ status: 204 }] });
    expect(story.outcome).toBe('declined');
    expect(effectsOf(story, 'release_slot')).toHaveLength(1);
  });

  test('A5 without redirects a fallback_number is not used before the pickup', () => {
    const entry = bareNumber({ fallback_number: '+12130000000' });
    const story = play(buildFacts({ ...limited, entry }), { slots: ['full'] });
    expect(refused(story)).toEqual({ outcome: 'concurrency_limit', code: 486, cause: 17, named: false });
  });

  test('A5 with redirects the caller is sent to fallback_number', () => {
    const entry = ownedNumber({ fallback_number: '+12130000000', redirects: true });
    const story = play(buildFacts({ ...limited, entry }), { slots: ['full'] });
    expect(refused(story)).toEqual({
      outcome: 'concurrency_limit',
      code: 302,
      redirect_to: '+12130000000',
      named: false,
    });
  });
});
