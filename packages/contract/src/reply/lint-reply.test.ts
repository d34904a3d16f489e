import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ResolvedTarget } from '../agent.ts';
import { defaultCatalogue } from '../catalogue/index.ts';
import { fieldsOf, type SettingsGroup } from '../settings/check-settings.ts';
import { type LintOptions, lintReply } from './lint-reply.ts';
import { parseReplyBody } from './parse-body.ts';

const catalogue = defaultCatalogue(['openai', 'elevenlabs']);
const TARGET: ResolvedTarget = {
  agent_id: 'agent_12345',
  version: 1,
  is_published: true,
  channel: 'voice',
  how: 'number',
  tag_variables: {},
  settings: { voice_id: 'builtin-en-us', response_engine: { type: 'retell-llm', llm_id: 'llm_1' } },
  engine: { type: 'retell-llm', id: 'llm_1', version: 0, settings: { model: 'gpt-4.1' } },
};

function call(group: unknown, options: Partial<LintOptions> = {}) {
  return lintReply({ call_inbound: group }, { channel: 'call', ...options });
}

function overrides(group: unknown, options: Partial<LintOptions> = {}) {
  const { reply, issues } = call(group, options);
  if (reply.kind !== 'overrides') throw new Error(`got ${reply.kind}: ${JSON.stringify(issues)}`);
  return { reply, issues };
}

function sample(channel: 'call' | 'sms'): unknown {
  const bytes = readFileSync(new URL(`../../test-data/seed-reply-${channel}.json`, import.meta.url));
  const parsed = parseReplyBody(bytes, { truncated: false });
  if (!parsed.ok) throw new Error(parsed.issue.message);
  return parsed.value;
}

describe('case 34 the samples of the seed, byte for byte', () => {
  test.each(['call', 'sms'] as const)('%s is well-formed', (channel) => {
    const { reply, issues } = lintReply(sample(channel), { channel });
    expect(issues).toEqual([]);
    expect(reply).toMatchObject({
      kind: 'overrides',
      override_agent_id: 'agent_12345',
      override_agent_version: 1,
      dynamic_variables: { customer_name: 'John Doe' },
      metadata: { random_id: '12345' },
      agent_override: { agent: { voice_id: '11labs-Adrian' }, retell_llm: { model: 'gpt-4o-mini' } },
      override_faults: [],
    });
  });

  test('E5 with the ids there, nothing is degraded', () => {
    const knowledgeBases = new Set(['kb_abc123']);
    expect(lintReply(sample('call'), { channel: 'call', target: TARGET, catalogue, knowledgeBases }).issues).toEqual(
      [],
    );
  });

  test('E5 on a machine without keys it still refuses nobody', () => {
    const options = {
      channel: 'call',
      target: TARGET,
      catalogue: defaultCatalogue(),
      knowledgeBases: new Set<string>(),
    } as const;
    const { reply, issues } = lintReply(sample('call'), options);
    expect(reply).toMatchObject({ override_faults: [] });
    expect(issues.map((issue) => issue.effect)).toEqual(['degraded', 'degraded', 'degraded']);
  });
});

test('D2 no group, or null for it, is success without overrides', () => {
  for (const value of [undefined, {}, { call_inbound: null }]) {
    expect(lintReply(value, { channel: 'call' })).toEqual({ reply: { kind: 'none' }, issues: [] });
  }
  expect(call({}).reply).toEqual({ kind: 'overrides', dynamic_variables: {}, override_faults: [] });
});

test('D2 case 28 the other group is warned about', () => {
  const { reply, issues } = lintReply({ chat_inbound: { override_agent_id: 'a' } }, { channel: 'call' });
  expect(reply).toEqual({ kind: 'none' });
  expect(issues).toMatchObject([{ severity: 'warning', code: 'other_group', pointer: '/chat_inbound' }]);
});

test('D2 a reply that carries both groups answers both events, and nothing is wrong with it', () => {
  const both = { call_inbound: { override_agent_id: 'a' }, chat_inbound: { override_agent_id: 'b' } };
  for (const channel of ['call', 'sms'] as const) expect(lintReply(both, { channel }).issues).toEqual([]);
  const none = lintReply({ ...both, call_inbound: null }, { channel: 'call' });
  expect(none.issues).toMatchObject([{ code: 'other_group' }]);
});

