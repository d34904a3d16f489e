import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeAgent, startTestApi, type TestApi } from '../../test/start-test-api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
});
afterEach(() => api.close());

const number = '+14157774444';
const trunk = { phone_number: number, termination_uri: 'sip.example.com' };

describe('phone numbers through the SDK', () => {
  test('import, retrieve, update, list and delete', async () => {
    const agent = await makeAgent(api.client);
    const inbound_agents = [{ agent_id: agent.agent_id, weight: 1, agent_version: 0 }];
    const made = await api.client.phoneNumber.import({ ...trunk, inbound_agents, sip_trunk_auth_username: 'me' });
    expect(made).toMatchObject({
      phone_number: number,
      phone_number_type: 'custom',
      phone_number_pretty: '(415) 777-4444',
      area_code: 415,
      inbound_agents,
      sip_outbound_trunk_config: { termination_uri: 'sip.example.com', auth_username: 'me' },
    });
    const changed = await api.client.phoneNumber.update(number, {
      nickname: 'Desk',
      inbound_webhook_url: 'https://a.example/hook',
    });
    expect(changed).toMatchObject({ nickname: 'Desk', inbound_webhook_url: 'https://a.example/hook', inbound_agents });
    expect(await api.client.phoneNumber.retrieve(number)).toEqual(changed);
    expect(await api.client.phoneNumber.update(number, { nickname: null })).toMatchObject({ nickname: null });
    const page = await api.client.phoneNumber.list({ limit: 1 });
    expect(page).toMatchObject({ has_more: false, items: [{ phone_number: number }] });
    await api.client.phoneNumber.delete(number);
    await expect(api.client.phoneNumber.retrieve(number)).rejects.toMatchObject({ status: 422 });
    await expect(api.client.phoneNumber.delete(number)).rejects.toMatchObject({ status: 422 });
  });

  test('pages follow one another', async () => {
    for (const last of [1, 2, 3]) await api.client.phoneNumber.import({ ...trunk, phone_number: `+1415777444${last}` });
    const first = await api.client.phoneNumber.list({ limit: 2, sort_order: 'ascending' });
    expect(first.items.map((one) => one.phone_number)).toEqual(['+14157774441', '+14157774442']);
    const next = await api.client.phoneNumber.list({
      limit: 2,
      sort_order: 'ascending',
      pagination_key: first.pagination_key!,
    });
    expect(next).toMatchObject({ has_more: false, items: [{ phone_number: '+14157774443' }] });
    await expect(api.client.phoneNumber.list({ limit: 1001 })).rejects.toMatchObject({ status: 400 });
    await expect(api.client.phoneNumber.list({ pagination_key: 'made up' })).rejects.toMatchObject({ status: 400 });
  });
});

test('a path takes + and %2B alike, and the old list is a bare array', async () => {
  await api.client.phoneNumber.import(trunk);
  for (const path of ['/get-phone-number/+14157774444', '/get-phone-number/%2B14157774444']) {
    expect(await (await api.request(path)).json()).toMatchObject({ phone_number: number });
  }
  expect(await (await api.request('/list-phone-numbers')).json()).toMatchObject([{ phone_number: number }]);
});

test('the password is sealed and never answered', async () => {
  const response = await api.post('/import-phone-number', { ...trunk, sip_trunk_auth_password: 'hunter2' });
  expect(response.status).toBe(201);
  expect(await response.text()).not.toMatch(/hunter2|sealed/);
  expect(await api.store.getNumber(number)).toMatchObject({ sealed_auth_password: `sealed(7) for ${number}` });
  await api.client.phoneNumber.update(number, { nickname: 'x' });
  expect(await api.store.getNumber(number)).toMatchObject({ sealed_auth_password: `sealed(7) for ${number}` });
  await api.client.phoneNumber.update(number, { auth_password: 'longer one' });
  expect(await api.store.getNumber(number)).toMatchObject({ sealed_auth_password: `sealed(10) for ${number}` });
});

