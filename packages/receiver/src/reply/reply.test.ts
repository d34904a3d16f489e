import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Retell } from 'retell-sdk';
import { expect, test } from 'vitest';
import { formattedOverrideTypes } from '../../types/write-override-types.ts';
import { lint } from '../lint.ts';
import type { AgentOverrideGroups } from './reply.ts';
import { accept, override, reject } from './reply.ts';
import { writeReply } from './write-reply.ts';

test('the types of the override are those of the rule set', () => {
  expect(readFileSync(join(import.meta.dirname, 'override-settings.ts'), 'utf8')).toBe(formattedOverrideTypes());
});

type Sdk = NonNullable<Retell.CallCreatePhoneCallParams['agent_override']>;
/** One field is narrower here: a termination key is one of twelve characters, there any string. */
type Taken = Omit<Sdk, 'agent'> & { agent: Omit<NonNullable<Sdk['agent']>, 'user_dtmf_options'> };

test('what the official SDK types as an override is one here', () => {
  const theirs: Taken = {
    agent: { voice_id: '11labs-Adrian', language: ['en-US', 'es-ES'] },
    retell_llm: { model: 'gpt-4.1' },
  };
  const ours: AgentOverrideGroups = theirs;
  expect(lint({ call_inbound: { agent_override: ours } }).issues).toEqual([]);
  type Fields<G> = keyof NonNullable<G>;
  const same: [
    Fields<Sdk['agent']> extends Fields<AgentOverrideGroups['agent']> ? true : false,
    Fields<AgentOverrideGroups['agent']> extends Fields<Sdk['agent']> ? true : false,
    Fields<Sdk['retell_llm']> extends Fields<AgentOverrideGroups['retell_llm']> ? true : false,
    Fields<AgentOverrideGroups['retell_llm']> extends Fields<Sdk['retell_llm']> ? true : false,
    Fields<Sdk['conversation_flow']> extends Fields<AgentOverrideGroups['conversation_flow']> ? true : false,
    // begin_message is the one field that the page has and the SDK has not.
    Exclude<Fields<AgentOverrideGroups['conversation_flow']>, Fields<Sdk['conversation_flow']>> extends 'begin_message'
      ? true
      : false,
  ] = [true, true, true, true, true, true];
  expect(same).not.toContain(false);
});

test('a builder leaves out what it is not given', () => {
  expect(accept()).toEqual({});
  expect(accept({ agent_id: 'agent_1' })).toEqual({ override_agent_id: 'agent_1' });
  expect(accept({ version: 'latest_published', metadata: { a: [1] } })).toEqual({
    override_agent_version: 'latest_published',
    metadata: { a: [1] },
  });
  expect(override({})).toEqual({});
  expect(
    override({ agent_id: 'agent_1', version: 0, agent: { voice_speed: 1.1 }, retell_llm: { begin_message: null } }),
  ).toEqual({
    override_agent_id: 'agent_1',
    override_agent_version: 0,
    agent_override: { agent: { voice_speed: 1.1 }, retell_llm: { begin_message: null } },
  });
  expect(reject({ metadata: { why: 'blocked' } })).toEqual({ reject: true, metadata: { why: 'blocked' } });
});

test('D5 variables become strings, and unset ones go', () => {
  const { dynamic_variables } = accept({
    variables: { name: 'Zoë', visits: 3, member: false, left: null, gone: undefined },
  });
  expect(dynamic_variables).toEqual({ name: 'Zoë', visits: '3', member: 'false' });
});

test('misspelt and mistyped fields do not compile', () => {
  // @ts-expect-error voice_sped is voice_speed
  override({ agent: { voice_sped: 1 } });
  // @ts-expect-error a number
  override({ agent: { voice_speed: '1.1' } });
  // @ts-expect-error one of the sounds
  override({ agent: { ambient_sound: 'a-train' } });
  // @ts-expect-error the group is retell_llm
  override({ retellLlm: { begin_message: 'Hi' } });
  // @ts-expect-error general_prompt cannot be overridden
  override({ retell_llm: { general_prompt: 'You are' } });
  // @ts-expect-error variables are flat
  accept({ variables: { customer: { name: 'John' } } });
  // @ts-expect-error agent_id
  accept({ agentId: 'agent_1' });
  // A model that no list has yet is taken.
  expect(override({ retell_llm: { model: 'model-of-tomorrow' } }).agent_override?.retell_llm?.model).toBe(
    'model-of-tomorrow',
  );
});

test('a reply is put under its group, a whole one stays, and nothing is {}', () => {
  expect(writeReply(accept({ agent_id: 'a' }), 'call_inbound')).toBe('{"call_inbound":{"override_agent_id":"a"}}');
  expect(writeReply({ chat_inbound: {} }, 'chat_inbound')).toBe('{"chat_inbound":{}}');
  expect(writeReply(undefined, 'call_inbound')).toBe('{}');
  expect(writeReply(null, 'call_inbound')).toBe('{}');
});

test.each([
  [new Response('{}'), 'a Response'],
  [new Map(), 'a Map'],
  [accept, 'a function'],
])('what JSON would empty is refused: %s', (result, words) => {
  expect(() => writeReply(result, 'call_inbound')).toThrow(words);
});
