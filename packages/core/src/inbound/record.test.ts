/** H1: the record as a person reads it; H2: what is durable before what; E10: what a runtime adds. */
import { describe, expect, test } from 'vitest';
import { bareNumber, buildFacts, buildTarget, found, ownedNumber, SEED_REPLY } from '../../test/builders.ts';
import { effectsOf, order, play } from '../../test/world.ts';

const seed = { status: 200, body: SEED_REPLY, afterMs: 80 } as const;
const resolve = () => found(buildTarget({ how: 'number' }), ['kb_abc123']);

describe('H1 the steps', () => {
  test('H1 the sample of the seed', () => {
    const story = play(buildFacts({ entry: ownedNumber() }), { attempts: [{ status: 503 }, seed], resolve });
    expect(story.state.ledger.steps).toEqual([
      'call from +12137771234 to +12137771235 at the sip edge',
      'attempt 1: 503 in 20 ms, no success status (C2); attempt 2 in 480 ms (C3)',
      'attempt 2: 200 in 80 ms, success (D1)',
      'agent agent_12345 because override_agent_id (E1)',
      'version 1 because it was named',
      'voice_id "11labs-Adrian" from agent_override.agent',
      'voice_temperature 0.6 from agent_override.agent',
      'interruption_sensitivity 0.8 from agent_override.agent',
      'max_call_duration_ms 1800000 from agent_override.agent',
      'model "gpt-4o-mini" from agent_override.retell_llm',
      'model_temperature 0.2 from agent_override.retell_llm',
      'knowledge_base_ids ["kb_abc123"] from agent_override.retell_llm',
      'start_speaker "agent" from agent_override.retell_llm',
      'begin_message "Hi {{customer_name}}, thanks for calling." from agent_override.retell_llm',
      'variables from the reply: customer_name',
      'metadata from the reply',
      'connect to agent_12345 version 1 by the scripted runtime',
    ]);
    expect(story.state.ledger.reply).toEqual(SEED_REPLY);
  });

  test('H1 a draft is said to be one, and a fallback says why', () => {
    const drawn = {
      agent: { agent_id: 'agent_own', weight: 1 },
      resolved: found(buildTarget({ agent_id: 'agent_own', is_published: false, version: 2 })),
    };
    const story = play(buildFacts({ entry: ownedNumber({}, drawn) }), { attempts: [{ status: 200, body: '<html>' }] });
    expect(story.state.ledger.steps.slice(1)).toEqual([
      'attempt 1: 200 in 20 ms, bad reply: The reply is not JSON but a web page (HTML) (D3), not retried',
      "agent agent_own because the webhook failed and it is the number's (E3): the reply is unusable",
      'version 2 because latest, a draft',
      'connect to agent_own version 2 by the scripted runtime',
    ]);
  });

  test('H1 the secrets of a URL are in no step', () => {
    const agent = { webhook_url: 'https://user:pass@hook.example/a?token=secret' };
    const body = { call_inbound: { agent_override: { agent } } };
    const story = play(buildFacts({ entry: ownedNumber() }), { attempts: [{ status: 200, body }] });
    const text = story.state.ledger.steps.join('\n');
    expect(text).toContain('webhook_url "https://***@hook.example/a?***" from agent_override.agent');
    expect(text).not.toMatch(/user:pass|secret/);
  });

  test('H1 what is found in a reply before and after its target is known is told once', () => {
    const body = {
      call_inbound: { agent_override: { agent: { vocab_specialization: 'medical', language: 'de-DE' } } },
    };
    const story = play(buildFacts({ entry: ownedNumber() }), { attempts: [{ status: 200, body }] });
    expect(story.state.ledger.issues.map(({ code }) => code)).toEqual(['vocab_specialization_language']);
  });

  test('H1 texts as long as a reply may be are written down in no time', () => {
    for (const piece of ['w', 'a://', 'a://u@', 'a://x?']) {
      const begin_message = piece.repeat(200_000 / piece.length);
      const body = { call_inbound: { agent_override: { retell_llm: { begin_message } } } };
      const started = process.cpuUsage();
      const story = play(buildFacts({ entry: ownedNumber() }), { attempts: [{ status: 200, body }] });
      expect(story.outcome).toBe('connected');
      expect(process.cpuUsage(started).user / 1_000).toBeLessThan(500);
      expect(Math.max(...story.state.ledger.steps.map(({ length }) => length))).toBeLessThanOrEqual(500);
    }
  });

  test.each(['everything_except_pii', 'basic_attributes_only'])(
    'H1 with data_storage_setting %s nothing the reply said is kept, whatever the outcome',
    (data_storage_setting) => {
      const target = buildTarget({ settings: { ...buildTarget().settings, data_storage_setting } });
      const body = {
        call_inbound: {
          override_agent_id: 'agent_12345',
          unknown: 'John',
          agent_override: { retell_llm: { begin_message: 'Hi John' } },
        },
      };
      for (const session of [{}, { fails: 'no' }]) {
        const { ledger } = play(buildFacts(), {
          attempts: [{ status: 200, body }],
          resolve: () => found(target),
          session,
        }).state;
        expect(JSON.stringify(ledger)).not.toContain('John');
        expect(ledger).not.toHaveProperty('request');
        expect(ledger.steps).toContain('begin_message from agent_override.retell_llm');
        expect(ledger.steps).toContain(
          `request and reply are not kept: data_storage_setting is ${data_storage_setting}`,
        );
      }
    },
  );

  test('H1 the request of the first attempt is kept as it was sent, also where nobody could answer it', () => {
    const facts = buildFacts({ entry: ownedNumber() });
    const profile = { ...facts, gateway: { ...facts.gateway, webhook_profile: 'current' } } as const;
    for (const attempts of [[{ status: 503 } as const, seed], Array(4).fill({ status: 503 })]) {
      const story = play(profile, { attempts, resolve });
      const [first, second] = effectsOf(story, 'ask');
      expect(story.state.ledger.request).toBe(first!.body);
      expect(second!.body).not.toBe(first!.body);
    }
    const unasked = play(buildFacts({ entry: bareNumber({ inbound_webhook_url: null }) }), { attempts: [] });
    expect(unasked.state.ledger).not.toHaveProperty('request');
  });

  test('H1 the request is not kept either where the agent that takes over after failures forbids it', () => {
    const settings = { ...buildTarget().settings, data_storage_setting: 'basic_attributes_only' };
    const drawn = {
      agent: { agent_id: 'agent_own', weight: 1 },
      resolved: found(buildTarget({ agent_id: 'agent_own', settings })),
    };
    const { ledger } = play(buildFacts({ entry: ownedNumber({}, drawn) }), {
      attempts: Array(4).fill({ status: 500 }),
    }).state;
    expect(ledger).not.toHaveProperty('request');
    expect(ledger.steps).toContain('the request is not kept: data_storage_setting is basic_attributes_only');
  });

  test('C2 an inbound may be given fewer attempts: one fails and the number’s agent takes over', () => {
    const story = play(buildFacts({ entry: ownedNumber(), most_attempts: 1 }), { attempts: [{ status: 500 }] });
    expect(story.state.ledger.attempts).toHaveLength(1);
    expect(story.state.ledger.steps.join('\n')).toContain('the attempt failed');
    expect(order(story)).not.toContain('set_timer');
  });

  test('E10 what the runtime cannot act on is in the record', () => {
    const issue = {
      severity: 'warning',
      effect: 'not_applied',
      code: 'not_honoured',
      rule: 'E10',
      pointer: '/call_inbound/agent_override/agent/volume',
      message: 'agent.volume has no effect here.',
    } as const;
    const story = play(buildFacts({ entry: ownedNumber() }), {
      attempts: [seed],
      resolve,
      session: { issues: [issue] },
    });
    expect(story.state.ledger.issues).toEqual([issue]);
  });
});

describe('H2 what comes before what', () => {
  test('H2 the arrival before the first request, the decision before the answer, the outcome after it', () => {
    const story = play(buildFacts({ entry: ownedNumber() }), { attempts: [{ status: 503 }, seed], resolve });
    expect(order(story)).toEqual([
      'open',
      'ring',
      'ask',
      'record_attempt',
      'set_timer',
      'ask',
      'resolve',
      'start_session',
      'record_decision',
      'accept',
      'settle',
    ]);
    const heard = story.events.map(({ event }) => event.type);
    expect(heard.indexOf('opened')).toBe(0);
    expect(heard.slice(-3)).toEqual(['session_ready', 'decision_recorded', 'answer_handed']);
    expect(effectsOf(story, 'settle')).toMatchObject([{ outcome: 'connected', rewrite: false }]);
  });

  test('H2 the same for a refusal', () => {
    const story = play(buildFacts(), { attempts: [{ status: 204 }] });
    expect(order(story)).toEqual(['open', 'ring', 'ask', 'record_decision', 'refuse', 'settle']);
    expect(effectsOf(story, 'record_decision')).toEqual([{ type: 'record_decision', intended: 'declined' }]);
  });
});
