import { expect, test } from 'vitest';
import type { InboundRunner } from '../../runners/inbound-runner.ts';
import type { ArrivedCall } from '../../runners/read-arrival.ts';
import { createSimulator } from './simulator.ts';

async function arrivalOf(call: Parameters<ReturnType<typeof createSimulator>['call']>[0], taking = true) {
  const arrived: ArrivedCall[] = [];
  const simulator = createSimulator({
    clock: { monoMs: () => 1, wallMs: () => 2, after: () => () => {} },
    newId: () => 'id',
    country: 'US',
    readArrival: async (one) => {
      arrived.push(one);
      return {} as never;
    },
    runner: { run: async () => {} } as unknown as InboundRunner,
    startFaultySender: async () => undefined,
    takeText: async () => ({ kind: 'unavailable' }),
    taking: () => taking,
  });
  expect((await simulator.call(call)).inbound_id).toBe('inb_id');
  return arrived[0]!;
}

const NUMBERS = { from_number: '+12137771234', to_number: '+12137771235' };

test('B4, E9 only the headers a SIP caller could bring are taken, names lower-cased, values on one line', async () => {
  const headers = {
    'X-Order': '7',
    'User-To-User': 'u',
    Diversion: 'd',
    'History-Info': 'h',
    'P-Asserted-Identity': 'p',
    From: 'f',
    Other: 'o',
    'X-A\r\nB': 'c',
    'X-Long': 'two\r\nlines',
  };
  expect((await arrivalOf({ ...NUMBERS, headers })).headers).toEqual({
    'x-order': '7',
    'user-to-user': 'u',
    diversion: 'd',
    'history-info': 'h',
    'p-asserted-identity': 'p',
    'x-long': 'twolines',
  });
});

test('A0 numbers are read as a carrier would write them, and a hidden caller is anonymous', async () => {
  const national = await arrivalOf({ from_number: 'Restricted', to_number: '(213) 777-1235' });
  expect(national).toMatchObject({ from: 'anonymous', dialled: '(213) 777-1235', dialledE164: '+12137771235' });
});

test('H5 a call that comes while the gateway stops is said to be refused', async () => {
  expect((await arrivalOf(NUMBERS, false)).media).toBe('draining');
});

test.each([
  ['it cannot be read', { readArrival: async () => Promise.reject(new Error('no store')) }, []],
  ['it ends', {}, ['begun', 'ended', 'closed']],
  ['its run fails', { runner: { run: async () => Promise.reject(new Error('a bug')) } }, ['begun', 'closed']],
])('the link of a simulated fault is gone once %s', async (_, over, expected) => {
  const told: string[] = [];
  const simulator = createSimulator({
    clock: { monoMs: () => 1, wallMs: () => 2, after: () => () => {} },
    newId: () => 'id',
    country: 'US',
    readArrival: async () => ({}) as never,
    startFaultySender: async () => {
      told.push('begun');
      return { send: async () => ({}) as never, close: async () => void told.push('closed') };
    },
    taking: () => true,
    ...{ runner: { run: async () => void told.push('ended') }, ...over },
  } as unknown as Parameters<typeof createSimulator>[0]);
  await simulator
    .call({ ...NUMBERS, fault: { kind: 'reset' } })
    .then(({ recorded }) => recorded)
    .catch(() => {});
  expect(told).toEqual(expected);
});
