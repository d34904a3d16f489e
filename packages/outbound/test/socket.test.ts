/** WebSockets under the rules of every request, against real servers over TCP and TLS. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Outbound, SocketRequest } from '../src/index.ts';
import { loopbackOutbound, Opened } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'pickup-wss-'));
const opened = new Opened();
const MAX_BYTES = 64 * 1024;
let tls: { readonly key: Buffer; readonly cert: Buffer };

beforeAll(() => {
  const subject = ['-subj', '/CN=hook.localhost', '-addext', 'subjectAltName=DNS:hook.localhost', '-days', '2'];
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject], {
    ...{ stdio: 'pipe', cwd: folder },
  });
  tls = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) };
});
afterEach(() => opened.close());
afterAll(() => rmSync(folder, { recursive: true }));

interface Served {
  readonly port: number;
  readonly heard: string[];
  readonly paths: string[];
  readonly open: number;
}

/** Says back what it hears, unless `onSocket` does something else. */
async function serve(
  given: {
    readonly secure?: boolean;
    readonly onSocket?: (socket: WebSocket) => void;
    readonly listener?: RequestListener;
    readonly deflates?: boolean;
  } = {},
): Promise<Served> {
  const listener: RequestListener = given.listener ?? ((_, response) => response.writeHead(404).end());
  const server = given.secure ? createTlsServer(tls, listener) : createServer(listener);
  const [heard, paths]: [string[], string[]] = [[], []];
  const sockets = given.listener
    ? undefined
    : new WebSocketServer({ server, perMessageDeflate: given.deflates ?? false });
  sockets?.on('connection', (socket, request) => {
    paths.push(`${request.headers.authorization ?? ''}${request.url}`);
    socket.on('error', () => {});
    socket.on('message', (data) => {
      heard.push(String(data));
      if (!given.onSocket) socket.send(`back ${String(data)}`);
    });
    given.onSocket?.(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.add({
    close() {
      for (const client of sockets?.clients ?? []) client.terminate();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  });
  return {
    ...{ heard, paths, port: (server.address() as AddressInfo).port },
    get open() {
      return sockets?.clients.size ?? 0;
    },
  };
}

async function open(outbound: Outbound, url: string, more: Partial<SocketRequest> = {}) {
  const got: string[] = [];
  let closes = 0;
  const result = await outbound.openSocket({
    ...{ url, openLimitMs: 3_000, maxMessageBytes: MAX_BYTES },
    onMessage: (text) => void got.push(text),
    onClose: () => void closes++,
    ...more,
  });
  return { result, got, closes: () => closes };
}

function socketOf({ result }: Awaited<ReturnType<typeof open>>) {
  if (!result.ok) throw new Error(result.detail);
  return result.socket;
}

describe('wss', () => {
  it('by name, with a certificate of a trusted authority; to and fro, and closed by us', async () => {
    const served = await serve({ secure: true });
    const outbound = opened.add(loopbackOutbound({ ca: tls.cert.toString() }));
    const one = await open(outbound, `wss://hook.localhost:${served.port}/llm/chat_1?a=1`);
    socketOf(one).send('hello');
    await expect.poll(() => one.got).toEqual(['back hello']);
    expect(served.paths).toEqual(['/llm/chat_1?a=1']);
    socketOf(one).close();
    socketOf(one).close();
    socketOf(one).send('late');
    await expect.poll(() => served.open).toBe(0);
    expect([one.closes(), served.heard]).toEqual([1, ['hello']]);
  });

  it('not with a certificate nobody vouches for, or of another host', async () => {
    const served = await serve({ secure: true });
    const strangers = await open(opened.add(loopbackOutbound()), `wss://hook.localhost:${served.port}/`);
    expect(strangers.result).toMatchObject({ ok: false, error: 'tls_error' });
    const trusting = opened.add(loopbackOutbound({ ca: tls.cert.toString() }));
    const other = await open(trusting, `wss://127.0.0.1:${served.port}/`);
    expect(other.result).toMatchObject({ ok: false, error: 'tls_error' });
    expect(served.paths).toEqual([]);
  });
});

describe('where it leads', () => {
  it('no address that is not public, no scheme of another kind, nothing that cannot be read', async () => {
    const served = await serve();
    const guarded = opened.add(loopbackOutbound({ loopback: false }));
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '2130706433',
      '10.0.0.1',
      '169.254.169.254',
      '[::ffff:10.0.0.1]',
    ]) {
      const { result } = await open(guarded, `ws://${host}:${served.port}/`);
      expect(result, host).toMatchObject({ ok: false, error: 'address_refused' });
      expect(!result.ok && result.message).not.toContain(host);
    }
    for (const url of ['http://127.0.0.1/', 'file:///etc/passwd', 'ws://', 'wss:', 'ws://a b/', '']) {
      expect((await open(guarded, url)).result, url).toMatchObject({ ok: false, error: 'address_refused' });
    }
    expect(served.paths).toEqual([]);
  });

  it('C7 no redirect is followed', async () => {
    const served = await serve();
    let asked = 0;
    const listener: RequestListener = (_, response) => {
      asked++;
      response.writeHead(302, { location: `ws://127.0.0.1:${served.port}/` }).end();
    };
    const redirecting = await serve({ listener });
    const { result } = await open(opened.add(loopbackOutbound()), `ws://127.0.0.1:${redirecting.port}/`);
    expect(result).toMatchObject({ ok: false, error: 'connect_error' });
    expect([asked, served.paths]).toEqual([1, []]);
  });

  it('a user and a password in the URL become a header, a fragment is left out', async () => {
    const served = await serve();
    const outbound = opened.add(loopbackOutbound());
    socketOf(await open(outbound, `ws://bo:s%20t@127.0.0.1:${served.port}/llm#part`));
    expect(served.paths).toEqual([`Basic ${Buffer.from('bo:s t').toString('base64')}/llm`]);
  });
});

describe('what a server may do', () => {
  it('a frame or a message over the limit closes the socket, also one that is only large once inflated', async () => {
    const outbound = opened.add(loopbackOutbound());
    for (const deflates of [false, true]) {
      const before = process.memoryUsage().rss;
      const served = await serve({ deflates, onSocket: (socket) => socket.send('x'.repeat(100 * 1024 * 1024)) });
      const one = await open(outbound, `ws://127.0.0.1:${served.port}/`);
      await expect.poll(one.closes, { timeout: 5_000 }).toBe(1);
      expect(one.got).toEqual([]);
      // The server of the test holds the message itself, and what it compresses.
      expect(process.memoryUsage().rss - before).toBeLessThan(500 * 1024 * 1024);
    }
    const fits = 'ä'.repeat(MAX_BYTES / 2);
    const served = await serve({ onSocket: (socket) => [socket.send(fits), socket.send(`${fits}.`)] });
    const one = await open(outbound, `ws://127.0.0.1:${served.port}/`);
    await expect.poll(one.closes).toBe(1);
    expect(one.got).toEqual([fits]);
  });

  it('a message in fragments counts as one; binary closes', async () => {
    const outbound = opened.add(loopbackOutbound());
    const pieces = await serve({
      onSocket(socket) {
        socket.send('a', { fin: false });
        for (let nth = 0; nth < 10; nth++) socket.send('x'.repeat(MAX_BYTES / 8), { fin: false });
      },
    });
    const binary = await serve({ onSocket: (socket) => socket.send(Buffer.from('hello')) });
    for (const { port } of [pieces, binary]) {
      const one = await open(outbound, `ws://127.0.0.1:${port}/`);
      await expect.poll(one.closes).toBe(1);
      expect(one.got).toEqual([]);
    }
  });

  it('one that accepts and says nothing, garbage, or another answer, is a failure in time; its connection goes', async () => {
    const answers = [
      '',
      'garbage\r\n\r\n',
      'HTTP/1.1 101 Switching Protocols\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    ];
    for (const answer of answers) {
      const held = new Set<Socket>();
      const server = createTcpServer((socket) => {
        held.add(socket.on('error', () => {}).on('close', () => held.delete(socket)));
        if (answer !== '') socket.once('data', () => socket.write(answer));
        else socket.resume();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      opened.add({ close: () => new Promise((resolve) => server.close(() => resolve())) });
      const { port } = server.address() as AddressInfo;
      const from = performance.now();
      const one = await open(opened.add(loopbackOutbound()), `ws://127.0.0.1:${port}/`, { openLimitMs: 300 });
      expect(one.result).toMatchObject({ ok: false, error: answer === '' ? 'timeout' : 'connect_error' });
      expect(performance.now() - from).toBeLessThan(1_500);
      await expect.poll(() => held.size, { timeout: 3_000 }).toBe(0);
      expect(one.closes()).toBe(0);
    }
  });

  it('a peer that never closes its side does not hold the connection', async () => {
    const held = new Set<Socket>();
    const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
      held.add(socket.on('error', () => {}).on('close', () => held.delete(socket)));
      socket.once('data', (head) => {
        const key = /sec-websocket-key: (\S+)/i.exec(head.toString())?.[1];
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
        socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.add({
      close: () =>
        new Promise((resolve) =>
          [server.close(() => resolve()), ...held].map((one) => 'destroy' in one && one.destroy()),
        ),
    });
    const one = await open(opened.add(loopbackOutbound()), `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    let ended = 0;
    for (const socket of held) socket.on('end', () => void ended++);
    socketOf(one).close();
    expect(one.closes()).toBe(1);
    await expect.poll(() => ended, { timeout: 2_000 }).toBe(1);
  });

  it('an idle socket stays, and is told of its end once, whoever ends it', async () => {
    const served = await serve({ onSocket: (socket) => socket.once('message', () => socket.terminate()) });
    const outbound = opened.add(loopbackOutbound());
    const abort = new AbortController();
    const [cut, aborted, closed] = await Promise.all([
      open(outbound, `ws://127.0.0.1:${served.port}/`),
      open(outbound, `ws://127.0.0.1:${served.port}/`, { signal: abort.signal }),
      open(outbound, `ws://127.0.0.1:${served.port}/`),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect([cut.closes(), aborted.closes(), closed.closes(), served.open]).toEqual([0, 0, 0, 3]);
    socketOf(cut).send('x');
    abort.abort();
    await outbound.close();
    await expect.poll(() => served.open, { timeout: 3_000 }).toBe(0);
    await expect.poll(() => [cut.closes(), aborted.closes(), closed.closes()]).toEqual([1, 1, 1]);
  });

  it('C6 whoever gives up while it opens hears at once, also when the sender is closed', async () => {
    const hanging = await serve({ listener: () => {} });
    const server = createTcpServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.add({ close: () => new Promise((resolve) => server.close(() => resolve())) });
    const outbound = loopbackOutbound();
    const abort = new AbortController();
    const first = open(outbound, `ws://127.0.0.1:${hanging.port}/`, { signal: abort.signal });
    abort.abort();
    expect((await first).result).toMatchObject({ ok: false, error: 'aborted', fault: 'caller' });
    const second = open(outbound, `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const from = performance.now();
    await outbound.close();
    expect((await second).result).toMatchObject({ ok: false, error: 'aborted', fault: 'gateway' });
    expect(performance.now() - from).toBeLessThan(1_000);
    expect((await open(outbound, 'ws://127.0.0.1:9/')).result).toMatchObject({ ok: false, error: 'aborted' });
  });
});
