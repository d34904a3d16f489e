/** Every way to be turned away, heard by a phone: code, Reason and outcome (rule G, reliability cases 69 and 73). */
import type { Refusal } from '@pickup/contract';
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type NumberOptions, openStage, type Stage } from '../support/stage.ts';
import { calls, onlyOutcome } from './support/records.ts';

let stage: Stage;
let phone: Phone;
let muteAgentId = '';

beforeAll(async () => {
  [stage, phone] = await Promise.all([openStage(), createPhone()]);
  const { client } = stage.gateway;
  // Nobody wrote what it says first, and there is no model to ask.
  const llm = await client.llm.create({ model: 'gpt-4.1', start_speaker: 'agent' });
  const agent = await client.agent.create({
    voice_id: '11labs-Adrian',
    response_engine: { type: 'retell-llm', llm_id: llm.llm_id },
  });
  muteAgentId = agent.agent_id;
}, 90_000);
afterAll(async () => {
  await phone?.close();
  await stage?.close();
});

const reply = (call_inbound: object) => ({ body: JSON.stringify({ call_inbound }) });
const badSetting = () => ({
  override_agent_id: stage.agentId,
  agent_override: { agent: { voice_temperature: 9, max_call_duration_ms: -1 } },
});
const offer = (line: string, attributes = '') =>
  `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} ${line}\r\n${attributes}`;

async function dial(options: NumberOptions & { readonly from?: string; readonly offer?: string }) {
  const staged = await stage.number(options);
  const call = await phone.call({
    to: staged.number,
    from: options.from ?? '+12137771234',
    server: stage.gateway.sip,
    ...(options.offer !== undefined && { offer: options.offer }),
  });
  const final = await call.final;
  if (final.code < 300) await call.hangUp();
  return { final, record: await onlyOutcome(stage.gateway, staged.number), requests: staged.requests() };
}

interface Row {
  readonly options: () => Parameters<typeof dial>[0];
  readonly code: number;
  readonly cause: number;
  /** Whether the webhook was asked. */
  readonly asked: boolean;
}

const rows: Readonly<Record<Exclude<Refusal, 'concurrency_limit' | 'overloaded' | 'unknown_number'>, Row>> = {
  declined: { options: () => ({ agent: false }), code: 603, cause: 21, asked: true },
  no_agent: {
    options: () => ({ agent: false, settings: { inbound_webhook_url: null } }),
    code: 603,
    cause: 21,
    asked: false,
  },
  webhook_failed: {
    options: () => ({ agent: false, script: { status: 500 }, settings: { ring_budget_ms: 2_000 } }),
    code: 603,
    cause: 21,
    asked: true,
  },
  invalid_override: { options: () => ({ script: reply(badSetting()) }), code: 603, cause: 21, asked: true },
  unknown_agent: {
    options: () => ({ script: reply({ override_agent_id: 'agent_nobody' }) }),
    code: 603,
    cause: 21,
    asked: true,
  },
  blocked_caller: {
    options: () => ({ settings: { blocked_callers: ['+1213777*'] } }),
    code: 603,
    cause: 21,
    asked: false,
  },
  blocked_country: {
    options: () => ({ settings: { allowed_inbound_country_list: ['DE'] } }),
    code: 603,
    cause: 21,
    asked: false,
  },
  media_rejected: {
    options: () => ({ offer: offer('RTP/AVP 18', 'a=rtpmap:18 G729/8000\r\n') }),
    code: 488,
    cause: 88,
    asked: false,
  },
  agent_failed: {
    options: () => ({ script: reply({ override_agent_id: muteAgentId }) }),
    code: 500,
    cause: 41,
    asked: true,
  },
};

describe('case 69, G each refusal: code, Reason, outcome', () => {
  test.each(Object.entries(rows))('G %s', async (outcome, { options, code, cause, asked }) => {
    const { final, record, requests } = await dial(options());
    expect([final.code, final.headers['reason']]).toEqual([code, `Q.850;cause=${cause}`]);
    expect(final.headers['x-pickup-outcome']).toBeUndefined();
    expect(record.outcome).toBe(outcome);
    expect(requests.length > 0).toBe(asked);
    expect(record.sip!.messages.map(({ summary }) => summary)).toContainEqual(expect.stringMatching(`^${code} `));
  });

  test('G only agent_failed of these leaves a call object', async () => {
    const left = await calls(stage.gateway);
    expect(left.map((call) => `${call.call_status} ${call.disconnection_reason}`)).toEqual(['error error_retell']);
  });

  test('G unknown_number: 404, and on record, as the peer is known', async () => {
    const to = '+12137770404';
    const call = await phone.call({ to, from: '+12137771234', server: stage.gateway.sip });
    const final = await call.final;
    expect([final.code, final.headers['reason']]).toEqual([404, 'Q.850;cause=1']);
    expect((await onlyOutcome(stage.gateway, to)).outcome).toBe('unknown_number');
  });

  test('A5 a hidden caller has no country, so a country list turns them away', async () => {
    const { final, record } = await dial({ settings: { allowed_inbound_country_list: ['US'] }, from: 'anonymous' });
    expect([final.code, record.outcome, record.from_number]).toEqual([603, 'blocked_country', 'anonymous']);
  });

  test.each([
    ['SRTP is required', offer('RTP/SAVP 0', 'a=rtpmap:0 PCMU/8000\r\n')],
    ['video only', 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n'],
    ['the audio line is switched off', offer('RTP/AVP 0').replace('{port}', '0')],
  ])('case 73, A5 %s: 488, the endpoint is not asked', async (_what, sdp) => {
    const { final, record, requests } = await dial({ offer: sdp });
    expect([final.code, record.outcome, requests.length]).toEqual([488, 'media_rejected', 0]);
  });

  test('G refusal_codes change the code, and the Reason follows it', async () => {
    const settings = { refusal_codes: { declined: 480 } };
    const { final, record } = await dial({ agent: false, settings });
    expect([final.code, final.headers['reason'], record.outcome]).toEqual([480, 'Q.850;cause=19', 'declined']);
  });

  test('G a trunk that opts in hears the outcome by name', async () => {
    const { final } = await dial({ agent: false, settings: { outcome_header: true } });
    expect(final.headers['x-pickup-outcome']).toBe('declined');
  });
});
