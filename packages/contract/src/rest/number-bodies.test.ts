import { describe, expect, test } from 'vitest';
import { fallbackNumberWarning, parseImportNumber, parseUpdateNumber } from './number-bodies.ts';

const NUMBER = '+12137771235';
const IMPORT = { phone_number: NUMBER, termination_uri: 'sip.example.com' };

function update(body: unknown) {
  return parseUpdateNumber(body, { phone_number: NUMBER });
}

function faultsOf(result: ReturnType<typeof update>): string[] {
  return result.ok ? [] : result.issues.map(({ code, pointer }) => `${code} ${pointer}`);
}

describe('import-phone-number', () => {
  test("takes Retell's fields, the trunk apart and the password apart", () => {
    const body = {
      ...IMPORT,
      inbound_agents: [
        { agent_id: 'a', weight: 0.3 },
        { agent_id: 'b', weight: 0.7, agent_version: 'prod' },
      ],
      inbound_webhook_url: 'https://example.com/hook',
      sip_trunk_auth_username: 'user',
      sip_trunk_auth_password: 'secret',
      transport: 'UDP',
      allowed_inbound_country_list: ['US', 'AT'],
      nickname: 'front desk',
    };
    expect(parseImportNumber(body)).toEqual({
      ok: true,
      warnings: [],
      value: {
        phone_number: NUMBER,
        settings: {
          inbound_agents: body.inbound_agents,
          inbound_webhook_url: body.inbound_webhook_url,
          allowed_inbound_country_list: ['US', 'AT'],
          nickname: 'front desk',
        },
        trunk: { termination_uri: 'sip.example.com', auth_username: 'user', transport: 'UDP' },
        auth_password: 'secret',
      },
    });
  });

  test('E.164 is asked for only with ignore_e164_validation false, a boolean', () => {
    expect(parseImportNumber({ ...IMPORT, phone_number: '4242' }).ok).toBe(true);
    const strict = parseImportNumber({ ...IMPORT, phone_number: '4242', ignore_e164_validation: false });
    expect(faultsOf(strict)).toEqual(['bad_format /phone_number']);
    expect(faultsOf(parseImportNumber({ ...IMPORT, ignore_e164_validation: 'true' }))).toEqual([
      'wrong_type /ignore_e164_validation',
    ]);
    expect(faultsOf(parseImportNumber({}))).toEqual(['required ', 'required ']);
    expect(faultsOf(parseImportNumber(7))).toEqual(['wrong_type ']);
  });
});