test('case 61b who may call is kept, shown but for the password, and cleared by null', async () => {
  const callers = { sip_peers: ['192.0.2.7', '2001:DB8::/32'], sip_inbound_username: 'carrier' };
  const made = await api.post('/import-phone-number', { ...trunk, ...callers, sip_inbound_password: 'open sesame!' });
  expect(made.status).toBe(201);
  expect(await made.text()).not.toMatch(/sesame|sealed/);
  const shown = { sip_peers: ['192.0.2.7/32', '2001:db8::/32'], sip_inbound_username: 'carrier' };
  expect(await api.client.phoneNumber.retrieve(number)).toMatchObject(shown);
  const sealed = `sealed(12) for callers of ${number}`;
  expect(await api.store.getNumber(number)).toMatchObject({ sealed_sip_inbound_password: sealed, settings: shown });
  const change = (body: object) => api.client.phoneNumber.update(number, body);
  await change({ nickname: 'x' });
  expect(await api.store.getNumber(number)).toMatchObject({ sealed_sip_inbound_password: sealed });
  await change({ sip_inbound_password: 'another secret' });
  expect((await api.store.getNumber(number))?.sealed_sip_inbound_password).toContain('sealed(14)');
  await expect(change({ sip_inbound_password: null })).rejects.toMatchObject({ status: 400 });
  await expect(change({ sip_peers: ['192.0.2.7', '192.0.2.0/33'] })).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('sip_peers[1] must have a prefix length from 0 to 32'),
  });
  await change({ sip_peers: null, sip_inbound_username: null });
  const row = await api.store.getNumber(number);
  expect(row).toMatchObject({ settings: { sip_peers: null, sip_inbound_username: null } });
  expect(row?.sealed_sip_inbound_password).toBeUndefined();
});

test('case 39 a webhook URL that may not be called is refused with what would allow it', async () => {
  const inbound_webhook_url = 'http://169.254.169.254/';
  await expect(api.client.phoneNumber.import({ ...trunk, inbound_webhook_url })).rejects.toMatchObject({
    status: 400,
    message: expect.stringMatching(/inbound_webhook_url.*PICKUP_WEBHOOK_ALLOW=169\.254/),
  });
  expect(await api.store.getNumber(number)).toBeUndefined();
});

test('agents must exist, be of the channel, and have the version named', async () => {
  const voice = await makeAgent(api.client);
  const cases = [
    { inbound_agents: [{ agent_id: 'agent_none', weight: 1 }] },
    { inbound_agents: [{ agent_id: voice.agent_id, weight: 1, agent_version: 7 }] },
    { inbound_sms_agents: [{ agent_id: voice.agent_id, weight: 1 }] },
  ];
  await api.client.phoneNumber.import(trunk);
  for (const change of cases) {
    await expect(api.client.phoneNumber.update(number, change)).rejects.toMatchObject({ status: 422 });
  }
  const half = { inbound_agents: [{ agent_id: voice.agent_id, weight: 0.5 }] };
  await expect(api.client.phoneNumber.update(number, half)).rejects.toMatchObject({ status: 400 });
});

test('fallback numbers: not itself, no chain, and a warning where the trunk does not redirect', async () => {
  await api.client.phoneNumber.import(trunk);
  await api.client.phoneNumber.import({ ...trunk, phone_number: '+14157775555' });
  await expect(api.client.phoneNumber.update(number, { fallback_number: number })).rejects.toMatchObject({
    status: 400,
  });
  const { response } = await api.client.phoneNumber.update(number, { fallback_number: '+14157776666' }).withResponse();
  expect(response.headers.get('x-pickup-warning')).toMatch(/fallback_number/);
  await expect(api.client.phoneNumber.update('+14157775555', { fallback_number: number })).rejects.toMatchObject({
    status: 422,
  });
});

