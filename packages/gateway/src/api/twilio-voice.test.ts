/** What Twilio is told to do with calls, in requests that Twilio's own code signs. */
import { askDialAction, askVoiceUrl, readTwiml, type TwilioCall } from '@pickup/testkit/twilio';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../../test/start-test-api.ts';
import { createTwilioReader } from '../edges/twilio/index.ts';
import { twilioSettings } from '../providers/twilio-settings.ts';
import type { ApiDeps } from './deps.ts';

const PUBLIC_URL = 'https://pickup.example.com';
const NUMBER = '+14155550100';
const ACCOUNT = { accountSid: 'AC00000000000000000000000000000001', authToken: 'token-0123456789abcdef' };

let api: TestApi;
/** How often it is not ready yet. */
let unready: number;

beforeEach(async () => {
  unready = 0;
  api = await start();
});
afterEach(() => api.close());

async function start(over: Partial<ApiDeps> = {}): Promise<TestApi> {
  const readForm = await createTwilioReader({ authTokens: [ACCOUNT.authToken], publicUrl: () => PUBLIC_URL });
  return startTestApi({
    publicUrl: () => PUBLIC_URL,
    twilioCalls: { readForm },
    sipTarget: () => ({ host: 'sip.example.com', port: 5061, transport: 'tls' }),
    ready: () => ({ ready: unready-- <= 0, reasons: [] }),
    ...over,
  });
}

/** A number as it is bought. */
function putNumber(over: Record<string, unknown> = {}) {
  const settings = {
    phone_number: NUMBER,
    phone_number_type: 'retell-twilio',
    sip_inbound_username: 'twilio-1',
    outcome_header: true,
    last_modification_timestamp: 1,
    ...over,
  } as const;
  return api.store.putNumber({ settings, sealed_sip_inbound_password: 'sealed <&"> one' }, 'replace');
}

function call(from = '+12135550111'): TwilioCall {
  const { voiceUrl, voiceFallbackUrl } = twilioSettings(PUBLIC_URL);
  const settings = new Map([
    ['VoiceUrl', voiceUrl],
    ['VoiceFallbackUrl', voiceFallbackUrl],
  ]);
  return { account: ACCOUNT, number: { sid: 'PN1', phoneNumber: NUMBER, settings }, from, via: api.url };
}

test('F1 a call rings here, unanswered, with the credentials of its number and longer than its whole budget', async () => {
  await putNumber({ ring_budget_ms: 20_500 });
  const { verbs } = await askVoiceUrl(call());
  expect(verbs).toEqual([
    {
      name: 'Dial',
      attributes: {
        answerOnBridge: 'true',
        timeout: '26',
        action: `${PUBLIC_URL}/twilio/voice-action#ct=2000&rt=4000&rc=5&rp=all`,
        method: 'POST',
      },
      text: '',
      children: [
        {
          name: 'Sip',
          attributes: { username: 'twilio-1', password: 'opened sealed <&"> one' },
          text: `sip:${NUMBER}@sip.example.com:5061;transport=tls`,
          children: [],
        },
      ],
    },
  ]);
  await putNumber();
  expect((await askVoiceUrl(call())).verbs[0]?.attributes['timeout']).toBe('50');
});

test('a number without credentials is dialled without', async () => {
  await putNumber({ sip_inbound_username: null });
  expect((await askVoiceUrl(call())).verbs[0]?.children[0]?.attributes).toEqual({});
});

test('case 77 a request that Twilio did not sign hears 403, whatever it asks, and learns nothing', async () => {
  await putNumber();
  const forged = { ...call(), account: { ...ACCOUNT, authToken: 'another-token-0123456789' } };
  for (const { outcome } of [
    await askVoiceUrl(forged),
    await askDialAction(forged, `${PUBLIC_URL}/twilio/voice-action`, { DialCallStatus: 'completed' }),
  ]) {
    expect(outcome.delivered).toBe(false);
    expect(outcome.last).toMatchObject({ kind: 'answered', status: 403 });
    expect(JSON.stringify(outcome)).not.toContain('opened');
  }
  const unsigned = await fetch(`${api.url}/twilio/voice`, {
    method: 'POST',
    body: new URLSearchParams({ To: NUMBER }),
  });
  expect(unsigned.status).toBe(403);
});

test('without the account’s settings nobody’s signature fits, and the answer names them', async () => {
  await api.close();
  api = await startTestApi();
  const { outcome } = await askVoiceUrl(call());
  expect(outcome.last).toMatchObject({ status: 403, body: expect.stringContaining('PICKUP_TWILIO_AUTH_TOKEN') });
});