const BAD: readonly (readonly [string, unknown, string])[] = [
  ['a list', [], ''],
  ['null', null, ''],
  ['a string', 'ok', ''],
  ['a group that is no object', { call_inbound: 'x' }, '/call_inbound'],
  ['an id that is no string', { call_inbound: { override_agent_id: 7 } }, '/call_inbound/override_agent_id'],
  [
    'a version that is an object',
    { call_inbound: { override_agent_version: {} } },
    '/call_inbound/override_agent_version',
  ],
  [
    'a version that is true',
    { call_inbound: { override_agent_version: true } },
    '/call_inbound/override_agent_version',
  ],
  ['variables that are a list', { call_inbound: { dynamic_variables: [] } }, '/call_inbound/dynamic_variables'],
  [
    'a variable that is an object',
    { call_inbound: { dynamic_variables: { 'a/b': {} } } },
    '/call_inbound/dynamic_variables/a~1b',
  ],
  ['metadata that is a list', { call_inbound: { metadata: [] } }, '/call_inbound/metadata'],
  ['an override that is a string', { call_inbound: { agent_override: 'x' } }, '/call_inbound/agent_override'],
  [
    'an override group that is a list',
    { call_inbound: { agent_override: { agent: [] } } },
    '/call_inbound/agent_override/agent',
  ],
];

test.each(BAD)('D3 %s is a bad reply', (_name, value, pointer) => {
  const { reply, issues } = lintReply(value, { channel: 'call' });
  expect(reply).toMatchObject({ kind: 'bad', issues: [{ severity: 'error', effect: 'falls_back', pointer }] });
  expect(issues).toHaveLength(1);
});

test('D3 all faults of the envelope at once', () => {
  const { reply } = call({
    override_agent_id: 1,
    dynamic_variables: { a: [] },
    metadata: 2,
    agent_override: { agent: 3 },
  });
  expect(reply.kind === 'bad' && reply.issues.length).toBe(4);
});

test('D4 ids and versions', () => {
  expect(overrides({ override_agent_id: '', override_agent_version: null }).reply).toEqual({
    kind: 'overrides',
    dynamic_variables: {},
    override_faults: [],
  });
  expect(overrides({ override_agent_version: 0 }).reply.override_agent_version).toBe(0);
  expect(overrides({ override_agent_version: 'prod' }).reply.override_agent_version).toBe('prod');
  const digits = overrides({ override_agent_version: '12' });
  expect(digits.reply.override_agent_version).toBe(12);
  expect(digits.issues).toMatchObject([{ severity: 'warning', code: 'version_as_string' }]);
});

test.each([-1, 1.5])('D4 E6 version %d is a number no version has, and not a bad reply', (override_agent_version) => {
  const { reply, issues } = overrides({ override_agent_version });
  expect(reply.override_agent_version).toBe(override_agent_version);
  expect(issues).toEqual([]);
});

test('D5 numbers and booleans become strings with a warning, null is absent', () => {
  const { reply, issues } = overrides({ dynamic_variables: { a: 1.5, b: true, c: null, d: '{{x}}' } });
  expect(reply.dynamic_variables).toEqual({ a: '1.5', b: 'true', d: '{{x}}' });
  expect(issues.map(({ severity, pointer }) => [severity, pointer])).toEqual([
    ['warning', '/call_inbound/dynamic_variables/a'],
    ['warning', '/call_inbound/dynamic_variables/b'],
  ]);
});

test('D5 case 32 variables over 64 KiB, by number or by size, in UTF-8', () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`variable_${at}`, 'x']));
  expect(call({ dynamic_variables: many }).reply.kind).toBe('bad');
  expect(call({ dynamic_variables: { a: 'x'.repeat(1_000_000) } }).reply.kind).toBe('bad');
  const room = 65_536 - JSON.stringify({ a: '' }).length;
  expect(call({ dynamic_variables: { a: 'x'.repeat(room) } }).reply.kind).toBe('overrides');
  expect(call({ dynamic_variables: { a: 'x'.repeat(room + 1) } }).reply.kind).toBe('bad');
  expect(call({ dynamic_variables: { a: 'ä'.repeat(room / 2 + 1) } }).reply.kind).toBe('bad');
  expect(call({ dynamic_variables: { a: '😀'.repeat(Math.floor(room / 4)) } }).reply.kind).toBe('overrides');
});

