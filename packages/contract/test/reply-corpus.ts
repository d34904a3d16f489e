/**
 * Replies of endpoints, good and bad: by hand what people really send, and from the facts of every field, with a fixed
 * seed, each kind of fault. Gateway, REST, CLI and SDK must say the same of each.
 */
import type { Channel, JsonObject, SettingsGroup } from '../src/index.ts';
import { FIELD_ROWS, faulty, valids } from './field-values.ts';

/** One reply as its endpoint sends it. */
export interface CorpusReply {
  /** Unique. */
  readonly name: string;
  readonly channel: Channel;
  readonly body: Uint8Array;
}

const SEED = 20_261_123;

/** mulberry32: small, and the same everywhere. */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const call = (group: unknown): string => JSON.stringify({ call_inbound: group });
const text = (group: unknown): string => JSON.stringify({ chat_inbound: group });
const override = (groups: JsonObject): string => call({ agent_override: groups });
const agent = (settings: JsonObject): string => override({ agent: settings });

/** By hand. Agents, voices and knowledge bases are those of the sample data. */
const CALLS: Readonly<Record<string, string>> = {
  'an empty body': '',
  blanks: ' \n\t',
  '{}': '{}',
  'null for the group': '{"call_inbound":null}',
  'an empty group': call({}),
  'the other group': text({ override_agent_id: 'agent_12345' }),
  'both groups': '{"call_inbound":{},"chat_inbound":{}}',
  'the group as text': '{"call_inbound":"agent_12345"}',
  'the group as a list': '{"call_inbound":[]}',
  'a list': '[]',
  'a number': '7',
  'a string': '"ok"',
  null: 'null',
  true: 'true',
  'a page': '<!DOCTYPE html><html><body>Sign in</body></html>',
  'a page after blanks': '\n  <html>',
  'plain text': 'OK',
  'a comma too many': '{"call_inbound":{"override_agent_id":"agent_12345",}}',
  'single quotes': "{'call_inbound':{}}",
  'names without quotes': '{call_inbound:{}}',
  "Python's None": '{"call_inbound":{"metadata":None}}',
  "Python's True": '{"call_inbound":{"reject":True}}',
  'undefined as a value': '{"call_inbound":{"metadata":undefined}}',
  'a comment': '{"call_inbound":{} /* nothing */}',
  'two objects': '{}{}',
  'cut in the middle': '{"call_inbound":{"override_agent_id":"agent_',
  'a line break in a string': '{"call_inbound":{"override_agent_id":"a\nb"}}',
  'JSON inside a string': JSON.stringify(call({ override_agent_id: 'agent_12345' })),
  'a byte order mark': '\uFEFF{"call_inbound":{}}',
  'a lone surrogate': '{"call_inbound":{"dynamic_variables":{"a":"\\ud800"}}}',
  'nesting of 33': `${'['.repeat(33)}${']'.repeat(33)}`,
  'nesting of 33 in metadata': call({ metadata: JSON.parse(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`) }),
  'over 256 KiB': JSON.stringify({ pad: 'x'.repeat(256 * 1024) }),
  'fields at the root': JSON.stringify({ override_agent_id: 'agent_12345', dynamic_variables: { a: 'b' } }),
  'a field nobody knows at the root': JSON.stringify({ call_inbound: {}, status: 'ok' }),
  'the event name as group': JSON.stringify({ event: 'call_inbound', call_inbound: {} }),
  'a mistyped group': JSON.stringify({ call_inbond: { override_agent_id: 'agent_12345' } }),
  'a mistyped field': call({ dynamic_variable: { a: 'b' } }),
  'agent_id without override_': call({ agent_id: 'agent_12345' }),
  'hostile names': '{"call_inbound":{"__proto__":{"reject":true},"constructor":1,"prototype":2},"__proto__":{}}',
  'hostile variables': '{"call_inbound":{"dynamic_variables":{"__proto__":"x","constructor":"y"}}}',
  'an agent': call({ override_agent_id: 'agent_12345' }),
  'an agent and a version': call({ override_agent_id: 'agent_12345', override_agent_version: 1 }),
  'version 0': call({ override_agent_id: 'agent_12345', override_agent_version: 0 }),
  latest: call({ override_agent_id: 'agent_12345', override_agent_version: 'latest' }),
  latest_published: call({ override_agent_id: 'agent_12345', override_agent_version: 'latest_published' }),
  'a version in quotes': call({ override_agent_id: 'agent_12345', override_agent_version: '1' }),
  'a version as v1': call({ override_agent_id: 'agent_12345', override_agent_version: 'v1' }),
  'a version of its own': call({ override_agent_version: 0 }),
  'a version that is not there': call({ override_agent_id: 'agent_12345', override_agent_version: 77 }),
  'a version below zero': call({ override_agent_id: 'agent_12345', override_agent_version: -1 }),
  'half a version': call({ override_agent_id: 'agent_12345', override_agent_version: 1.5 }),
  'a version as a list': call({ override_agent_version: [1] }),
  'a version as true': call({ override_agent_version: true }),
  'an unknown agent': call({ override_agent_id: 'agent_nobody' }),
  'an agent id that is a number': call({ override_agent_id: 12345 }),
  'an agent id that is an object': call({ override_agent_id: { id: 'agent_12345' } }),
  'an empty agent id': call({ override_agent_id: '' }),
  'null for the ids': call({ override_agent_id: null, override_agent_version: null }),
  reject: call({ reject: true }),
  'reject with variables': call({ reject: true, dynamic_variables: { a: 1 }, metadata: { b: 2 } }),
  'reject in quotes': call({ reject: 'true' }),
  'reject as 1': call({ reject: 1 }),
  'reject false': call({ reject: false }),
  'reject beside faults': call({ reject: true, agent_override: { agent: { voice_speed: 9 } } }),
  'reject with bad variables': call({ reject: true, dynamic_variables: [] }),
  variables: call({ dynamic_variables: { customer_name: 'John', empty: '' } }),
  'variables that are no strings': call({ dynamic_variables: { age: 42, vip: true, none: null } }),
  'variables nested': call({ dynamic_variables: { customer: { name: 'John' } } }),
  'variables as a list': call({ dynamic_variables: [{ name: 'a', value: 'b' }] }),
  'variables as text': call({ dynamic_variables: '{"a":"b"}' }),
  'variables over 64 KiB': call({ dynamic_variables: { a: 'x'.repeat(65 * 1024) } }),
  'variables of the system': call({ dynamic_variables: { user_number: '+1', current_time: 'now', call_id: 'x' } }),
  'variables with odd names': call({ dynamic_variables: { 'a/b~c': 1, ' ': 2, ü: 3 } }),
  metadata: call({ metadata: { a: { b: [1, null, 'x'] } } }),
  'metadata as text': call({ metadata: '{"a":1}' }),
  'metadata as a list': call({ metadata: [] }),
  'metadata null': call({ metadata: null }),
  'metadata over 50 kB': call({ metadata: { pad: 'x'.repeat(50_000) } }),
  'an override as text': call({ agent_override: 'agent_12345' }),
  'an override as a list': call({ agent_override: [] }),
  'an empty override': override({}),
  'a group as text': override({ agent: 'x' }),
  'a group null': override({ agent: null, retell_llm: null }),
  'a group nobody knows': override({ agents: { voice_speed: 1 } }),
  'fields outside the groups': override({ voice_speed: 1, begin_message: 'Hi' }),
  'fields of the LLM in the agent': agent({ begin_message: 'Hi', model: 'gpt-4.1' }),
  'fields of the agent in the LLM': override({ retell_llm: { voice_speed: 1, voice_id: 'x' } }),
  'a group of another engine': override({ conversation_flow: { begin_message: 'Hi' } }),
  'a faulty group of another engine': override({ conversation_flow: { start_speaker: 'nobody' } }),
  'a speed out of range': agent({ voice_speed: 9 }),
  'a speed as text': agent({ voice_speed: '1.1' }),
  'faults in every group': override({ agent: { volume: 7 }, retell_llm: { model_temperature: 2 } }),
  'ten faults': agent(
    Object.fromEntries(
      [
        'voice_speed',
        'voice_temperature',
        'volume',
        'responsiveness',
        'interruption_sensitivity',
        'backchannel_frequency',
        'reminder_trigger_ms',
        'max_call_duration_ms',
        'ring_duration_ms',
        'ambient_sound_volume',
      ].map((name) => [name, -1]),
    ),
  ),
  'an unknown language': agent({ language: 'en_US' }),
  'a language the voice does not speak': agent({ voice_id: '11labs-Adrian', language: 'yue-CN' }),
  'a language the voice model does not speak': agent({
    ...{ voice_id: '11labs-Adrian', voice_model: 'eleven_flash_v2', language: 'de-DE' },
  }),
  'a mistyped voice': agent({ voice_id: '11labs-Adrain' }),
  'an unknown voice': agent({ voice_id: 'nobody-knows-this-voice' }),
  'a voice without a key': agent({ voice_id: '11labs-Adrian' }),
  'fallback voices of one provider': agent({ voice_id: '11labs-Adrian', fallback_voice_ids: ['11labs-Anna'] }),
  'a fallback voice that is the voice': agent({ voice_id: 'x', fallback_voice_ids: ['x'] }),
  'a voice model of another provider': agent({ voice_id: '11labs-Adrian', voice_model: 'tts-1' }),
  'an unknown voice model': agent({ voice_model: 'eleven_flash_v9' }),
  'an emotion of another provider': agent({ voice_id: '11labs-Adrian', voice_emotion: 'happy' }),
  'custom recognition without its settings': agent({ stt_mode: 'custom', custom_stt_config: null }),
  'recognition that does not know the language': agent({
    stt_mode: 'custom',
    custom_stt_config: { provider: 'deepgram', endpointing_ms: 100 },
    language: 'cy-GB',
  }),
  'endpointing too short': agent({ stt_mode: 'custom', custom_stt_config: { provider: 'soniox', endpointing_ms: 10 } }),
  'the medical vocabulary in German': agent({ vocab_specialization: 'medical', language: 'de-DE' }),
  'pinyin with a voice that has none': agent({
    voice_id: '11labs-Adrian',
    pronunciation_dictionary: [{ word: 'a', alphabet: 'pinyin', phoneme: 'a' }],
  }),
  'a private webhook': agent({ webhook_url: 'http://10.0.0.1/hook' }),
  'a webhook with variables': agent({ webhook_url: 'https://shop.example/{{customer_name}}' }),
  'a webhook that is no URL': agent({ webhook_url: 'shop' }),
  'another engine': agent({ response_engine: { type: 'retell-llm', llm_id: 'llm_gone' } }),
  'a custom LLM': agent({ response_engine: { type: 'custom-llm', llm_websocket_url: 'wss://llm.example/' } }),
  'a custom LLM that is private': agent({
    response_engine: { type: 'custom-llm', llm_websocket_url: 'ws://127.0.0.1/' },
  }),
  'two models': override({ retell_llm: { model: 'gpt-4.1', s2s_model: 'gpt-realtime' } }),
  'a mistyped model': override({ retell_llm: { model: 'gpt4.1' } }),
  'a speech model as model': override({ retell_llm: { model: 'gpt-realtime' } }),
  'an unknown knowledge base': override({ retell_llm: { knowledge_base_ids: ['kb_abc123', 'kb_gone'] } }),
  'a variable nobody sets': override({ retell_llm: { begin_message: 'Hi {{customer_nam}}, {{order}}' } }),
  'a saved setting': agent({ is_public: true, version: 3, agent_id: 'x' }),
  'storage off': agent({ data_storage_setting: 'basic_attributes_only', voice_speed: 1.1, volume: 0.5 }),
  'more than 300 issues': call(Object.fromEntries(Array.from({ length: 320 }, (_, at) => [`field_${at}`, at]))),
};

const TEXTS: Readonly<Record<string, string>> = {
  'a reply to a text': text({}),
  'a text’s variables': text({ dynamic_variables: { a: 1 } }),
  'a text’s override': text({ agent_override: { agent: { voice_speed: 1.1, timezone: 'Europe/Oslo' } } }),
  'a text’s faulty override': text({
    agent_override: { agent: { voice_speed: 9 }, retell_llm: { start_speaker: 'x' } },
  }),
  'a call’s group for a text': call({ override_agent_id: 'agent_12345' }),
  'a text’s group as text': '{"chat_inbound":"x"}',
  'a text rejected': text({ reject: true }),
  'a text to a chat agent': text({
    override_agent_id: 'agent_flow_12345',
    dynamic_variables: { customer_name: 'Ann' },
  }),
  'a text to a prompted chat agent': text({ override_agent_id: 'agent_prompt_12345' }),
  'a text to a voice agent': text({ override_agent_id: 'agent_12345' }),
  'a text to nobody': text({ override_agent_id: 'agent_flow_1234' }),
  'a text to a version that is none': text({ override_agent_id: 'agent_flow_12345', override_agent_version: 'v1' }),
  'a text that is said differently': text({
    override_agent_id: 'agent_prompt_12345',
    agent_override: {
      agent: { timezone: 'Europe/Oslo', voice_speed: 1.1, language: 'de-DE' },
      retell_llm: {
        ...{ begin_message: 'Hi {{nobody}}', start_speaker: 'agent', model: 'gpt-4.1', model_temperature: 0.2 },
        ...{ knowledge_base_ids: ['kb_gone'], tool_call_strict_mode: true, general_prompt: 'Short.' },
      },
    },
  }),
  'a text’s flow': text({
    agent_override: { conversation_flow: { begin_message: 'Hello', start_speaker: 'user', model_temperature: 0.1 } },
  }),
  'a text’s other engine': text({ agent_override: { retell_llm: { begin_message: 'Hi' } } }),
  'a text’s field at the root': JSON.stringify({ override_agent_id: 'agent_flow_12345' }),
  'a text’s mistyped field': text({ overide_agent_id: 'agent_flow_12345' }),
  'a page for a text': '<html>Sign in</html>',
  'nothing for a text': '',
  'cut for a text': '{"chat_inbound":{"override_agent_id":"agent_',
};

/** Each field once faulty, once more, once right and once mistyped, by a fixed seed. */
function generated(): readonly CorpusReply[] {
  const chance = chanceFrom(SEED);
  const drawn = <T>(from: readonly T[]): T => from[Math.floor(chance() * from.length)]!;
  const reply = (group: SettingsGroup, settings: Record<string, unknown>) =>
    bytes(JSON.stringify({ call_inbound: { agent_override: { [group]: settings } } }));
  return FIELD_ROWS.flatMap(({ group, name, spec }) => {
    // JSON has no Infinity.
    const faults = faulty(spec, name).filter((value) => JSON.stringify(value) !== 'null');
    const first = Math.floor(chance() * faults.length);
    const second = (first + 1 + Math.floor(chance() * Math.max(1, faults.length - 1))) % faults.length;
    const at = 1 + Math.floor(chance() * (name.length - 2));
    const mistyped = name.slice(0, at) + name.slice(at + 1);
    const made = { channel: 'call' as const };
    return [
      { ...made, name: `${group}.${name} faulty`, body: reply(group, { [name]: faults[first] }) },
      { ...made, name: `${group}.${name} faulty otherwise`, body: reply(group, { [name]: faults[second] }) },
      { ...made, name: `${group}.${name} right`, body: reply(group, { [name]: drawn(valids(spec, name)) }) },
      { ...made, name: `${group}.${name} mistyped`, body: reply(group, { [mistyped]: drawn(valids(spec, name)) }) },
    ];
  });
}

/** All of them; the same each time. */
export function replyCorpus(): readonly CorpusReply[] {
  const byHand = (channel: Channel, texts: Readonly<Record<string, string>>) =>
    Object.entries(texts).map(([name, body]) => ({ name, channel, body: bytes(body) }));
  const utf16 = new Uint8Array([...'{"call_inbound":{}}'].flatMap((char) => [char.charCodeAt(0), 0]));
  const broken = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
  return [
    ...byHand('call', CALLS),
    ...byHand('sms', TEXTS),
    { name: 'UTF-16', channel: 'call', body: utf16 },
    { name: 'bytes that are no UTF-8', channel: 'call', body: broken },
    ...generated(),
  ];
}