test('own fields are kept; a number is imported once; unknown fields are warned of', async () => {
  const own = {
    ring_budget_ms: 30_000,
    on_invalid_override: 'ignore',
    refusal_codes: { declined: 486 },
    blocked_callers: ['+1900*'],
  };
  const made = await api.post('/import-phone-number', { ...trunk, ...own, ring_budgt_ms: 3 });
  expect(made.headers.get('x-pickup-warning')).toMatch(/ring_budgt_ms/);
  expect(await made.json()).toMatchObject(own);
  const again = await api.post('/import-phone-number', trunk);
  expect(again.status).toBe(422);
});

test('the single agent of older SDKs is shown where there is one, with its version where that is a number', async () => {
  const agent = await makeAgent(api.client);
  const old = { inbound_agent_id: agent.agent_id, inbound_agent_version: 0, outbound_agent_id: null };
  const made = await api.post('/import-phone-number', { ...trunk, ...old });
  expect(made.status).toBe(201);
  const shown = { inbound_agent_id: agent.agent_id, inbound_agent_version: 0 };
  expect(await made.json()).toMatchObject({ ...shown, inbound_agents: [{ agent_id: agent.agent_id, weight: 1 }] });
  const list = { inbound_agents: [{ agent_id: agent.agent_id, weight: 1, agent_version: 'latest' }] };
  const changed = await api.client.phoneNumber.update(number, list);
  expect(changed).toMatchObject({ inbound_agent_id: agent.agent_id });
  expect(changed).not.toHaveProperty('inbound_agent_version');
  // What was read may be written back as it is.
  expect(await api.client.phoneNumber.update(number, changed as object)).toMatchObject(list);
  const two = ['latest', 'latest_published'].map((agent_version) => ({ ...list.inbound_agents[0]!, agent_version }));
  await api.client.agent.publish(agent.agent_id, { version: 0 });
  const both = await api.client.phoneNumber.update(number, {
    inbound_agents: two.map((one) => ({ ...one, weight: 0.5 })),
  });
  expect(both).not.toHaveProperty('inbound_agent_id');
  expect(await api.client.phoneNumber.update(number, { inbound_agents: [] })).not.toHaveProperty('inbound_agent_id');
});

test('numbers must have a form that numbers have, where that is asked for', async () => {
  const strict = { ...trunk, ignore_e164_validation: false };
  for (const phone_number of ['+12', '4242', '+1 415 777 4444', '+141577744441234']) {
    expect((await api.post('/import-phone-number', { ...strict, phone_number })).status, phone_number).toBe(400);
  }
  expect((await api.post('/import-phone-number', strict)).status).toBe(201);
  const loose = await api.post('/import-phone-number', { ...trunk, phone_number: '+1 415 777 5555' });
  expect([loose.status, loose.headers.get('x-pickup-warning')]).toEqual([
    201,
    expect.stringContaining('carriers dial +14157775555'),
  ]);
  await expect(api.client.phoneNumber.update(number, { fallback_number: 'the office' })).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('fallback_number: the office is neither a number here'),
  });
});

test('buying a number is refused with what is missing, and says what works meanwhile', async () => {
  await expect(api.client.phoneNumber.create({ area_code: 415 })).rejects.toMatchObject({
    status: 400,
    error: { code: 'no_credentials' },
    message: expect.stringMatching(/no credentials of Twilio.*POST \/import-phone-number/),
  });
  await expect(api.client.phoneNumber.create({ number_provider: 'telnyx' })).rejects.toMatchObject({
    message: expect.stringContaining('no credentials of Telnyx'),
  });
  const wrong = { area_code: 41, country_code: 'DE', inbound_agents: [{ agent_id: 'a', weight: 0.5 }] };
  const response = await api.post('/create-phone-number', wrong);
  expect(await response.json()).toMatchObject({
    code: 'invalid_request',
    issues: [{ pointer: '/area_code' }, { pointer: '/country_code' }, { pointer: '/inbound_agents' }],
  });
  expect(await api.client.phoneNumber.list()).toMatchObject({ items: [] });
});
