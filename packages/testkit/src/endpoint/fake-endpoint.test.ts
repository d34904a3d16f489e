import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type FakeEndpoint, type FakeEndpointOptions, startFakeEndpoint } from './index.ts';

let endpoint: FakeEndpoint | undefined;
afterEach(async () => {
  await endpoint?.close();
  endpoint = undefined;
});

const start = async (options?: FakeEndpointOptions) => {
  endpoint = await startFakeEndpoint(options);
  return endpoint;
};

describe('the fake endpoint', () => {
  it('records method, path, headers in their order and spelling, and the raw body', async () => {
    const { port, requests } = await start();
    const socket = connect(port, '127.0.0.1');
    const body = Buffer.from([0, 255, 13, 10, 13, 10]);
    // In two pieces, cut amid the head, as TCP may.
    socket.write('POST /a?b=1 HTTP/1.1\r\nX-B: 1\r\nx-a:  two ');
    await new Promise((resolve) => setTimeout(resolve, 10));
    socket.write('\r\nX-B: 3\r\nContent-Length: 6\r\n\r\n');
    socket.write(body);
    const reply = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    socket.destroy();
    expect(reply.toString()).toBe('HTTP/1.1 200 Scripted\r\ncontent-length: 2\r\n\r\n{}');
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ method: 'POST', path: '/a?b=1', body, connection: 1 });
    expect(requests[0]?.headers).toEqual([
      ['X-B', '1'],
      ['x-a', 'two'],
      ['X-B', '3'],
      ['Content-Length', '6'],
    ]);
    expect(requests[0]?.header('x-b')).toBe('1');
  });

  it('answers by the handler, counting over connections', async () => {
    const { url } = await start({ handler: (_request, nth) => ({ status: 200 + nth, body: `${nth}` }) });
    for (const nth of [1, 2]) {
      const reply = await fetch(url, { method: 'POST', body: 'x', headers: { connection: 'close' } });
      expect([reply.status, await reply.text()]).toEqual([200 + nth, `${nth}`]);
    }
  });

  it('resets, and hangs until it is closed', async () => {
    const { url } = await start({ handler: (_request, nth) => (nth === 1 ? 'reset' : 'hang') });
    await expect(fetch(url)).rejects.toThrow();
    const hanging = fetch(url);
    await endpoint!.received(2);
    expect(endpoint!.open).toBe(1);
    await endpoint!.close();
    await expect(hanging).rejects.toThrow();
    endpoint = undefined;
  });

  it('drops idle connections when told to', async () => {
    const { port } = await start({ dropIdleMs: 20 });
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('close', () => resolve()).resume());
    expect(endpoint?.connections).toBe(1);
  });
});
