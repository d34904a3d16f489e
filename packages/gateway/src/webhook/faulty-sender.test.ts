import type { SimulatedFault } from '@pickup/contract';
import { createOutbound } from '@pickup/outbound';
import { verifyWebhook } from '@pickup/signature';
import { type FakeEndpointOptions, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../runners/clock.ts';
import { startFaultySender } from './faulty-sender.ts';

const KEY = 'key_of_the_faulty_sender';
const BODY = '{"event":"call_inbound"}';
const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one.close();
});

async function stage(fault: SimulatedFault, handler: FakeEndpointOptions['handler'] = () => ({ body: '{}' })) {
  const endpoint = await startFakeEndpoint({ handler });
  const outbound = createOutbound({ clock: systemClock, loopback: true });
  const { wallMs } = systemClock;
  const options = { outbound, clock: systemClock, signingKey: () => KEY, wallMs, version: '1' };
  const sender = await startFaultySender(fault, options);
  closing.push(endpoint, outbound, ...(sender ? [sender] : []));
  const send = (attempt: number) =>
    sender!.send(
      'inb_1',
      {
        type: 'ask',
        attempt,
        url: endpoint.url,
        body: BODY,
        deadline_mono_ms: systemClock.monoMs() + 2_000,
        deadline_wall_ms: systemClock.wallMs() + 2_000,
      },
      new AbortController().signal,
    );
  return { endpoint, sender, send };
}

test('B2 B3 what goes through the link is signed and numbered as every attempt is', async () => {
  const { endpoint, send } = await stage({ kind: 'malformed' });
  expect(await send(2)).toMatchObject({ received: true, simulated: true });
  const [request] = endpoint.requests;
  expect(request?.header('webhook-id')).toBe('inb_1');
  expect(request?.header('x-pickup-attempt')).toBe('2');
  const header = request?.header('x-retell-signature') ?? '';
  expect(verifyWebhook({ body: BODY, key: KEY, header, nowMs: Date.now() })).toBe(true);
});

test('only attempts that met the fault are called simulated', async () => {
  const { send } = await stage({ kind: '500', attempts: 1 });
  expect(await send(1)).toMatchObject({ status: 500, simulated: true });
  expect(await send(2)).not.toHaveProperty('simulated');
});

test('B3 duplicate: two answers that differ are told with the place, the same ones are not', async () => {
  const named = (id: string) => ({ body: JSON.stringify({ call_inbound: { override_agent_id: id } }) });
  const luck = await stage({ kind: 'duplicate' }, (_, nth) => named(`agent_${nth}`));
  expect(await luck.send(1)).toMatchObject({
    noticed: [
      {
        code: 'answers_differ',
        pointer: '/call_inbound/override_agent_id',
        message: expect.stringContaining('was "agent_1", then "agent_2"'),
      },
    ],
  });
  const steady = await stage({ kind: 'duplicate' }, () => named('agent_1'));
  expect(await steady.send(1)).not.toHaveProperty('noticed');
  const once = await stage({ kind: 'duplicate' }, (_, nth) => (nth === 1 ? { body: '{}' } : { status: 409 }));
  expect(await once.send(1)).toMatchObject({
    status: 200,
    noticed: [{ pointer: '', message: expect.stringContaining('200 the first time, 409 the second') }],
  });
});

test('C6 a caller who hangs up needs no link', async () => {
  expect((await stage({ kind: 'hang-up' })).sender).toBeUndefined();
});