test('D6 case 33 metadata is kept as sent up to 50 kB', () => {
  const sent = JSON.parse('{"__proto__":{"x":1},"list":[1,{"a":null}]}');
  expect(JSON.stringify(overrides({ metadata: sent }).reply.metadata)).toBe(JSON.stringify(sent));
  const room = 50_000 - JSON.stringify({ a: '' }).length;
  expect(call({ metadata: { a: 'x'.repeat(room) } }).reply.kind).toBe('overrides');
  expect(call({ metadata: { a: 'x'.repeat(room + 1) } }).reply).toMatchObject({
    kind: 'bad',
    issues: [{ code: 'too_large' }],
  });
});

test('D8 reject refuses only as the boolean true, and only variables and metadata are judged beside it', () => {
  expect(call({ reject: true, metadata: { a: 1 }, override_agent_id: 7, agent_override: 'x' }).reply).toEqual({
    kind: 'reject',
    dynamic_variables: {},
    metadata: { a: 1 },
  });
  expect(call({ reject: true, dynamic_variables: [] }).reply.kind).toBe('bad');
  expect(overrides({ reject: 'true' }).issues).toMatchObject([{ code: 'reject_not_boolean', severity: 'warning' }]);
  expect(overrides({ reject: false }).issues).toEqual([]);
});

test('D9 case 27 unknown fields at every level of the envelope', () => {
  const value = {
    override_agent_id: 'a',
    call_inbound: { agent_id: 'a', agent_override: { agnet: {} }, ['__proto__x']: 1 },
  };
  const { reply, issues } = lintReply(value, { channel: 'call' });
  expect(reply).toMatchObject({ kind: 'overrides', agent_override: {} });
  expect(issues.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
    'misplaced_field /override_agent_id',
    'unknown_field /call_inbound/agent_override/agnet',
    'unknown_field /call_inbound/agent_id',
    'unknown_field /call_inbound/__proto__x',
  ]);
  expect(issues[2]!.message).toContain('override_agent_id');
});

test('D9 __proto__ never reaches a merge', () => {
  const value = JSON.parse(
    '{"call_inbound":{"__proto__":{"reject":true},"dynamic_variables":{"__proto__":"x","constructor":"y"},"agent_override":{"__proto__":{"agent":{"volume":9}}}}}',
  );
  const { reply } = lintReply(value, { channel: 'call' });
  expect(reply).toEqual({ kind: 'overrides', dynamic_variables: {}, agent_override: {}, override_faults: [] });
  expect(({} as Record<string, unknown>)['volume']).toBeUndefined();
});

test('E6 case 31 faults in the groups leave the rest of the reply usable', () => {
  const agent = { voice_temperature: 9, volume: 1, stt_mode: 'custom', custom_stt_config: null };
  const { reply, issues } = overrides({ override_agent_id: 'a', agent_override: { agent } });
  expect(reply.agent_override).toEqual({ agent: { volume: 1, stt_mode: 'custom', custom_stt_config: null } });
  expect(reply.override_faults.map((issue) => issue.pointer)).toEqual([
    '/call_inbound/agent_override/agent/voice_temperature',
    '/call_inbound/agent_override/agent/stt_mode',
  ]);
  expect(issues).toEqual(reply.override_faults);
});

test('E5 webhook_url is judged once its variables are rendered', () => {
  const checkUrl = (url: string) =>
    url.includes('10.0.0.1') ? { ok: false as const, message: 'private' } : { ok: true as const };
  const group = (webhook_url: string) => ({ agent_override: { agent: { webhook_url } } });
  expect(overrides(group('http://10.0.0.1/'), { checkUrl }).reply.override_faults).toMatchObject([
    { code: 'unsafe_url' },
  ]);
  expect(overrides(group('http://{{host}}/'), { checkUrl }).issues).toEqual([]);
  const renderUrl = (url: string) => url.replace('{{host}}', '10.0.0.1');
  expect(overrides(group('http://{{host}}/'), { checkUrl, renderUrl }).reply.override_faults).toHaveLength(1);
  expect(overrides(group('https://example.com/'), { checkUrl }).issues).toEqual([]);
});

