import { expect, test } from 'vitest';
import { runUntilStopped } from './serve.ts';

function signals() {
  const waiting: (() => void)[] = [];
  return {
    stopAsked: () => new Promise<void>((resolve) => waiting.push(resolve)),
    send: () => {
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('H5 the first signal drains, and the gateway ends when that is done', async () => {
  const { stopAsked, send } = signals();
  let stops = 0;
  let drained = () => {};
  let over = false;
  const stop = () => {
    stops++;
    return new Promise<void>((resolve) => {
      drained = resolve;
    });
  };
  const running = runUntilStopped({ stop, stopNow: stop }, { stopAsked, err: () => {} }).then(() => {
    over = true;
  });
  await turn();
  expect(stops).toBe(0);
  send();
  await turn();
  expect([stops, over]).toEqual([1, false]);
  drained();
  await running;
});

test('H5 the second signal ends it at once, though calls still go on', async () => {
  const { stopAsked, send } = signals();
  let cutOff = 0;
  const server = {
    stop: () => new Promise<void>(() => {}),
    stopNow: async () => {
      cutOff++;
    },
  };
  const running = runUntilStopped(server, { stopAsked, err: () => {} });
  await turn();
  send();
  await turn();
  expect(cutOff).toBe(0);
  send();
  await running;
  expect(cutOff).toBe(1);
});

test('a drain that fails is not swallowed', async () => {
  const { stopAsked, send } = signals();
  const stop = () => Promise.reject(new Error('no'));
  const running = runUntilStopped({ stop, stopNow: stop }, { stopAsked, err: () => {} });
  await turn();
  send();
  await expect(running).rejects.toThrow('no');
});
