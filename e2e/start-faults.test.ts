/** What an operator can get wrong, and callers of numbers that nobody has. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createPhone } from '@pickup/testkit/phone';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayProcess, serveThatFails, startGateway } from './support/gateway.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';
import { until } from './support/until.ts';

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway?.kill9());

test('an HTTP port in use is named, with what to do', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await serveThatFails({ env: { PICKUP_HTTP_PORT: String(port) } });
    expect(code).toBe(2);
    expect(stderr).toContain(`PICKUP_HTTP_PORT ${port} is in use`);
    expect(stderr).not.toMatch(/^\s+at /m);
  } finally {
    other.close();
  }
});

test('a SIP port in use is named, with what to do', async () => {
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  await once(udp, 'listening');
  try {
    const { port } = udp.address();
    const { code, stderr } = await serveThatFails({ env: { PICKUP_SIP_PORT: String(port) } });
    expect(code).toBe(2);
    expect(stderr).toContain(`PICKUP_SIP_PORT ${port} is in use`);
    expect(stderr).not.toMatch(/^\s+at /m);
  } finally {
    udp.close();
  }
});

test('a SIP port in use over TCP alone is named too', async () => {
  const tcp = createServer().listen(0, '127.0.0.1');
  await once(tcp, 'listening');
  try {
    const { port } = tcp.address() as AddressInfo;
    const { code, stderr } = await serveThatFails({ env: { PICKUP_SIP_PORT: String(port) } });
    expect(code).toBe(2);
    expect(stderr).toContain(`PICKUP_SIP_PORT ${port} is in use`);
  } finally {
    tcp.close();
  }
});

test('a second process on the data folder is refused, and the first goes on', async () => {
  const { code, stderr } = await serveThatFails({ home: gateway.home });
  expect(code).toBe(2);
  expect(stderr).toContain(`The data folder ${gateway.home} is in use by another Pickup (pid ${gateway.pid})`);
  expect((await gateway.rest('GET', '/ready')).status).toBe(200);
});

test('all faults of the configuration at once, exit 2, no secret shown', async () => {
  const { code, stderr } = await serveThatFails({
    env: {
      PICKUP_HTTP_PORT: '99999',
      PICKUP_SIP_PEERS: '10.0.0.0/33',
      PICKUP_WEBHOOK_PROFILE: 'seeed',
      PICKUP_SEAL_KEY: 'deadbeefsecret',
      PICKUP_DRAIN_SECONDS: 'a minute',
      PICKUP_API_KY: 'x',
    },
  });
  expect(code).toBe(2);
  for (const name of ['HTTP_PORT', 'SIP_PEERS', 'WEBHOOK_PROFILE', 'SEAL_KEY', 'DRAIN_SECONDS']) {
    expect(stderr).toMatch(new RegExp(`PICKUP_${name}.* must `));
  }
  expect(stderr).toContain('PICKUP_API_KEY'); // the nearest name of the misspelt one
  expect(stderr).not.toContain('deadbeefsecret');
});

test('A4 a number nobody owns: 404, outcome unknown_number, no webhook, no call object', async () => {
  const inbound = await waitForOutcome(gateway, await simulateCall(gateway, { to: '+12139999999' }));
  expect(inbound).toMatchObject({ outcome: 'unknown_number', to_number: '+12139999999', attempts: [] });
  expect(inbound.decision.join('\n')).toContain('SIP 404');
  expect((await gateway.rest('GET', `/v2/get-call/${inbound.call_id}`)).status).toBe(422);
  const phone = await createPhone();
  try {
    const call = await phone.call({ to: '+12139999998', from: '+12137771234', server: gateway.sip });
    expect((await call.final).code).toBe(404);
    // The outcome is written when the answer has left.
    const inbound = await until('the outcome', async () => {
      const { body } = await gateway.rest('POST', '/list-inbounds', { limit: 1 });
      return body.items[0]?.outcome !== null && body.items[0];
    });
    expect(inbound).toMatchObject({ to_number: '+12139999998', outcome: 'unknown_number', edge: 'sip' });
  } finally {
    await phone.close();
  }
});

test('ids that nobody has: 422 in Retell’s words, and unknown routes 404', async () => {
  for (const path of ['/get-inbound/inb_0', '/v2/get-call/call_0', '/get-agent/agent_0', '/get-phone-number/+19999']) {
    const { status, body } = await gateway.rest('GET', path);
    expect([path, status, body.status]).toEqual([path, 422, 'error']);
  }
  expect((await gateway.rest('GET', '/no-such-route')).status).toBe(404);
});