describe('E5 E6 llm_websocket_url of an override', () => {
  const asked: string[] = [];
  const checkUrl = (url: string) => {
    asked.push(url);
    return url.includes('169.254.') ? { ok: false as const, message: 'private' } : { ok: true as const };
  };
  const faultsOf = (llm_websocket_url: string) => {
    asked.length = 0;
    const response_engine = { type: 'custom-llm', llm_websocket_url };
    return overrides({ agent_override: { agent: { response_engine } } }, { checkUrl }).reply.override_faults;
  };
  const pointer = '/call_inbound/agent_override/agent/response_engine/llm_websocket_url';

  test.each(['abc', '', 'ftp://x', 'https://example.com/', 'wss://', 'ws://a:99999/', 'wss:a.b'])(
    'E5 %j is malformed',
    (url) => {
      expect(faultsOf(url)).toMatchObject([{ code: 'bad_format', effect: 'refuses', pointer }]);
    },
  );

  test('E5 it is judged as http or https of the same address', () => {
    expect(faultsOf('ws://169.254.169.254/')).toMatchObject([{ code: 'unsafe_url', effect: 'refuses', pointer }]);
    expect(asked).toEqual(['http://169.254.169.254/']);
    expect(faultsOf('wss://example.com:8443/llm')).toEqual([]);
    expect(asked).toEqual(['https://example.com:8443/llm']);
    expect(faultsOf('wss://{{host}}/llm')).toEqual([]);
    expect(asked).toEqual([]);
  });
});

describe('E7 the target', () => {
  test('a group for another engine is ignored, its faults too', () => {
    const group = {
      agent_override: { conversation_flow: { model_temperature: 9 }, retell_llm: { model_temperature: 0.5 } },
    };
    expect(overrides(group).reply.override_faults).toHaveLength(1);
    const { reply, issues } = overrides(group, { target: TARGET });
    expect(reply).toMatchObject({ agent_override: { retell_llm: { model_temperature: 0.5 } }, override_faults: [] });
    expect(reply.agent_override?.conversation_flow).toBeUndefined();
    expect(issues).toMatchObject([{ severity: 'warning', code: 'wrong_engine_group' }]);
  });

  test('on a chat voice fields are checked for form and have no effect; the analysis sets its twin', () => {
    const target: ResolvedTarget = { ...TARGET, channel: 'chat', settings: {} };
    const agent = {
      volume: 1,
      voice_speed: 9,
      webhook_events: ['call_ended'],
      timezone: 'UTC',
      post_call_analysis_data: [{ type: 'system-presets', name: 'call_summary' }],
    };
    const { reply, issues } = lintReply(
      { chat_inbound: { agent_override: { agent } } },
      { channel: 'sms', target, catalogue },
    );
    expect(reply).toMatchObject({
      agent_override: {
        agent: { timezone: 'UTC', post_chat_analysis_data: [{ type: 'system-presets', name: 'chat_summary' }] },
      },
      override_faults: [{ pointer: '/chat_inbound/agent_override/agent/voice_speed' }],
    });
    expect(
      issues.filter((issue) => issue.code === 'voice_only').map((issue) => issue.pointer.split('/').at(-1)),
    ).toEqual(['volume', 'webhook_events']);
  });

  test('E4 the rules between fields look at the merged settings', () => {
    const saved: ResolvedTarget = { ...TARGET, settings: { ...TARGET.settings, voice_id: '11labs-Adrian' } };
    const group = { agent_override: { agent: { language: 'yue-CN' } } };
    expect(overrides(group, { target: saved, catalogue }).reply.override_faults).toMatchObject([
      { code: 'voice_language', pointer: '/call_inbound/agent_override/agent/language' },
    ]);
    expect(overrides(group, { target: TARGET, catalogue }).reply.override_faults).toEqual([]);
  });

  test('E4 response_engine is applied before the engine groups', () => {
    const response_engine = { type: 'conversation-flow', conversation_flow_id: 'cf_1' };
    const group = {
      agent_override: { agent: { response_engine }, conversation_flow: { model_temperature: 0.1 }, retell_llm: {} },
    };
    const { reply, issues } = overrides(group, { target: TARGET, catalogue });
    expect(reply.agent_override).toMatchObject({ conversation_flow: { model_temperature: 0.1 } });
    expect(issues).toMatchObject([{ code: 'wrong_engine_group', pointer: '/call_inbound/agent_override/retell_llm' }]);
  });
});

