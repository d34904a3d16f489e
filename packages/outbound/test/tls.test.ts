import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loopbackOutbound, Opened, request } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'pickup-tls-'));
const opened = new Opened();
let ca = '';

const file = (name: string) => join(folder, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe', cwd: folder });

/** A certificate of the test authority for one subject alternative name. */
function certificate(name: string, subject: string, validity: readonly string[]) {
  writeFileSync(file(`${name}.cnf`), `subjectAltName=${subject}\n`);
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
    '-subj',
    `/CN=${name}`,
  );
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${name}.cnf`];
  openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing, ...validity);
}

const identity = (name: string) => ({
  key: readFileSync(file(`${name}.key`)),
  cert: readFileSync(file(`${name}.pem`)),
});

beforeAll(() => {
  const authority = ['-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=Test CA', '-days', '2'];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...authority);
  ca = readFileSync(file('ca.pem'), 'utf8');
  certificate('good', 'DNS:hook.localhost,IP:127.0.0.1', ['-days', '2']);
  certificate('wrong', 'DNS:other.example', ['-days', '2']);
  certificate('expired', 'DNS:hook.localhost', ['-days', '-1']);
  const self = ['-keyout', 'self.key', '-out', 'self.pem', '-subj', '/CN=hook.localhost', '-days', '2'];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...self, '-addext', 'subjectAltName=DNS:hook.localhost');
});
afterEach(() => opened.close());
afterAll(() => rmSync(folder, { recursive: true }));

const secureUrl = (port: number) => `https://hook.localhost:${port}/`;

describe('TLS', () => {
  it('reaches an endpoint by name, with its server name, and by address', async () => {
    const names: (string | false)[] = [];
    const endpoint = opened.add(
      await startFakeEndpoint({
        tls: identity('good'),
        handler: () => (socket) => {
          names.push((socket as TLSSocket).servername ?? false);
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
        },
      }),
    );
    const outbound = opened.add(loopbackOutbound({ ca }));
    const named = await outbound.post(request(secureUrl(endpoint.port)));
    expect(named).toMatchObject({ ok: true, status: 200 });
    expect(named.phases.tls_ms).toBeGreaterThan(0);
    expect(await outbound.post(request(endpoint.url))).toMatchObject({ ok: true });
    expect(names).toEqual(['hook.localhost', false]);
  });

  it('keeps the connection warm, and takes up the session on the next one', async () => {
    const reused: boolean[] = [];
    const endpoint = opened.add(
      await startFakeEndpoint({
        tls: identity('good'),
        handler: (_request, nth) => (socket) => {
          reused.push((socket as TLSSocket).isSessionReused());
          const close = nth === 2 ? 'connection: close\r\n' : '';
          socket.write(`HTTP/1.1 200 OK\r\n${close}content-length: 0\r\n\r\n`);
        },
      }),
    );
    const outbound = opened.add(loopbackOutbound({ ca }));
    for (let i = 0; i < 3; i++) await outbound.post(request(secureUrl(endpoint.port)));
    expect(endpoint.connections).toBe(2);
    expect(reused).toEqual([false, false, true]);
  });

  it.each([
    ['expired', 'expired', 'CERT_HAS_EXPIRED', {}],
    ['self-signed', 'self', 'DEPTH_ZERO_SELF_SIGNED_CERT', {}],
    ['wrong host', 'wrong', 'ERR_TLS_CERT_ALTNAME_INVALID', {}],
    [
      'TLS 1.1',
      'good',
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' },
    ],
  ] as const)('case 17 %s is a tls_error, and nothing is sent', async (_name, certificateName, reason, tls) => {
    const endpoint = opened.add(await startFakeEndpoint({ tls: { ...identity(certificateName), ...tls } }));
    const outbound = opened.add(loopbackOutbound({ ca }));
    for (let i = 0; i < 2; i++) {
      const result = await outbound.post(request(secureUrl(endpoint.port)));
      expect(result).toMatchObject({ ok: false, error: 'tls_error', fault: 'endpoint', reason });
    }
    expect(endpoint.requests).toHaveLength(0);
  });

  it('case 17 a plain endpoint behind https is a tls_error, never asked in clear', async () => {
    const endpoint = opened.add(await startFakeEndpoint());
    const outbound = opened.add(loopbackOutbound({ ca }));
    const result = await outbound.post(request(`https://127.0.0.1:${endpoint.port}/`, 1_000, { body: 'secret' }));
    expect(result.ok).toBe(false);
    expect(endpoint.requests).toHaveLength(0);
  });

  it('case 5 an endpoint that accepts and never answers the handshake ends within 3 s', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket.on('error', () => {})));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const result = await opened.add(loopbackOutbound({ ca })).post(request(`https://127.0.0.1:${port}/`, 10_000));
    for (const socket of sockets) socket.destroy();
    server.close();
    expect(result).toMatchObject({ ok: false, error: 'tls_error', fault: 'endpoint' });
    const tookMs = result.endedMonoMs - result.startedMonoMs;
    expect(tookMs).toBeGreaterThan(2_900);
    expect(tookMs).toBeLessThan(3_200);
  });
});
