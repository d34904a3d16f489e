import { makeCertificate } from '@pickup/testkit/certificate';
import { type FakeEndpoint, type FakeEndpointOptions, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { Retell } from 'retell-sdk';
import { afterEach, expect, test } from 'vitest';
import { rehearseWebhook, type WebhookRehearsal } from './rehearse-webhook.ts';

const KEY = 'key_of_the_rehearsal';
const opened: FakeEndpoint[] = [];
afterEach(async () => {
  for (const endpoint of opened.splice(0)) await endpoint.close();
});

async function stage(options: FakeEndpointOptions) {
  const endpoint = await startFakeEndpoint(options);
  opened.push(endpoint);
  const call = (more: Partial<WebhookRehearsal> = {}) =>
    rehearseWebhook({
      channel: 'call',
      from_number: '+12137771234',
      to_number: '+12137771235',
      webhookUrl: `${endpoint.url}/hook?secret=1`,
      signingKey: KEY,
      ...more,
    });
  return { endpoint, call };
}

const names = (id: string) => ({ body: JSON.stringify({ call_inbound: { override_agent_id: id } }) });

test('B1 B2 the endpoint is asked as by a gateway, and the official SDK accepts the signature', async () => {
  const { endpoint, call } = await stage({ handler: () => names('agent_a') });
  const inbound = await call({ agent: { agent_id: 'agent_own' } });
  expect(inbound).toMatchObject({ outcome: 'connected', agent_id: 'agent_a', attempts: [{ status: 200 }] });
  const [request] = endpoint.requests;
  const body = request!.body.toString();
  expect(JSON.parse(body)).toMatchObject({ event: 'call_inbound', call_inbound: { agent_id: 'agent_own' } });
  expect(await Retell.verify(body, KEY, request!.header('x-retell-signature') ?? '')).toBe(true);
  expect(request?.header('webhook-id')).toBe(inbound.inbound_id);
});

test('H1 what was sent as a secret in the URL is not in the record', async () => {
  const { call } = await stage({ handler: () => ({ status: 204 }) });
  const inbound = await call();
  expect(inbound.settings?.['webhook_url']).toMatch(/\/hook\?\*\*\*$/);
  expect(JSON.stringify(inbound)).not.toContain('secret=1');
});

test('C6 an impatient caller hangs up while the endpoint thinks', async () => {
  const { call } = await stage({ handler: () => 'hang' });
  const changes: (string | null)[] = [];
  const inbound = await call({ fault: { kind: 'hang-up' }, onChange: (now) => changes.push(now.outcome) });
  expect(inbound).toMatchObject({ outcome: 'caller_abandoned', attempts: [{ verdict: 'aborted' }] });
  expect(inbound.outcome_timestamp! - inbound.arrival_timestamp).toBeGreaterThanOrEqual(990);
  expect(changes.length).toBeGreaterThan(1);
});

test('B3 duplicate: an endpoint that draws lots is found out', async () => {
  const { call } = await stage({ handler: (_, nth) => names(`agent_${nth}`) });
  const inbound = await call({ fault: { kind: 'duplicate' } });
  expect(inbound).toMatchObject({ outcome: 'connected', agent_id: 'agent_1' });
  expect(inbound.issues[0]).toMatchObject({ code: 'answers_differ', pointer: '/call_inbound/override_agent_id' });
  expect(inbound.decision[1]).toContain('a simulated fault: duplicate');
});

test('C2 E3 a certificate nobody trusts fails as it would in a gateway', async () => {
  const { call } = await stage({ tls: makeCertificate() });
  const inbound = await call({ fault: { kind: 'slow-drip', attempts: 4 } });
  expect(inbound.outcome).toBe('webhook_failed');
  expect(inbound.attempts.map(({ error, reason, simulated }) => [error, reason, simulated])).toEqual(
    Array.from({ length: 4 }, () => ['tls_error', 'DEPTH_ZERO_SELF_SIGNED_CERT', undefined]),
  );
});

test('A1 a text is asked for as a text, and has no reply where it is declined', async () => {
  const { endpoint, call } = await stage({ handler: () => ({ body: '{"chat_inbound":{"reject":true}}' }) });
  expect(await call({ channel: 'sms' })).toMatchObject({ channel: 'sms', outcome: 'declined' });
  expect(JSON.parse(endpoint.requests[0]!.body.toString())).toHaveProperty('event', 'chat_inbound');
});
