import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type EndpointAnswer, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterEach, describe, expect, it } from 'vitest';
import { loopbackOutbound, Opened, request } from './support.ts';

const opened = new Opened();
afterEach(() => opened.close());

async function answering(...answers: EndpointAnswer[]) {
  const handler = (_request: unknown, nth: number): EndpointAnswer => answers[nth - 1] ?? { body: '{}' };
  const endpoint = opened.add(await startFakeEndpoint({ handler }));
  const outbound = opened.add(loopbackOutbound());
  return {
    endpoint,
    outbound,
    post: (maxReplyBytes = 262_144) => outbound.post(request(endpoint.url, 3_000, { maxReplyBytes })),
  };
}

const raw =
  (text: string, then: 'end' | 'reset' | 'stay' = 'stay'): EndpointAnswer =>
  (socket) =>
    void socket.write(text, 'latin1', () => {
      if (then === 'end') socket.end();
      // The bytes must have been read before the reset, which overtakes them.
      if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 30);
    });

describe('broken replies', () => {
  it.each<[string, EndpointAnswer, string]>([
    ['case 9 reset before the headers', 'reset', 'connection_reset'],
    ['case 9 reset during the headers', raw('HTTP/1.1 200 OK\r\ncontent-', 'reset'), 'connection_reset'],
    [
      'case 9 reset after the headers',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', 'reset'),
      'connection_reset',
    ],
    ['case 9 closed before the headers', (socket) => void socket.end(), 'connection_reset'],
    ['case 11 FIN during the headers', raw('HTTP/1.1 200 OK\r\ncontent-', 'end'), 'incomplete_reply'],
    [
      'case 11 FIN short of the content-length',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', 'end'),
      'incomplete_reply',
    ],
    [
      'case 11 the same with connection: close',
      raw('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\nabc', 'end'),
      'incomplete_reply',
    ],
    [
      'case 11 FIN amid chunks',
      raw('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc', 'end'),
      'incomplete_reply',
    ],
    [
      'case 11 FIN amid chunks with connection: close',
      raw('HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc', 'end'),
      'incomplete_reply',
    ],
    [
      'case 12 content-length with transfer-encoding',
      raw('HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'),
      'malformed_reply',
    ],
    ['case 12 bad status line', raw('HTTP/9.9 abc\r\n\r\n'), 'malformed_reply'],
    ['case 12 no HTTP at all', raw('SSH-2.0-OpenSSH_9.2\r\n'), 'malformed_reply'],
    ['case 12 20 kB of headers', raw(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`), 'malformed_reply'],
    ['case 12 a flood of 1xx', raw('HTTP/1.1 102 Processing\r\n\r\n'.repeat(500)), 'malformed_reply'],
  ])('%s', async (_name, answer, error) => {
    const { endpoint, post } = await answering(answer);
    expect(await post()).toMatchObject({ ok: false, error, fault: 'endpoint', resent: false });
    const next = await post();
    expect(next).toMatchObject({ ok: true, status: 200 });
    if (next.ok) expect(next.body.toString()).toBe('{}');
    expect(endpoint.requests).toHaveLength(2);
  });

  it('case 12 bytes after a reply never become the next one', async () => {
    const second = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil';
    const { post } = await answering(raw(`HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood${second}`));
    for (const expected of ['good', '{}']) {
      const result = await post();
      expect(result.ok && result.body.toString()).toBe(expected);
    }
  });

  it('a body that ends with the connection is complete', async () => {
    const { post } = await answering(raw('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it', 'end'));
    const result = await post();
    expect(result.ok && result.body.toString()).toBe('all of it');
  });

  it('a few interim answers are passed over', async () => {
    const { post } = await answering(
      raw('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'),
    );
    expect(await post()).toMatchObject({ ok: true, status: 200 });
  });
});

describe('size', () => {
  it('case 22 a reply beyond the cap is cut there', async () => {
    const { post } = await answering({ body: Buffer.alloc(263_168, 'a') });
    const result = await post();
    expect(result).toMatchObject({ ok: true, truncated: true });
    if (result.ok) expect(result.body.length).toBe(262_144);
  });

  it('case 22 a reply of exactly the cap is whole', async () => {
    const { post } = await answering({ body: Buffer.alloc(262_144, 'a') });
    const result = await post();
    expect(result).toMatchObject({ ok: true, truncated: false });
    if (result.ok) expect(result.body.length).toBe(262_144);
  });

  it('case 22 an endless body is cut, memory flat', async () => {
    const { post } = await answering((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = Buffer.from(`10000\r\n${'z'.repeat(65_536)}\r\n`);
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pour);
      pour();
    });
    const before = process.memoryUsage().arrayBuffers;
    const result = await post();
    expect(result).toMatchObject({ ok: true, truncated: true });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('puts a body of many small pieces together', async () => {
    const { post } = await answering((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      for (let i = 0; i < 3_000; i++) socket.write(`3\r\n${String(i % 1000).padStart(3, '0')}\r\n`);
      socket.write('0\r\n\r\n');
    });
    const result = await post();
    const expected = Array.from({ length: 3_000 }, (_, i) => String(i % 1000).padStart(3, '0')).join('');
    expect(result.ok && result.body.toString()).toBe(expected);
  });
});

describe('case 23 compressed although identity was asked', () => {
  const json = '{"call_inbound":{}}';
  it.each([
    ['gzip', gzipSync(json)],
    ['x-gzip', gzipSync(json)],
    ['deflate', deflateSync(json)],
    ['deflate', deflateRawSync(json)],
    ['br', brotliCompressSync(json)],
  ])('%s is inflated', async (encoding, body) => {
    const { post } = await answering({ headers: { 'content-encoding': encoding }, body });
    const result = await post();
    expect(result).toMatchObject({ ok: true, truncated: false });
    expect(result.ok && result.body.toString()).toBe(json);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(50_000_000))],
  ])('a bomb in %s is cut at the cap, memory flat', async (encoding, body) => {
    const { post } = await answering({ headers: { 'content-encoding': encoding }, body });
    const before = process.memoryUsage().arrayBuffers;
    const result = await post();
    expect(result).toMatchObject({ ok: true, truncated: true });
    if (result.ok) expect(result.body.length).toBe(262_144);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  });

  it('compressed bytes beyond the cap are cut, and what they hold is kept', async () => {
    const noise = Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919 * (i % 13)) % 251));
    const { post } = await answering({ headers: { 'content-encoding': 'gzip' }, body: gzipSync(noise) });
    const result = await post(500);
    expect(result).toMatchObject({ ok: true, truncated: true });
    if (result.ok) expect(noise.subarray(0, result.body.length).equals(result.body)).toBe(true);
  });

  it.each([
    ['broken', Buffer.from('no gzip at all')],
    ['cut short', gzipSync(json).subarray(0, 20)],
  ])('%s input is a malformed reply', async (_name, body) => {
    const { post } = await answering({ headers: { 'content-encoding': 'gzip' }, body });
    expect(await post()).toMatchObject({ ok: false, error: 'malformed_reply', status: 200 });
  });
});

describe('C7', () => {
  it.each([301, 302, 307, 308])('case 35, 43 a %i is handed back and its location never fetched', async (status) => {
    const elsewhere = opened.add(await startFakeEndpoint());
    const { endpoint, post } = await answering({ status, headers: { location: `${elsewhere.url}/x` } });
    expect(await post()).toMatchObject({ ok: true, status });
    expect(elsewhere.connections).toBe(0);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('case 38 a cookie is not sent back', async () => {
    const { endpoint, post } = await answering({ headers: { 'set-cookie': ['a=1', 'b=2'] }, body: '{}' });
    const first = await post();
    expect(first.ok && first.headers['set-cookie']).toBe('a=1, b=2');
    await post();
    expect(endpoint.requests[1]?.header('cookie')).toBeUndefined();
  });

  it.each([200, 204, 299, 404, 500, 503])('a %i is handed back with its status', async (status) => {
    const { post } = await answering({ status, body: status === 204 ? '' : 'text' });
    expect(await post()).toMatchObject({ ok: true, status });
  });
});

describe('the request', () => {
  it('goes out as given, with the credentials of the URL and our user-agent', async () => {
    const endpoint = opened.add(await startFakeEndpoint());
    const outbound = opened.add(loopbackOutbound({ userAgent: 'Pickup/1.2.3' }));
    const url = `http://us%40er:p%3Aw@127.0.0.1:${endpoint.port}/hook?b=1&a=2`;
    const body = Buffer.from('{"name":"Zoë"}');
    expect((await outbound.post(request(url, 3_000, { body }))).ok).toBe(true);
    const [sent] = endpoint.requests;
    expect(sent).toMatchObject({ method: 'POST', path: '/hook?b=1&a=2', body });
    expect(sent?.header('authorization')).toBe(`Basic ${Buffer.from('us@er:p:w').toString('base64')}`);
    expect(sent?.header('user-agent')).toBe('Pickup/1.2.3');
    expect(sent?.header('webhook-id')).toBe('inb_1');
    expect(sent?.header('content-length')).toBe(String(body.length));
  });

  it('with a header that cannot be sent is our own fault', async () => {
    const { post, outbound, endpoint } = await answering();
    const bad = request(endpoint.url, 1_000, { headers: { 'x-bad': 'a\r\nb' } });
    expect(await outbound.post(bad)).toMatchObject({ ok: false, error: 'internal_error', fault: 'gateway' });
    expect((await post()).ok).toBe(true);
  });
});