describe('update-phone-number', () => {
  test('the single agent of older SDKs becomes a list of one', () => {
    const result = update({ inbound_agent_id: 'a', inbound_agent_version: 0, inbound_sms_agent_id: null });
    expect(result).toMatchObject({
      ok: true,
      value: {
        settings: { inbound_agents: [{ agent_id: 'a', weight: 1, agent_version: 0 }], inbound_sms_agents: null },
      },
    });
    expect(update({ inbound_agent_id: 'a', inbound_agents: null })).toMatchObject({
      ok: true,
      value: { settings: { inbound_agents: null } },
    });
    expect(faultsOf(update({ inbound_agent_version: 1 }))).toEqual(['required /inbound_agent_version']);
  });

  test('A7 weights sum to 1', () => {
    const agents = (...weights: number[]) => ({ inbound_agents: weights.map((weight) => ({ agent_id: 'a', weight })) });
    expect(faultsOf(update(agents(0.5, 0.4)))).toEqual(['weights /inbound_agents']);
    expect(update(agents(0.1, 0.2, 0.7)).ok).toBe(true);
    expect(update(agents()).ok).toBe(true);
    expect(faultsOf(update(agents(1.5)))).toEqual(['out_of_range /inbound_agents/0/weight']);
  });

  test('A5 countries are ISO alpha-2 codes that exist', () => {
    expect(faultsOf(update({ allowed_inbound_country_list: ['US', 'usa', 'QX', 'de'] }))).toEqual([
      'bad_format /allowed_inbound_country_list/1',
      'bad_format /allowed_inbound_country_list/2',
      'bad_format /allowed_inbound_country_list/3',
    ]);
  });

  test('A5 a number does not fall back to itself', () => {
    expect(faultsOf(update({ fallback_number: NUMBER }))).toEqual(['fallback_number /fallback_number']);
    expect(update({ fallback_number: null }).ok).toBe(true);
  });

  test('C4 our own fields; a ring budget too short to ask anybody is refused', () => {
    const settings = {
      ring_budget_ms: 120_000,
      inbound_webhook_profile: 'current',
      on_invalid_override: 'ignore',
      refusal_codes: { declined: 486 },
      blocked_callers: ['+1900*', 'anonymous'],
      redirects: true,
      outcome_header: true,
    };
    expect(update(settings)).toEqual({ ok: true, warnings: [], value: { settings, trunk: {} } });
    for (const ring_budget_ms of [1_999, 120_001]) {
      expect(update({ ring_budget_ms })).toMatchObject({
        ok: false,
        issues: [{ message: expect.stringContaining('a whole number from 2000 to 120000 ms') }],
      });
    }
    expect(update({ ring_budget_ms: 2_000 }).ok).toBe(true);
    const bad = {
      ring_budget_ms: 1_999,
      refusal_codes: { declined: 200 },
      blocked_callers: ['mum'],
      on_invalid_override: 'maybe',
    };
    expect(faultsOf(update(bad))).toEqual([
      'out_of_range /ring_budget_ms',
      'out_of_range /refusal_codes/declined',
      'bad_format /blocked_callers/0',
      'not_allowed_value /on_invalid_override',
    ]);
  });

  test('A1 null and "" turn a webhook off; an unsafe one is refused', () => {
    expect(update({ inbound_webhook_url: '', inbound_sms_webhook_url: null })).toMatchObject({
      value: { settings: { inbound_webhook_url: null, inbound_sms_webhook_url: null } },
    });
    const checkUrl = () => ({ ok: false, message: 'a private address' }) as const;
    const result = parseUpdateNumber({ inbound_webhook_url: 'http://10.0.0.1' }, { phone_number: NUMBER, checkUrl });
    expect(faultsOf(result)).toEqual(['unsafe_url /inbound_webhook_url']);
  });

  test('case 61b who may call: peers are read one by one, a fault names its place', () => {
    const readPeer = (text: string) =>
      /^[\d./]+$/.test(text)
        ? ({ ok: true, text: `${text}/32` } as const)
        : ({ ok: false, rule: 'must be a block' } as const);
    const read = (sip_peers: unknown) => parseUpdateNumber({ sip_peers }, { phone_number: NUMBER, readPeer });
    expect(read([' 192.0.2.1', '192.0.2.1', '192.0.2.2'])).toMatchObject({
      value: { settings: { sip_peers: ['192.0.2.1/32', '192.0.2.2/32'] } },
    });
    expect(read(null)).toMatchObject({ ok: true, value: { settings: { sip_peers: null } } });
    expect(read(['192.0.2.1', 'carrier.example'])).toMatchObject({
      ok: false,
      issues: [{ pointer: '/sip_peers/1', message: 'sip_peers[1] must be a block.' }],
    });
    expect(read([]).ok).toBe(false);
    expect(read('192.0.2.1').ok).toBe(false);
    expect(faultsOf(read(Array.from({ length: 257 }, (_, nth) => `10.0.0.${nth}`)))).toEqual(['too_long /sip_peers']);
    expect(update({ sip_peers: ['0.0.0.0/0'] })).toMatchObject({ ok: true, warnings: [{ code: 'open_to_all' }] });
  });

  test('case 61b user name and password of callers come and go as a pair', () => {
    const change = (body: object, hasLogin = false) => parseUpdateNumber(body, { phone_number: NUMBER, hasLogin });
    const pair = { sip_inbound_username: 'carrier', sip_inbound_password: 'open sesame!' };
    expect(change(pair)).toEqual({
      ok: true,
      warnings: [],
      value: { settings: { sip_inbound_username: 'carrier' }, trunk: {}, sip_inbound_password: 'open sesame!' },
    });
    expect(faultsOf(change({ sip_inbound_username: 'carrier' }))).toEqual(['required /sip_inbound_password']);
    expect(faultsOf(change({ sip_inbound_password: 'open sesame!' }))).toEqual(['required /sip_inbound_username']);
    expect(faultsOf(change({ ...pair, sip_inbound_username: null }, true))).toEqual(['required /sip_inbound_username']);
    expect(faultsOf(change({ sip_inbound_password: '' }, true))).toEqual(['required /sip_inbound_password']);
    expect(change({ sip_inbound_username: 'other' }, true).ok).toBe(true);
    expect(change({ sip_inbound_password: 'another secret' }, true).ok).toBe(true);
    expect(change({ sip_inbound_username: null }, true)).toMatchObject({
      value: { settings: { sip_inbound_username: null }, sip_inbound_password: null },
    });
    expect(change({ sip_inbound_username: null, sip_inbound_password: null }).ok).toBe(true);
    expect(change({ ...pair, sip_inbound_password: 'short' })).toMatchObject({
      ok: true,
      warnings: [{ code: 'weak_password' }],
    });
    for (const sip_inbound_username of ['a:b', 'a"b', '', 'x'.repeat(65), 'a\nb']) {
      expect(faultsOf(change({ ...pair, sip_inbound_username }))).toEqual(['bad_format /sip_inbound_username']);
    }
    expect(faultsOf(change({ ...pair, sip_inbound_password: 'x'.repeat(129) }))).toEqual([
      'bad_format /sip_inbound_password',
    ]);
  });

  test('fields nobody knows are ignored and listed', () => {
    const result = update({ nick_name: 'x', phone_number_type: 'custom' });
    expect(result).toMatchObject({
      ok: true,
      value: { settings: {} },
      warnings: [{ code: 'unknown_field' }, { code: 'read_only' }],
    });
    expect(result.ok && result.warnings[0]?.message).toContain('nickname');
  });
});

