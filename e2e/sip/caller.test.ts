/** Who calls whom, and what the INVITE brings along, as the endpoint and the call see it (rules A0, B4, E9; case 72). */
import { createPhone, type Phone, type PhoneCall } from '@pickup/testkit/phone';
import { speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStage, type Stage, type StagedNumber } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { callRaw } from './support/raw-call.ts';
import { onlyOutcome } from './support/records.ts';

const CALLER = '+12137771234';
const REAL = '+14155550177';

let stage: Stage;
/** Of a peer whose P-Asserted-Identity counts, and of one whose does not. */
let trusted: Phone;
let plain: Phone;

beforeAll(async () => {
  [stage, trusted, plain] = await Promise.all([
    openStage({ gateway: { env: { PICKUP_SIP_TRUSTED_PEERS: '127.0.0.2/32' } } }),
    createPhone({ host: '127.0.0.2' }),
    createPhone(),
  ]);
}, 90_000);
afterAll(async () => {
  await trusted?.close();
  await plain?.close();
  await stage?.close();
});

type Headers = Readonly<Record<string, string>>;

/** Dials a number without agent, whose endpoint so declines; tells what the endpoint and the record say of the caller. */
async function heard(of: { readonly phone?: Phone; readonly from?: string; readonly headers?: Headers }) {
  const staged = await stage.number({ agent: false });
  const { phone = plain, from = CALLER, headers = {} } = of;
  const call = await phone.call({ to: staged.number, from, headers, server: stage.gateway.sip });
  expect((await call.final).code).toBe(603);
  return said(staged);
}

async function said(staged: StagedNumber) {
  const record = await onlyOutcome(stage.gateway, staged.number);
  const { from_number, to_number } = JSON.parse(staged.requests()[0]!.body.toString()).call_inbound;
  expect([record.from_number, record.to_number]).toEqual([from_number, to_number]);
  expect(to_number).toBe(staged.number);
  return from_number as string;
}

describe('A0, case 72 the caller', () => {
  test.each([
    ['From in E.164', {}, CALLER],
    ['a national number of the trunk', { from: '2137771234' }, CALLER],
    ['an international one with 00', { from: '00442071838750' }, '+442071838750'],
    ['anonymous', { from: 'anonymous' }, 'anonymous'],
    ['Restricted', { from: 'Restricted' }, 'anonymous'],
    ["a provider's placeholder", { from: '+266696687' }, 'anonymous'],
    ['Privacy: id', { headers: { Privacy: 'id' } }, 'anonymous'],
    ['Privacy among others', { headers: { Privacy: 'header;ID' } }, 'anonymous'],
    ['Privacy: none', { headers: { Privacy: 'none' } }, CALLER],
    ['an extension of a PBX', { from: '42' }, '42'],
  ])('A0 %s', async (_what, of, from) => {
    expect(await heard(of)).toBe(from);
  });

  test('A0 P-Asserted-Identity counts from a trusted peer only, and Privacy goes before it', async () => {
    const headers = { 'P-Asserted-Identity': `"Real" <sip:${REAL}@carrier.example>` };
    expect(await heard({ phone: trusted, headers })).toBe(REAL);
    expect(await heard({ phone: plain, headers })).toBe(CALLER);
    expect(await heard({ phone: trusted, headers: { 'P-Asserted-Identity': `<tel:${REAL}>` } })).toBe(REAL);
    expect(await heard({ phone: trusted, from: 'anonymous', headers })).toBe(REAL);
    expect(await heard({ phone: trusted, headers: { ...headers, Privacy: 'id' } })).toBe('anonymous');
  });
});

describe('A0, case 72 the number dialled', () => {
  test('A0 as a tel: URI, as a national number, and in To where the Request-URI has none', async () => {
    const forms = [
      (number: string) => ({ uri: `tel:${number}` }),
      (number: string) => ({ uri: `sip:${number.slice(2)}@127.0.0.1` }),
      (number: string) => ({ uri: `sip:${number};phone-context=x@127.0.0.1;user=phone` }),
      (number: string) => ({ uri: 'sip:gateway@127.0.0.1', to: `<sip:${number}@127.0.0.1>` }),
    ];
    for (const form of forms) {
      const staged = await stage.number({ agent: false });
      const call = { server: stage.gateway.sip, from: `<sip:${CALLER}@127.0.0.1>`, ...form(staged.number) };
      expect(await callRaw(call)).toMatch(/^SIP\/2\.0 603 /);
      expect(await said(staged)).toBe(CALLER);
    }
  });
});

