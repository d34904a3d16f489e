/** The judge itself: what it reads from the types, and that it finds what is wrong. */
import { Retell } from 'retell-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mismatches } from './mismatches.ts';
import { readSdkTypes, type SdkSchemas } from './response-schemas.ts';
import { CORE, OUTSIDE } from './sdk-methods.ts';
import { methodsOf } from './sdk-routes.ts';

let sdk: SdkSchemas;
beforeAll(() => {
  sdk = readSdkTypes('retell-sdk');
});
afterAll(() => sdk?.close());

function judge(method: string, value: unknown): readonly string[] {
  const { schema, definitions } = sdk.responseOf(method);
  return mismatches(schema, value, definitions);
}

test('every method of the SDK is known here, of the core or outside of it', () => {
  const known = [...Object.keys(CORE), ...OUTSIDE].sort();
  const found = methodsOf(new Retell({ apiKey: 'key' })).map(({ name }) => name);
  expect(found.sort()).toEqual(known);
  expect([...sdk.methods].sort()).toEqual(known);
});

test('a response that fits has no mismatches, also with fields of ours', () => {
  const number = { phone_number: '+1', phone_number_type: 'custom', last_modification_timestamp: 1, ours: {} };
  expect(judge('phoneNumber.retrieve', number)).toEqual([]);
  expect(judge('phoneNumber.list', { items: [number], has_more: false })).toEqual([]);
  expect(judge('agent.delete', undefined)).toEqual([]);
});

test('what is missing, of another type or of other values is found, deep inside too', () => {
  const number = {
    phone_number_type: 'other',
    last_modification_timestamp: '1',
    inbound_agents: [{ agent_id: 'a' }, { agent_id: 7, weight: 1, agent_version: null }],
    fallback_number: null,
  };
  expect(judge('phoneNumber.retrieve', number)).toEqual([
    '/phone_number: missing',
    '/phone_number_type: "other" is none of "custom", "retell-telnyx", "retell-twilio"',
    '/last_modification_timestamp: "1" is no number',
    '/inbound_agents/0/weight: missing',
    '/inbound_agents/1/agent_id: 7 is no string',
    '/inbound_agents/1/agent_version: null is no string',
  ]);
  expect(judge('agent.retrieve', { response_engine: { type: 'retell-llm' } })).toContain(
    '/response_engine/llm_id: missing',
  );
  expect(judge('call.retrieve', { call_type: 'phone_call', transcript_object: [{ role: 'x' }] })).toContain(
    '/call_id: missing',
  );
  expect(judge('voice.list', {})).toEqual(['/: {} is no array']);
  expect(judge('agent.delete', {})).toEqual(['/: {} is no nothing']);
});