test('A4 a number nobody owns is turned away unanswered', async () => {
  expect((await askVoiceUrl(call())).verbs).toEqual([
    { name: 'Reject', attributes: { reason: 'rejected' }, text: '', children: [] },
  ]);
});

test('H5 a gateway that is stopping has Twilio ask again, and the next one answers', async () => {
  await putNumber();
  unready = 3;
  const { outcome, verbs } = await askVoiceUrl(call());
  expect(outcome.attempts.map((one) => one.kind === 'answered' && one.status)).toEqual([503, 503, 503, 200]);
  expect(verbs[0]?.name).toBe('Dial');
});

test('a password that cannot be opened, or a gateway that is nowhere, leads to the fallback number', async () => {
  await api.close();
  for (const over of [
    {
      openInboundPassword() {
        throw new Error('sealed with another key');
      },
    },
    { sipTarget: () => undefined },
  ]) {
    api = await start(over);
    await putNumber({ fallback_number: '+12125550199' });
    expect((await askVoiceUrl(call())).verbs[0]?.children).toMatchObject([{ name: 'Number', text: '+12125550199' }]);
    await putNumber();
    expect((await askVoiceUrl(call())).verbs).toMatchObject([{ name: 'Reject' }]);
    await api.close();
  }
  api = await start();
});

test('G a full house goes on to the fallback number, a refusal does not', async () => {
  await putNumber({ fallback_number: '+12125550199' });
  const action = `${PUBLIC_URL}/twilio/voice-action`;
  const full = { DialCallStatus: 'busy', DialSipResponseCode: '486' } as const;
  const header = { 'SipHeader_X-Pickup-Outcome': 'concurrency_limit' };
  expect((await askDialAction(call(), action, { ...full, more: header })).verbs).toEqual([
    {
      name: 'Dial',
      attributes: { answerOnBridge: 'true' },
      text: '',
      children: [{ name: 'Number', attributes: {}, text: '+12125550199', children: [] }],
    },
  ]);
  const declined = { DialCallStatus: 'busy', DialSipResponseCode: '603' } as const;
  const said = { 'SipHeader_x-pickup-outcome': 'declined' };
  expect((await askDialAction(call(), action, { ...declined, more: said })).verbs).toMatchObject([
    { name: 'Reject', attributes: { reason: 'rejected' } },
  ]);
  expect((await askDialAction(call(), action, { DialCallStatus: 'completed' })).verbs).toMatchObject([
    { name: 'Hangup' },
  ]);
});

test('a number that is deleted while its call rings, or is answered, leads nowhere else and says nothing', async () => {
  await putNumber({ fallback_number: '+12125550199' });
  const action = `${PUBLIC_URL}/twilio/voice-action`;
  expect((await askVoiceUrl(call())).verbs).toMatchObject([{ name: 'Dial' }]);
  await api.store.deleteNumber(NUMBER);
  for (const [end, verb] of [
    [
      { DialCallStatus: 'failed', DialSipResponseCode: '404' },
      { name: 'Reject', attributes: { reason: 'rejected' } },
    ],
    [
      { DialCallStatus: 'busy', DialSipResponseCode: '486' },
      { name: 'Reject', attributes: { reason: 'busy' } },
    ],
    [{ DialCallStatus: 'completed' }, { name: 'Hangup' }],
  ] as const) {
    expect((await askDialAction(call(), action, end)).verbs).toMatchObject([verb]);
  }
  expect((await askVoiceUrl(call())).verbs).toMatchObject([{ name: 'Reject' }]);
});

test('A0 a caller who hides is shown as the number that was called', async () => {
  await putNumber({ fallback_number: '+12125550199' });
  const action = `${PUBLIC_URL}/twilio/voice-action`;
  for (const from of ['+266696687', 'anonymous', '']) {
    const { verbs } = await askDialAction(call(from), action, { DialCallStatus: 'failed' });
    expect([from, verbs[0]?.attributes['callerId']]).toEqual([from, NUMBER]);
  }
});

test('what is said to Twilio is XML, and hostile values stay text', async () => {
  await putNumber({ fallback_number: '+1<Hangup/>&"' });
  const { outcome } = await askDialAction(call(), `${PUBLIC_URL}/twilio/voice-action`, { DialCallStatus: 'failed' });
  if (outcome.last.kind !== 'answered') throw new Error('not answered');
  expect(outcome.last.headers['content-type']).toBe('text/xml; charset=utf-8');
  expect(readTwiml(outcome.last.body)[0]?.children[0]).toMatchObject({ name: 'Number', text: '+1<Hangup/>&"' });
});
