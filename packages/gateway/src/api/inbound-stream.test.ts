/** What a client that does not read costs. */
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, expect, test } from 'vitest';
import { createInboundFeed } from '../observe/inbound-feed.ts';
import { silentLog } from '../observe/log.ts';
import { arrival } from '../stores/conformance/samples.ts';
import { createMemoryStore } from '../stores/memory/index.ts';
import { InboundStream } from './inbound-stream.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A response whose client has sent its request and reads nothing. */
async function unread(): Promise<ServerResponse> {
  let client: Socket | undefined;
  const response = new Promise<ServerResponse>((resolve) => {
    const server = createServer((_, answer) => resolve(answer)).listen(0, '127.0.0.1', () => {
      client = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
        client?.pause().write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
      });
      closers.push(() => {
        client?.destroy();
        server.closeAllConnections();
        server.close();
      });
    });
  });
  return response;
}

test('changes that a client does not take are not kept for it', async () => {
  const store = createMemoryStore();
  const feed = createInboundFeed({ log: silentLog });
  await store.openInbound(arrival('inb_1'));
  const inbound = (await store.getInbound('inb_1'))!;
  const response = await unread();
  const text = 'x'.repeat(100_000);
  const deps = { ends: store, feed, clock: new ManualClock(), log: silentLog, render: () => text };
  const request = { filters: [], after: undefined, lastEnd: 0, stillAllowed: async () => true };
  new InboundStream(deps, response, request).start();
  for (let change = 0; change < 500; change++) {
    feed.changed(() => inbound);
    await new Promise(setImmediate);
  }
  expect(response.writableLength).toBeGreaterThan(0);
  expect(response.writableLength).toBeLessThan(3 * text.length);
});