test('G a fallback number that the trunk cannot use is warned about', () => {
  expect(fallbackNumberWarning({ phone_number_type: 'custom', fallback_number: '+1' })?.effect).toBe('not_applied');
  expect(
    fallbackNumberWarning({ phone_number_type: 'custom', fallback_number: '+1', redirects: true }),
  ).toBeUndefined();
  expect(fallbackNumberWarning({ phone_number_type: 'retell-twilio', fallback_number: '+1' })).toBeUndefined();
});

test('D4 a version of digits is that number on import and update, with a warning', () => {
  const inbound_agents = [
    { agent_id: 'a', weight: 0.5, agent_version: '0' },
    { agent_id: 'b', weight: 0.5, agent_version: 'v2' },
  ];
  for (const result of [parseImportNumber({ ...IMPORT, inbound_agents }), update({ inbound_agents })]) {
    expect(result).toMatchObject({
      ok: true,
      value: { settings: { inbound_agents: [{ agent_version: 0 }, { agent_version: 'v2' }] } },
      warnings: [{ code: 'version_as_string', pointer: '/inbound_agents/0/agent_version', sent: '0' }],
    });
  }
  expect(update({ inbound_agent_id: 'a', inbound_agent_version: '12' })).toMatchObject({
    ok: true,
    value: { settings: { inbound_agents: [{ agent_id: 'a', weight: 1, agent_version: 12 }] } },
    warnings: [
      { code: 'version_as_string', pointer: '/inbound_agent_version' },
      { code: 'deprecated', pointer: '/inbound_agent_id' },
    ],
  });
});

test('a version alone is of the one agent that the number has', () => {
  const before = { inbound_agents: [{ agent_id: 'a', weight: 1, agent_version: 1 }] };
  const change = (body: object, had: object = before) => parseUpdateNumber(body, { phone_number: NUMBER, before: had });
  const settings = { inbound_agents: [{ agent_id: 'a', weight: 1, agent_version: 2 }] };
  expect(change({ inbound_agent_version: 2 })).toMatchObject({ ok: true, value: { settings } });
  expect(change({ inbound_agent_version: null })).toMatchObject({
    ok: true,
    value: { settings: { inbound_agents: [{ agent_id: 'a', weight: 1 }] } },
  });
  expect(change({ inbound_agent_id: null, inbound_agent_version: 2 })).toMatchObject({
    ok: true,
    value: { settings: { inbound_agents: null } },
  });
  const two = { inbound_agents: [...before.inbound_agents, { agent_id: 'b', weight: 0 }] };
  for (const had of [{}, two]) expect(change({ inbound_agent_version: 2 }, had).ok).toBe(false);
  expect(change({ outbound_agent_version: 2 }).ok).toBe(false);
});

test('a number that no path could name is no number', () => {
  for (const phone_number of ['', '  ', '1'.repeat(101)]) {
    expect(parseImportNumber({ ...IMPORT, phone_number }).ok, phone_number).toBe(false);
  }
  expect(parseImportNumber({ ...IMPORT, phone_number: '1'.repeat(100) }).ok).toBe(true);
});
