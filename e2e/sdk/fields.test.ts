/**
 * Every field, form and listed value of what the SDK's methods take is one that Pickup knows: samples are made from the
 * SDK's own types and read by the contract. Ranges and rules between fields are tested elsewhere.
 */
import {
  type BodyResult,
  CALL_FILTERS,
  CHAT_FILTERS,
  checkSettings,
  type Issue,
  parseCreateChat,
  parseCreateNumber,
  parseImportNumber,
  parseListBody,
  parsePublish,
  parseRegisterCall,
  parseUpdateCall,
  parseUpdateChat,
  parseUpdateNumber,
} from '@pickup/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSdkTypes, type Schema, type SdkSchemas } from './response-schemas.ts';
import { samplesOf } from './samples.ts';

let sdk: SdkSchemas;
beforeAll(() => {
  sdk = readSdkTypes('retell-sdk');
});
afterAll(() => sdk?.close());

const of = (result: BodyResult<unknown>): readonly Issue[] => (result.ok ? result.warnings : result.issues);
const settings = (...[group, channel]: [Parameters<typeof checkSettings>[0], ('voice' | 'chat')?]) => {
  return (body: unknown) =>
    checkSettings(group, body, { pointer: '', mode: 'update', ...(channel && { channel }) }).issues;
};

const READERS: Readonly<Record<string, (body: unknown) => readonly Issue[]>> = {
  'agent.create': settings('agent', 'voice'),
  'chatAgent.create': settings('agent', 'chat'),
  'llm.create': settings('retell_llm'),
  'conversationFlow.create': settings('conversation_flow'),
  'phoneNumber.create': (body) => of(parseCreateNumber(body)),
  'phoneNumber.import': (body) => of(parseImportNumber(body)),
  'phoneNumber.update': (body) => of(parseUpdateNumber(body, { phone_number: '+12137771234' })),
  'agent.publish': (body) => of(parsePublish(body)),
  'call.registerPhoneCall': (body) => of(parseRegisterCall(body)),
  'call.update': (body) => of(parseUpdateCall(body)),
  'call.list': (body) => of(parseListBody(body, CALL_FILTERS)),
  'chat.create': (body) => of(parseCreateChat(body)),
  'chat.update': (body) => of(parseUpdateChat(body)),
  'chat.list': (body) => of(parseListBody(body, CHAT_FILTERS)),
};

/** Faults that say: Pickup does not know what the SDK's type allows. */
const UNKNOWN = new Set(['unknown_field', 'not_allowed_value', 'wrong_type', 'not_nullable']);

/** What is unknown of what the type has, and how many samples there were. */
function unknownTo(read: (body: unknown) => readonly Issue[], method: string) {
  const { schema, definitions } = sdk.paramsOf(method);
  const body = definitions[(schema as { readonly $ref: string }).$ref] as Extract<Schema, { readonly type: 'object' }>;
  const faults = new Set<string>();
  let samples = 0;
  for (const [name, member] of Object.entries(body.properties)) {
    const values = samplesOf(member, definitions, [], name);
    for (const value of values) {
      samples += 1;
      for (const { code, pointer, message } of read({ [name]: value })) {
        if (UNKNOWN.has(code)) faults.add(`${code} ${pointer}: ${message}`);
      }
    }
  }
  return { faults: [...faults], samples };
}

test.each(Object.keys(READERS))('%s', (method) => {
  expect(unknownTo(READERS[method]!, method).faults).toEqual([]);
});

test('the samples have every form of a node and of a tool, and what is unknown is found', () => {
  const { samples, faults } = unknownTo(settings('retell_llm'), 'conversationFlow.create');
  expect(samples).toBeGreaterThan(500);
  expect(faults.join('\n')).toMatch(/unknown_field \/nodes/);
  const other = unknownTo(settings('agent', 'chat'), 'agent.create').faults;
  expect(other.filter((fault) => fault.startsWith('unknown_field /voice_id'))).toHaveLength(1);
});
