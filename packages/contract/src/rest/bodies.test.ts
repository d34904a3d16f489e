import { describe, expect, test } from 'vitest';
import { parseCreateVersion, parsePublish } from './agent-version-bodies.ts';
import { type BodyResult, parseEngineVersionQuery, parseVersionQuery } from './body.ts';
import { parseRegisterCall, parseUpdateCall } from './call-bodies.ts';
import { CALL_FILTERS, INBOUND_FILTERS, parseListBody, parsePageQuery } from './list-body.ts';
import { parseCheckReply, parseSimulate } from './simulate-body.ts';

function faultsOf(result: BodyResult<unknown>): string[] {
  return result.ok ? [] : result.issues.map(({ code, pointer }) => `${code} ${pointer}`);
}

describe('A3 register-phone-call', () => {
  test('takes what a webhook would have said', () => {
    const body = {
      agent_id: 'a',
      agent_version: 'latest',
      from_number: '+1',
      metadata: { a: { b: 1 } },
      retell_llm_dynamic_variables: { name: 'Ann', age: 7 },
      agent_override: { agent: { voice_speed: 1.5 } },
    };
    expect(parseRegisterCall(body)).toMatchObject({
      ok: true,
      value: { ...body, direction: 'inbound', retell_llm_dynamic_variables: { name: 'Ann', age: '7' } },
      warnings: [{ code: 'variable_not_string' }],
    });
  });

  test('every fault at once, override included, and all refuse', () => {
    const result = parseRegisterCall({
      agent_version: 1.5,
      direction: 'up',
      metadata: [],
      agent_override: { agent: { voice_speed: 3 }, retell_llm: 7 },
    });
    expect(faultsOf(result)).toEqual([
      'not_an_integer /agent_version',
      'not_allowed_value /direction',
      'required ',
      'wrong_type /metadata',
      'wrong_type /agent_override/retell_llm',
      'out_of_range /agent_override/agent/voice_speed',
    ]);
    expect(!result.ok && result.issues.every((issue) => issue.effect === 'refuses')).toBe(true);
  });
});

test('update-call allows no other property', () => {
  expect(parseUpdateCall({ metadata: { a: 1 }, custom_attributes: { a: 'x', b: 1, c: true } }).ok).toBe(true);
  const result = parseUpdateCall({ metdata: {}, custom_attributes: { a: null, b: {} }, data_storage_setting: 'none' });
  expect(faultsOf(result)).toEqual([
    'unknown_field /metdata',
    'not_allowed_value /data_storage_setting',
    'wrong_type /custom_attributes/a',
    'wrong_type /custom_attributes/b',
  ]);
  expect(!result.ok && result.issues[0]?.message).toContain('metadata');
});

