/** D: what an attempt's result means. Every body goes through the bytes, as from a socket. */
import { describe, expect, test } from 'vitest';
import { received, SEED_REPLY } from '../../test/builders.ts';
import { judgeReply } from './judge-reply.ts';

const judge = (body: unknown, more: { status?: number; truncated?: boolean; channel?: 'call' | 'sms' } = {}) => {
  const { status = 200, channel = 'call', ...rest } = more;
  return judgeReply(received(status, body, rest), channel);
};
const inGroup = (group: unknown) => judge({ call_inbound: group });
const utf16 = (text: string) => new Uint8Array(Buffer.from(`\ufeff${text}`, 'utf16le'));

describe('D1 D2 success', () => {
  test.each([
    ['204', '', 204],
    ['a 204 that brings bytes all the same', 'junk', 204],
    ['an empty body', '', 200],
    ['blanks', ' \r\n', 200],
    ['{}', '{}', 200],
    ['the group as null', '{"call_inbound":null}', 200],
    ['JSON without the group', '{"chat_inbound":{"override_agent_id":"a"}}', 200],
  ])('D2 case 19 %s is success with no overrides', (_name, body, status) => {
    expect(judge(body, { status }).kind).toBe('none');
  });

  test('D2 case 28 the other group is warned of', () => {
    const verdict = judge({ chat_inbound: { override_agent_id: 'a' } });
    expect(verdict).toMatchObject({ kind: 'none', issues: [{ severity: 'warning', pointer: '/chat_inbound' }] });
  });

  test('D1 case 34 the sample of the seed, for a call and for a text', () => {
    const verdict = judge(JSON.stringify(SEED_REPLY, null, 2));
    expect(verdict).toMatchObject({
      kind: 'overrides',
      issues: [],
      target: { agent_id: 'agent_12345', version: 1 },
      wishes: {
        dynamic_variables: { customer_name: 'John Doe' },
        metadata: { random_id: '12345' },
        agent_override: SEED_REPLY.call_inbound.agent_override,
        faults: [],
      },
    });
    const text = judge({ chat_inbound: SEED_REPLY.call_inbound }, { channel: 'sms' });
    expect(text).toMatchObject({ kind: 'overrides', issues: [], target: { agent_id: 'agent_12345' } });
  });
});

describe('C2 failures', () => {
  test.each([
    [199, 'http_status'],
    [300, 'redirect'],
    [308, 'redirect'],
    [400, 'http_status'],
    [503, 'http_status'],
    [0, 'http_status'],
  ])('C2 status %i is a failed attempt', (status, error) => {
    expect(judge(SEED_REPLY, { status })).toMatchObject({ kind: 'failed', error, fault: 'endpoint' });
  });

  test('C2 an attempt without a reply keeps whose fault it was', () => {
    const { started, ended, phases, resent } = received(200);
    const lost = {
      started,
      ended,
      phases,
      resent,
      received: false,
      error: 'internal_error',
      fault: 'gateway',
    } as const;
    expect(judgeReply({ ...lost, message: 'm' }, 'call')).toMatchObject({ kind: 'failed', fault: 'gateway' });
  });
});