describe('case 72 hostile text', () => {
  test.each([
    ['a display name of 10 kB', `"${'Ä'.repeat(5_000)}" <sip:${CALLER}@127.0.0.1>`, CALLER],
    ['a variable as display name', `"{{call_id}} <script>" <sip:${CALLER}@127.0.0.1>`, CALLER],
    ['escaped line breaks in the user', '<sip:%0d%0aX-Admin%3a1@127.0.0.1>', 'X-Admin:1'],
    ['escaped NUL in the number', '<sip:%00%2b12137771234@127.0.0.1>', CALLER],
    ['a broken escape', '<sip:tom%ff@127.0.0.1>', 'tom%ff'],
  ])('case 72 %s', async (_what, from, expected) => {
    const staged = await stage.number({ agent: false });
    const call = { server: stage.gateway.sip, uri: `sip:${staged.number}@127.0.0.1`, from };
    expect(await callRaw({ ...call, headers: [`X-Note: ${'y'.repeat(9_000)}`] })).toMatch(/^SIP\/2\.0 603 /);
    expect(await said(staged)).toBe(expected);
  });
});

describe('E9, B4 headers of the INVITE', () => {
  const headers: Headers = {
    'X-Shop': 'north',
    'X-Trick': '{{user_number}}',
    'User-To-User': '56a390f3d2b7310023a2;encoding=hex',
    Subject: 'not a variable',
  };
  const transcriptOf = (callId: string) =>
    until('what was said', async () => {
      const { transcript } = await stage.gateway.client.call.retrieve(callId);
      return transcript?.startsWith('Agent:') && transcript;
    });
  async function connect(staged: StagedNumber): Promise<PhoneCall> {
    const call = await plain.call({ to: staged.number, from: CALLER, headers, server: stage.gateway.sip });
    expect((await call.final).code).toBe(200);
    return call;
  }

  test('E9 they reach the variables and the call object; a variable in a value stays as it is', async () => {
    const begin_message = '{{x-shop}} {{x-trick}} {{subject}} {{user_number}}';
    const agent_override = { retell_llm: { begin_message } };
    const staged = await stage.number({ script: { body: JSON.stringify({ call_inbound: { agent_override } }) } });
    const call = await connect(staged);
    const record = await onlyOutcome(stage.gateway, staged.number);
    await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
    await call.hangUp();
    const spoken = await transcriptOf(record.call_id!);
    expect(spoken).toBe(`Agent: north {{user_number}} {{subject}} ${CALLER}\n`);
    const stored = await stage.gateway.rest('GET', `/v2/get-call/${record.call_id}`);
    expect(stored.body.custom_sip_headers).toEqual({
      'x-shop': 'north',
      'x-trick': '{{user_number}}',
      'user-to-user': '56a390f3d2b7310023a2;encoding=hex',
    });
  });

  test('B4 the seed profile says nothing of them, the current one does', async () => {
    const seed = await stage.number();
    await (await connect(seed)).hangUp();
    expect(Object.keys(JSON.parse(seed.requests()[0]!.body.toString()).call_inbound).sort()).toEqual([
      'agent_id',
      'agent_version',
      'from_number',
      'to_number',
    ]);
    const current = await stage.number({ settings: { inbound_webhook_profile: 'current' } });
    await (await connect(current)).hangUp();
    const body = JSON.parse(current.requests()[0]!.body.toString());
    const { call_id } = await onlyOutcome(stage.gateway, current.number);
    expect(JSON.stringify(body)).toContain(call_id);
    expect(JSON.stringify(body)).toContain('"x-shop":"north"');
    expect(JSON.stringify(body)).not.toContain('not a variable');
  });
});
