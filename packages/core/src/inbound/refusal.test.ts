/** G: one row per outcome by which a call is turned away. */
import type { Refusal } from '@pickup/contract';
import { describe, expect, test } from 'vitest';
import { bareNumber, buildFacts, notFound, ownedNumber } from '../../test/builders.ts';
import { effectsOf, play, type Script } from '../../test/world.ts';
import type { InboundFacts } from './facts.ts';
import { refusalAnswer } from './refusal.ts';

const says = (body: unknown, more: Script = {}): Script => ({ ...more, attempts: [{ status: 200, body }] });
const named = { call_inbound: { override_agent_id: 'agent_x' } };
const faulty = { call_inbound: { override_agent_id: 'agent_x', agent_override: { agent: { voice_temperature: 9 } } } };

interface Row {
  readonly facts: InboundFacts;
  readonly script: Script;
  readonly code: number;
  readonly cause: number;
  readonly object?: string;
}

const rows: Readonly<Record<Refusal, Row>> = {
  declined: { facts: buildFacts(), script: says({}), code: 603, cause: 21 },
  no_agent: {
    facts: buildFacts({ entry: bareNumber({ inbound_webhook_url: null }) }),
    script: {},
    code: 603,
    cause: 21,
  },
  webhook_failed: { facts: buildFacts(), script: { attempts: [{ status: 500 }] }, code: 603, cause: 21 },
  invalid_override: { facts: buildFacts(), script: says(faulty), code: 603, cause: 21 },
  unknown_agent: {
    facts: buildFacts(),
    script: says(named, { resolve: () => notFound('agent') }),
    code: 603,
    cause: 21,
  },
  blocked_caller: {
    facts: buildFacts({ entry: bareNumber({ blocked_callers: ['*'] }) }),
    script: {},
    code: 603,
    cause: 21,
  },
  blocked_country: {
    facts: buildFacts({ entry: bareNumber({ allowed_inbound_country_list: ['DE'] }) }),
    script: {},
    code: 603,
    cause: 21,
  },
  concurrency_limit: {
    facts: buildFacts({ gateway: { concurrency: 1 }, entry: ownedNumber() }),
    script: { slots: ['full'] },
    code: 486,
    cause: 17,
    object: 'error concurrency_limit_reached',
  },
  media_rejected: { facts: buildFacts({ media: 'no_codec' }), script: {}, code: 488, cause: 88 },
  agent_failed: {
    facts: buildFacts(),
    script: says(named, { session: { fails: 'no' } }),
    code: 500,
    cause: 41,
    object: 'error error_retell',
  },
  overloaded: { facts: buildFacts(), script: { storeFails: 'open' }, code: 503, cause: 41 },
  unknown_number: { facts: buildFacts({ entry: { kind: 'nobody' } }), script: {}, code: 404, cause: 1 },
};

describe('G what a refused caller hears and which session object is left', () => {
  test.each(Object.entries(rows))('G %s', (outcome, { facts, script, code, cause, object }) => {
    const story = play(facts, script);
    expect(story.outcome).toBe(outcome);
    expect(effectsOf(story, 'refuse').map(({ answer }) => answer)).toEqual([{ outcome, code, cause, named: false }]);
    const [settle] = effectsOf(story, 'settle');
    const left = settle?.stillborn;
    expect(left && `${left.status} ${left.disconnection_reason}`).toBe(object);
    expect(settle?.plan).toBeUndefined();
  });

  test('G concurrency_limit leaves no object where the number has no agent, and another with a fallback', () => {
    const gateway = { concurrency: 1 };
    const bare = play(buildFacts({ gateway }), { slots: ['full'] });
    expect(effectsOf(bare, 'settle')[0]?.stillborn).toBeUndefined();
    const entry = ownedNumber({ redirects: true, fallback_number: '+12130000000' });
    const redirected = play(buildFacts({ gateway, entry }), { slots: ['full'] });
    expect(effectsOf(redirected, 'settle')[0]?.stillborn).toEqual({
      status: 'ended',
      disconnection_reason: 'no_concurrency_fallback',
      agent_id: 'agent_own',
      agent_version: 7,
    });
  });

  test('G refusal_codes replace a code, and the cause follows the code', () => {
    const facts = buildFacts({ entry: bareNumber({ refusal_codes: { declined: 480, webhook_failed: 403 } }) });
    expect(refusalAnswer(facts, 'declined')).toEqual({ outcome: 'declined', code: 480, cause: 19, named: false });
    expect(refusalAnswer(facts, 'webhook_failed')).toEqual({ outcome: 'webhook_failed', code: 403, named: false });
    expect(refusalAnswer(facts, 'no_agent')).toMatchObject({ code: 603, cause: 21 });
    expect(refusalAnswer(facts, 'interrupted')).toMatchObject({ code: 500, cause: 41 });
  });

  test('G only concurrency_limit redirects', () => {
    const facts = buildFacts({ entry: bareNumber({ redirects: true, fallback_number: '+12130000000' }) });
    expect(refusalAnswer(facts, 'declined')).toMatchObject({ code: 603 });
    expect(refusalAnswer(facts, 'concurrency_limit')).toMatchObject({ code: 302, redirect_to: '+12130000000' });
  });

  test('G the outcome is named only where the number asks for it', () => {
    expect(refusalAnswer(buildFacts({ entry: bareNumber({ outcome_header: true }) }), 'declined').named).toBe(true);
    expect(refusalAnswer(buildFacts({ entry: { kind: 'nobody' } }), 'unknown_number').named).toBe(false);
  });
});