describe('D3 bad replies', () => {
  test.each([
    ['case 20 HTML', '<html>hello</html>'],
    ['case 21 invalid JSON', '{"call_inbound":'],
    ['case 21 a byte order mark', '\ufeff{}'],
    ['case 21 UTF-16', utf16('{}')],
    ['case 21 bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
    ['case 21 a lone surrogate', '{"call_inbound":{"metadata":{"a":"\\ud800"}}}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['nesting over 32', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
    ['nesting of a million', '['.repeat(200_000)],
    ['the group as text', '{"call_inbound":"yes"}'],
    ['case 33 metadata over 50 kB', { call_inbound: { metadata: { a: 'x'.repeat(50_001) } } }],
    ['case 32 a variable of 100 kB', { call_inbound: { dynamic_variables: { a: 'x'.repeat(100_000) } } }],
    ['a list as agent id', { call_inbound: { override_agent_id: ['a'] } }],
    ['true as version', { call_inbound: { override_agent_version: true } }],
    ['variables as a list', { call_inbound: { dynamic_variables: [] } }],
    ['metadata as text', { call_inbound: { metadata: 'm' } }],
    ['agent_override as text', { call_inbound: { agent_override: 'm' } }],
    ['a group of it as a list', { call_inbound: { agent_override: { agent: [] } } }],
  ])('D3 %s', (_name, body) => {
    const verdict = judge(body);
    expect(verdict.kind).toBe('bad');
    if (verdict.kind !== 'bad') return;
    expect(verdict.issues.length).toBeGreaterThan(0);
    expect(verdict.issues.find(({ severity }) => severity === 'error')?.effect).toBe('falls_back');
  });

  test('D1 case 22 a body cut at the cap is bad', () => {
    expect(judge('{}', { truncated: true }).kind).toBe('bad');
    expect(judge(' '.repeat(256 * 1024 + 1)).kind).toBe('bad');
  });

  test('D3 what is wrong inside the three groups is not the envelope’s', () => {
    const verdict = inGroup({ agent_override: { agent: { voice_temperature: 'hot' } } });
    expect(verdict).toMatchObject({ kind: 'overrides', issues: [] });
    if (verdict.kind !== 'overrides') return;
    expect(verdict.wishes.faults).toMatchObject([
      { code: 'wrong_type', pointer: '/call_inbound/agent_override/agent/voice_temperature' },
    ]);
  });
});

describe('D4–D9 the fields', () => {
  const versionOf = (override_agent_version: unknown) => {
    const verdict = inGroup({ override_agent_version });
    return verdict.kind === 'overrides' ? verdict.target.version : verdict.kind;
  };

  test('D4 "" and null are absent; digits in a string are that number, with a warning', () => {
    expect(inGroup({ override_agent_id: '' })).toMatchObject({ kind: 'overrides', target: {} });
    expect(inGroup({ override_agent_id: null })).toMatchObject({ kind: 'overrides', target: {} });
    expect([versionOf(0), versionOf('3'), versionOf('latest_published'), versionOf('prod')]).toEqual([
      0,
      3,
      'latest_published',
      'prod',
    ]);
    expect(inGroup({ override_agent_version: '3' })).toMatchObject({ issues: [{ severity: 'warning' }] });
  });

  test('D4 E6 a number that no version has is still a version, to be found unknown', () => {
    expect([versionOf(-1), versionOf(1.5)]).toEqual([-1, 1.5]);
  });

  test('D5 numbers and booleans become strings with a warning, null is absent, lists are bad', () => {
    const verdict = inGroup({ dynamic_variables: { a: 1, b: true, c: null, d: 'x' } });
    expect(verdict).toMatchObject({ kind: 'overrides', wishes: { dynamic_variables: { a: '1', b: 'true', d: 'x' } } });
    if (verdict.kind === 'overrides') {
      expect(verdict.wishes.dynamic_variables).not.toHaveProperty('c');
      expect(verdict.issues).toHaveLength(2);
    }
    expect(inGroup({ dynamic_variables: { a: [1] } }).kind).toBe('bad');
  });

  test('D8 only the boolean true refuses, and only variables and metadata are judged beside it', () => {
    expect(inGroup({ reject: true, override_agent_id: 7, agent_override: 'no' }).kind).toBe('reject');
    expect(inGroup({ reject: true, metadata: 'no' }).kind).toBe('bad');
    for (const reject of ['true', 1, {}, 'yes']) {
      expect(inGroup({ reject })).toMatchObject({ kind: 'overrides', issues: [{ severity: 'warning' }] });
    }
    expect(inGroup({ reject: false })).toMatchObject({ kind: 'overrides', issues: [] });
  });

  test('D9 case 27 unknown fields are ignored with a warning and the nearest name', () => {
    expect(inGroup({ overide_agent_id: 'a' })).toMatchObject({
      kind: 'overrides',
      target: {},
      issues: [{ code: 'unknown_field', message: expect.stringContaining('override_agent_id') }],
    });
  });

  test('D9 __proto__, constructor and prototype reach no object', () => {
    const verdict = judge(
      `{"__proto__":{"a":1},"call_inbound":{"__proto__":{"reject":true},"constructor":1,
        "dynamic_variables":{"__proto__":"x","constructor":"y","ok":"z"},
        "agent_override":{"__proto__":{"agent":{}},"agent":{"__proto__":{"voice_id":"evil"},"prototype":1}}}}`,
    );
    expect(verdict.kind).toBe('overrides');
    if (verdict.kind !== 'overrides') return;
    expect(Object.entries(verdict.wishes.dynamic_variables)).toEqual([['ok', 'z']]);
    expect(verdict.wishes.agent_override?.agent?.['voice_id']).toBeUndefined();
    expect(verdict.issues.map(({ code }) => code)).toContain('forbidden_key');
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });
});

test.each([429, 500, 503, 302])(
  'C3 Retry-After counts with status %i as with any failure; a date does not',
  (status) => {
    expect(judgeReply(received(status, '', { retryAfter: '4' }), 'call')).toMatchObject({ retryAfterMs: 4_000 });
    const dated = judgeReply(received(status, '', { retryAfter: 'Wed, 21 Oct 2037 07:28:00 GMT' }), 'call');
    expect(dated).not.toHaveProperty('retryAfterMs');
  },
);

test.each([
  ['/login?next=/secret#here', 'a redirect to /login, which is never followed (C7)'],
  ['https://me:pw@other.example/a?token=1', 'a redirect to https://other.example/a, which is never followed (C7)'],
  ['', 'a redirect, which is never followed (C7)'],
  [undefined, 'a redirect, which is never followed (C7)'],
])('C7 H1 a redirect to %s is told without what may be secret', (location, message) => {
  const result = { ...received(302), ...(location !== undefined && { location }) };
  expect(judgeReply(result, 'call')).toMatchObject({ kind: 'failed', error: 'redirect', message });
});