function resolves(pointer: string, root: unknown): boolean {
  let at = root;
  for (const token of pointer.split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return true;
}

const NAMES = [
  'override_agent_id',
  'override_agent_version',
  'dynamic_variables',
  'metadata',
  'agent_override',
  'reject',
  'agent',
  'retell_llm',
  'conversation_flow',
  'voice_id',
  'voice_model',
  'language',
  'fallback_voice_ids',
  'custom_stt_config',
  'provider',
  'stt_mode',
  'model',
  's2s_model',
  'model_choice',
  'response_engine',
  'type',
  'post_call_analysis_data',
  'voicemail_option',
  'action',
  'pronunciation_dictionary',
  'knowledge_base_ids',
  'kb_config',
  '__proto__',
  'constructor',
  'a/b~c',
  '',
];
const VALUES = [
  '11labs-Adrian',
  'yue-CN',
  'custom',
  'azure',
  'retell-llm',
  'prompt',
  'pinyin',
  'gpt-realtime',
  '{{x}}',
  '9',
  '\ud800',
];

/** An object with these keys, `__proto__` included as an own one, as JSON.parse makes it. */
function objectOf(names: readonly string[], value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 6 }).map((entries) => {
    const made = {};
    for (const [key, entry] of entries) {
      Object.defineProperty(made, key, { value: entry, enumerable: true, configurable: true, writable: true });
    }
    return made;
  });
}

const leaf = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.constantFrom(0, 1, 0.5, -1, 1e12, true, null, Number.POSITIVE_INFINITY),
  fc.jsonValue(),
);
const member = fc.oneof(
  leaf,
  fc.array(leaf, { maxLength: 3 }),
  objectOf(NAMES, leaf),
  fc.array(objectOf(NAMES, leaf), { maxLength: 2 }),
);

function settingsOf(group: SettingsGroup): fc.Arbitrary<unknown> {
  const known = objectOf([...fieldsOf(group).keys(), ...NAMES], member);
  return fc.oneof({ weight: 9, arbitrary: known }, { weight: 1, arbitrary: member });
}

test('D3 E6 property: lint never throws on any JSON, and every pointer leads somewhere in the reply', () => {
  const groups = {
    agent: settingsOf('agent'),
    retell_llm: settingsOf('retell_llm'),
    conversation_flow: settingsOf('conversation_flow'),
  };
  const override = fc.record({ agent_override: fc.record(groups, { requiredKeys: [] }) });
  const group = fc.oneof(override, objectOf(NAMES, member), member);
  const reply = fc.oneof(
    { weight: 9, arbitrary: fc.record({ call_inbound: group }) },
    { weight: 1, arbitrary: member },
  );
  const targets = fc.constantFrom(undefined, TARGET, { ...TARGET, channel: 'chat' as const });
  const reached = new Set<string>();
  fc.assert(
    fc.property(reply, targets, (value, target) => {
      const { issues } = lintReply(value, { channel: 'call', catalogue, ...(target === undefined ? {} : { target }) });
      for (const issue of issues) {
        reached.add(issue.code);
        // What concerns a saved setting alone points at the root, which always resolves.
        expect(resolves(issue.pointer, value), `${issue.code} ${issue.pointer}`).toBe(true);
      }
    }),
    { numRuns: 5000, seed: 20_261_123 },
  );
  // The replies must get past the envelope for the property to mean something.
  const deep = [
    'not_allowed_value',
    'out_of_range',
    'required',
    'forbidden_key',
    'voice_only',
    'unknown_model',
    'unknown_voice',
  ];
  expect([...reached]).toEqual(expect.arrayContaining(deep));
});

test('D3 a value nested a million deep is judged, not followed', () => {
  let deep: unknown = 1;
  for (let at = 0; at < 1_000_000; at++) deep = [deep];
  expect(call({ metadata: { deep } }).reply).toMatchObject({ kind: 'bad', issues: [{ code: 'too_deep' }] });
  expect(call({ agent_override: { agent: { deep } } }).reply).toMatchObject({
    kind: 'bad',
    issues: [{ code: 'too_deep' }],
  });
  expect(call({ unknown: deep, dynamic_variables: { deep } }).reply.kind).toBe('bad');
});

test('D3 a reply full of faults is judged in milliseconds, and its record stays small', () => {
  const names = Array.from({ length: 15_000 }, (_, at) => [`unknwon_${at}`, 1]);
  const entries = Array.from({ length: 2_000 }, () => ({ alphabet: 'x' }));
  const hostile = {
    ...Object.fromEntries(names),
    backchannel_words: Array(30_000).fill(1),
    pronunciation_dictionary: entries,
  };
  const started = performance.now();
  const { reply, issues } = overrides({ agent_override: { agent: hostile } });
  expect(performance.now() - started).toBeLessThan(1500);
  expect(issues.length).toBeLessThanOrEqual(301);
  expect(issues.at(-1)).toMatchObject({ code: 'more_issues' });
  expect(reply.override_faults).toContainEqual(expect.objectContaining({ code: 'too_long' }));
});