describe('lists', () => {
  test('an absent body is the first page', () => {
    const page = { limit: 50, sort_order: 'descending', include_total: false, filters: [] };
    expect(parseListBody(undefined, CALL_FILTERS)).toEqual({ ok: true, value: page, warnings: [] });
    expect(parseListBody({}, CALL_FILTERS)).toEqual({ ok: true, value: page, warnings: [] });
  });

  test("each of Retell's filter shapes", () => {
    const result = parseListBody(
      {
        limit: 1000,
        filter_criteria: {
          call_id: { type: 'string', op: 'sw', value: 'call_' },
          call_status: { type: 'enum', op: 'in', value: ['ended'] },
          duration_ms: { type: 'number', op: 'ge', value: 5 },
          start_timestamp: { type: 'range', op: 'bt', value: [1, 2] },
          in_voicemail: { type: 'boolean', op: 'eq', value: true },
          metadata: [{ type: 'present', op: 'pr', key: 'order' }],
          agent: [{ agent_id: 'a', version: [0] }],
        },
      },
      CALL_FILTERS,
    );
    expect(result).toMatchObject({
      ok: true,
      value: {
        limit: 1000,
        filters: [
          { field: 'call_id', op: 'sw', value: 'call_' },
          { field: 'call_status', op: 'in', value: ['ended'] },
          { field: 'duration_ms', op: 'ge', value: 5 },
          { field: 'start_timestamp', op: 'bt', value: [1, 2] },
          { field: 'in_voicemail', op: 'eq', value: true },
          { field: 'metadata', op: 'pr', key: 'order' },
        ],
        agents: [{ agent_id: 'a', version: [0] }],
      },
    });
  });

  test('a filter of the wrong shape is told where', () => {
    const filter_criteria = {
      outcome: { type: 'number', op: 'eq', value: 1 },
      from_number: 'x',
      arrival_timestamp: { type: 'range', op: 'bt', value: [1] },
      to_number: { type: 'string', op: 'like', value: 'x' },
    };
    expect(faultsOf(parseListBody({ filter_criteria, limit: 0 }, INBOUND_FILTERS))).toEqual([
      'out_of_range /limit',
      'not_allowed_value /filter_criteria/outcome/type',
      'wrong_type /filter_criteria/from_number',
      'not_allowed_value /filter_criteria/arrival_timestamp/value',
      'not_allowed_value /filter_criteria/to_number/op',
    ]);
    expect(
      faultsOf(parseListBody({ filter_criteria: { metadata: [{ type: 'present', op: 'np' }] } }, CALL_FILTERS)),
    ).toEqual(['required /filter_criteria/metadata/0']);
  });

  test.each([
    ['list-inbounds', INBOUND_FILTERS, 'outcom', 'outcome'],
    ['list-inbounds', INBOUND_FILTERS, 'agent', 'agent_id'],
    ['list-calls', CALL_FILTERS, 'call_state', 'call_status'],
  ])('a filter %s does not know is refused with the nearest one, for without it everything is listed', (...row) => {
    const [, known, name, near] = row;
    const filter_criteria = { [name]: { type: 'string', op: 'eq', value: 'x' } };
    expect(parseListBody({ filter_criteria }, known)).toMatchObject({
      ok: false,
      issues: [
        {
          code: 'unknown_field',
          effect: 'refuses',
          pointer: `/filter_criteria/${name}`,
          message: `filter_criteria.${name} is not a known field. Did you mean ${near}?`,
        },
      ],
    });
  });

  test('paging in a query comes as text', () => {
    expect(parsePageQuery({ limit: '7', pagination_key: '', other: 'x' })).toEqual({
      ok: true,
      value: { limit: 7, sort_order: 'descending' },
      warnings: [],
    });
    expect(faultsOf(parsePageQuery({ limit: 'ten', sort_order: 'up' }))).toEqual([
      'wrong_type /limit',
      'not_allowed_value /sort_order',
    ]);
  });
});

test('version=0 is a version, an empty one is none', () => {
  expect([
    parseVersionQuery('0'),
    parseVersionQuery(''),
    parseVersionQuery('prod'),
    parseVersionQuery(undefined),
  ]).toEqual([0, undefined, 'prod', undefined]);
  expect(parseEngineVersionQuery('0')).toMatchObject({ ok: true, value: 0 });
  expect(parseEngineVersionQuery('prod').ok).toBe(false);
});

test('publish and new version', () => {
  expect(parsePublish({ version: 0, version_title: 'x' }).ok).toBe(true);
  expect(faultsOf(parsePublish({}))).toEqual(['required ']);
  expect(faultsOf(parseCreateVersion({ base_version: '1' }))).toEqual(['wrong_type /base_version']);
});

test('simulations and replies to check', () => {
  expect(parseSimulate({ from_number: '+1', to_number: '+2', headers: { 'X-A': 'b' } })).toMatchObject({
    ok: true,
    value: { text: '' },
  });
  expect(faultsOf(parseSimulate({ from_number: '', headers: { a: 1 } }))).toEqual([
    'too_short /from_number',
    'wrong_type /headers/a',
    'required ',
  ]);
  expect(parseCheckReply({ reply: null })).toMatchObject({ ok: true, value: { channel: 'call', reply: null } });
  expect(faultsOf(parseCheckReply({ channel: 'fax' }))).toEqual(['not_allowed_value /channel', 'required ']);
});
