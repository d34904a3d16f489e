import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createReach } from '../src/index.ts';
import { systemClock } from './support.ts';

const servers: (Server | TcpServer)[] = [];
const sockets = new Set<Socket>();
afterEach(closeAll);

async function closeAll(): Promise<void> {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
}

async function listening<T extends Server | TcpServer>(server: T): Promise<{ server: T; url: string }> {
  servers.push(server);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as { port: number }).port}/hook?x=1` };
}

const reach = createReach({ clock: systemClock, loopback: true });

it('connects, says where to and how long it took, and sends not a byte', async () => {
  const heard: string[] = [];
  const { server, url } = await listening(
    createTcpServer((socket) => socket.on('data', (data) => heard.push(`${data}`))),
  );
  const closed = once(server, 'connection').then(([socket]) => once(socket as Socket, 'close'));
  const found = await reach({ url, limitMs: 2_000 });
  await closed;
  expect(found).toMatchObject({ ok: true, address: '127.0.0.1', phases: { connect_ms: expect.any(Number) } });
  expect(found.ok && found.status).toBe(undefined);
  expect(heard).toEqual([]);
});

it('with get it reads status and date of the answer, and does not follow a redirect', async () => {
  const asked: string[] = [];
  const { url } = await listening(
    createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(307, { location: '/elsewhere', date: 'Mon, 23 Nov 2026 12:00:00 GMT' }).end('x');
    }),
  );
  const found = await reach({ url, limitMs: 2_000, get: true });
  expect(found).toMatchObject({ ok: true, status: 307, date: Date.UTC(2026, 10, 23, 12) });
  expect(asked).toEqual(['GET /hook?x=1']);
});

it('ends at its limit while the answer hangs', async () => {
  const { url } = await listening(createTcpServer(() => {}));
  const found = await reach({ url, limitMs: 80, get: true });
  expect(found).toMatchObject({ ok: false, error: 'timeout' });
  expect(found.phases.total_ms).toBeLessThan(1_000);
});

it('judges the address as a request would, and names the setting that allows it', async () => {
  const strict = createReach({ clock: systemClock });
  const found = await strict({ url: 'http://127.0.0.1:9/', limitMs: 2_000 });
  expect(found).toMatchObject({ ok: false, error: 'address_refused' });
  expect(!found.ok && found.detail).toContain('PICKUP_WEBHOOK_ALLOW=127.0.0.1/32');
});

it('tells a closed port, a name nobody knows, and a port that speaks no TLS', async () => {
  const { url } = await listening(createTcpServer((socket) => socket.end('no TLS here\r\n')));
  const resolver = {
    resolve4: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
    resolve6: () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
  };
  const nameless = createReach({ clock: systemClock, resolver });
  expect(await reach({ url: url.replace('http:', 'https:'), limitMs: 2_000 })).toMatchObject({ error: 'tls_error' });
  expect(await nameless({ url: 'https://nobody.example/', limitMs: 2_000 })).toMatchObject({ error: 'dns_error' });
  await closeAll();
  expect(await reach({ url, limitMs: 2_000 })).toMatchObject({ ok: false, error: 'connect_error' });
});
