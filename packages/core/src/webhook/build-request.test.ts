import { expect, test } from 'vitest';
import {
  ARRIVED,
  bareNumber,
  buildFacts,
  buildTarget,
  found,
  notFound,
  ownedNumber,
  URL_OF_ENDPOINT,
} from '../../test/builders.ts';
import type { ResolvedKnowledge } from '../inbound/facts.ts';
import { buildRequestBody, webhookUrl } from './build-request.ts';

const drawn = (agent_version?: number | string, resolved: ResolvedKnowledge = found(buildTarget())) => ({
  agent: { agent_id: 'agent_12345', weight: 1, ...(agent_version !== undefined && { agent_version }) },
  resolved,
});

test('B1 the bytes of the call sample', () => {
  expect(buildRequestBody(buildFacts({ entry: ownedNumber({}, drawn(1)) }), ARRIVED)).toBe(
    '{"event":"call_inbound","call_inbound":{"agent_id":"agent_12345","agent_version":1,"from_number":"+12137771234","to_number":"+12137771235"}}',
  );
});

test('B1 the bytes of the text sample', () => {
  expect(buildRequestBody(buildFacts({ channel: 'sms', entry: ownedNumber({}, drawn(1)) }), ARRIVED)).toBe(
    '{"event":"chat_inbound","chat_inbound":{"agent_id":"agent_12345","agent_version":1,"from_number":"+12137771234","to_number":"+12137771235"}}',
  );
});

test('B1 agent_id only when the number has an agent', () => {
  expect(buildRequestBody(buildFacts(), ARRIVED)).toBe(
    '{"event":"call_inbound","call_inbound":{"from_number":"+12137771234","to_number":"+12137771235"}}',
  );
});

test('B1 agent_version only when the number names one, and then the resolved number', () => {
  const versionFor = (...of: Parameters<typeof drawn>) =>
    JSON.parse(buildRequestBody(buildFacts({ entry: ownedNumber({}, drawn(...of)) }), ARRIVED)).call_inbound
      .agent_version;
  expect(versionFor()).toBeUndefined();
  expect(versionFor(0, found(buildTarget({ version: 0 })))).toBe(0);
  expect(versionFor('prod', found(buildTarget({ version: 4 })))).toBe(4);
  expect(versionFor('latest', found(buildTarget({ version: 9 })))).toBe(9);
  expect(versionFor(3, notFound('version'))).toBe(3);
  expect(versionFor('prod', notFound('agent'))).toBeUndefined();
});

test('B4 the current profile adds event_timestamp, the id of the session and the SIP headers', () => {
  const entry = bareNumber({ inbound_webhook_profile: 'current' });
  expect(JSON.parse(buildRequestBody(buildFacts({ entry, custom_sip_headers: { 'x-a': '1' } }), ARRIVED))).toEqual({
    event: 'call_inbound',
    event_timestamp: ARRIVED.wallMs,
    call_inbound: {
      call_id: 'call_1',
      from_number: '+12137771234',
      to_number: '+12137771235',
      custom_sip_headers: { 'x-a': '1' },
    },
  });
  const text = JSON.parse(buildRequestBody(buildFacts({ entry, channel: 'sms', session_id: 'chat_1' }), ARRIVED));
  expect(text.chat_inbound).toEqual({ chat_id: 'chat_1', from_number: '+12137771234', to_number: '+12137771235' });
});

test("B4 the number's profile goes before the gateway's", () => {
  const gateway = { webhook_profile: 'current' } as const;
  expect(buildRequestBody(buildFacts({ gateway }), ARRIVED)).toContain('call_id');
  const entry = bareNumber({ inbound_webhook_profile: 'seed' });
  expect(buildRequestBody(buildFacts({ gateway, entry }), ARRIVED)).not.toContain('call_id');
});

test('A1 texts use their own webhook; where it was never set, that of calls; null turns it off', () => {
  const urlOf = (own?: string | null) =>
    webhookUrl(
      buildFacts({ channel: 'sms', entry: bareNumber(own === undefined ? {} : { inbound_sms_webhook_url: own }) }),
    );
  expect(urlOf()).toBe(URL_OF_ENDPOINT);
  expect(urlOf('https://texts.example/')).toBe('https://texts.example/');
  expect(urlOf(null)).toBeUndefined();
});
