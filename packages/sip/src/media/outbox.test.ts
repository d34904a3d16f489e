import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';
import type { ToWorker } from './protocol.ts';

const flush = (session: number): ToWorker => ({ kind: 'flush', session });

describe('what the main thread tells the media worker', () => {
  it('goes as one message for each turn, in order', async () => {
    const posted: number[][] = [];
    const outbox = new Outbox({
      postMessage: (messages) => void posted.push(messages.map((one) => ('session' in one ? one.session : 0))),
    });
    outbox.post(flush(1));
    outbox.post(flush(2));
    expect(posted).toEqual([]);
    await Promise.resolve();
    outbox.post(flush(3));
    await Promise.resolve();
    expect(posted).toEqual([[1, 2], [3]]);
  });

  it('keeps its order around a buffer that moves', async () => {
    const posted: (readonly [sessions: number[], moved: number])[] = [];
    const outbox = new Outbox({
      postMessage: (messages, transfer) =>
        void posted.push([messages.map((one) => ('session' in one ? one.session : 0)), transfer?.length ?? 0]),
    });
    const samples = new Int16Array(160);
    outbox.post(flush(1));
    outbox.post({ kind: 'play', session: 2, play: 1, samples }, [samples.buffer]);
    outbox.post(flush(3));
    await Promise.resolve();
    expect(posted).toEqual([
      [[1], 0],
      [[2], 1],
      [[3], 0],
    ]);
  });
});
