import { expect, test } from 'vitest';
import { checkSettings } from './check-settings.ts';
import { nearestName } from './nearest.ts';

const override = { pointer: '', mode: 'override' } as const;

test('E6 case 31 all faults at once, also beside a sibling of the wrong type', () => {
  const sent = {
    voice_temperature: 9,
    max_call_duration_ms: -1,
    volume: '2',
    end_call_after_silence_ms: 1e12,
    language: 5,
  };
  const { issues } = checkSettings('agent', sent, override);
  expect(issues.map((issue) => `${issue.code} ${issue.pointer}`)).toEqual([
    'out_of_range /voice_temperature',
    'out_of_range /max_call_duration_ms',
    'wrong_type /volume',
    'wrong_type /language',
  ]);
  expect(issues[0]).toMatchObject({ allowed: { minimum: 0, maximum: 2 }, sent: 9 });
});

test('D9 case 27 unknown fields are ignored with the nearest known name, inside objects too', () => {
  const { value, issues } = checkSettings(
    'agent',
    { voice_sped: 1, pii_config: { mode: 'post_call', categories: [], catagories: [] } },
    override,
  );
  expect(value).toEqual({ pii_config: { mode: 'post_call', categories: [] } });
  expect(issues).toMatchObject([
    { severity: 'warning', effect: 'ignored', code: 'unknown_field', pointer: '/voice_sped' },
    { severity: 'warning', code: 'unknown_field', pointer: '/pii_config/catagories' },
  ]);
  expect(issues[0]!.message).toContain('voice_speed');
  expect(issues[1]!.message).toContain('categories');
});

test('D9 names that reach a prototype are ignored at every level', () => {
  const sent = JSON.parse(
    '{"__proto__":{"volume":2},"constructor":1,"prototype":1,"kb_config":{"__proto__":{"top_k":5},"top_k":3}}',
  );
  const { value, issues } = checkSettings('retell_llm', sent, override);
  expect(JSON.stringify(value)).toBe('{"kb_config":{"top_k":3}}');
  expect(Object.getPrototypeOf(value['kb_config'])).toBe(Object.prototype);
  expect(issues.map((issue) => issue.code)).toEqual(Array(4).fill('forbidden_key'));
});

test('E5 saved settings cannot be overridden', () => {
  const { value, issues } = checkSettings('retell_llm', { general_prompt: 'Hi', states: 7 }, override);
  expect([value, issues.map(({ code, severity }) => [code, severity])]).toEqual([
    {},
    Array(2).fill(['not_overridable', 'warning']),
  ]);
});

test('E5 create asks for what it needs, update does not', () => {
  const missing = checkSettings('agent', {}, { pointer: '', mode: 'create' }).issues.map((issue) => issue.message);
  expect(missing).toHaveLength(2);
  expect(missing.join()).toMatch(/response_engine.*voice_id/);
  expect(checkSettings('agent', {}, { pointer: '', mode: 'update' }).issues).toEqual([]);
  expect(checkSettings('agent', {}, { pointer: '', mode: 'create', channel: 'chat' }).issues).toHaveLength(1);
  expect(checkSettings('conversation_flow', {}, { pointer: '', mode: 'create' }).issues).toHaveLength(3);
});

test('E5 create keeps tools, states and nodes as they were sent', () => {
  const tool = {
    type: 'custom',
    name: 'look_up',
    url: 'https://example.com',
    parameters: { type: 'object', deep: [{ a: 1 }] },
  };
  const llm = { general_prompt: 'Hi', general_tools: [tool], states: [{ name: 's', edges: [], tools: [tool] }] };
  expect(checkSettings('retell_llm', llm, { pointer: '', mode: 'create' })).toEqual({ value: llm, issues: [] });
  const flow = {
    model_choice: { type: 'cascading', model: 'gpt-5' },
    start_speaker: 'agent',
    nodes: [{ id: 'n1', type: 'conversation', instruction: { type: 'prompt', text: 'x' }, edges: [] }],
  };
  expect(checkSettings('conversation_flow', flow, { pointer: '', mode: 'create' })).toEqual({
    value: flow,
    issues: [],
  });
  const bad = checkSettings(
    'retell_llm',
    { general_tools: [{ type: 'custm', name: 'x' }, { type: 'end_call' }] },
    { pointer: '', mode: 'update' },
  );
  expect(bad.issues.map(({ code, pointer }) => [code, pointer])).toEqual([
    ['not_allowed_value', '/general_tools/0/type'],
    ['required', '/general_tools/1'],
  ]);
});

test('E5 what the API returns may be sent back', () => {
  const { issues } = checkSettings(
    'agent',
    { agent_id: 'a', version: 3, is_published: false },
    { pointer: '', mode: 'update' },
  );
  expect(issues.map((issue) => issue.code)).toEqual(Array(3).fill('read_only'));
});

test('D9 nearest name', () => {
  const known = ['override_agent_id', 'dynamic_variables', 'metadata', 'voice_id', 'voice_speed'];
  expect(nearestName('voiceSpeed', known)).toBe('voice_speed');
  expect(nearestName('retell_llm_dynamic_variables', known)).toBe('dynamic_variables');
  expect(nearestName('agent_id', known)).toBe('override_agent_id');
  expect(nearestName('meatdata', known)).toBe('metadata');
  expect(nearestName('something else', known)).toBeUndefined();
  expect(nearestName('x'.repeat(100_000), known)).toBeUndefined();
});

test('E5 create asks for the same form of llm_websocket_url as an override', () => {
  const engineOf = (llm_websocket_url: string) => ({ type: 'custom-llm', llm_websocket_url });
  const check = (url: string) =>
    checkSettings('agent', { response_engine: engineOf(url), voice_id: 'x' }, { pointer: '', mode: 'create' }).issues;
  expect(check('wss://llm.example/socket')).toEqual([]);
  expect(check('ftp://x')).toMatchObject([
    {
      code: 'bad_format',
      pointer: '/response_engine/llm_websocket_url',
      message: 'agent.response_engine.llm_websocket_url must be a URL that begins with ws:// or wss://.',
    },
  ]);
});

test('D9 a mistyped name brings the nearest one as a value, and each issue its rule', () => {
  const { issues } = checkSettings('agent', { voice_sped: 1, voice_speed: 9 }, { pointer: '', mode: 'override' });
  expect(issues).toMatchObject([
    { code: 'unknown_field', rule: 'D9', nearest: 'voice_speed' },
    { code: 'out_of_range', rule: 'E5' },
  ]);
});

test('E5 a mistyped value of a closed list brings the nearest one', () => {
  const { issues } = checkSettings('agent', { language: 'en_US' }, { pointer: '', mode: 'override' });
  expect(issues).toMatchObject([{ code: 'not_allowed_value', sent: 'en_US', nearest: 'en-US' }]);
  expect(issues[0]?.message).toMatch(/ Did you mean en-US\?$/);
});
