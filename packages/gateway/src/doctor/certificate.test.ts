import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Config, loadConfig } from '../config/index.ts';
import { judgeCertificate, probeShown } from './certificate.ts';

const folder = mkdtempSync(join(tmpdir(), 'pickup-doctor-tls-'));
const servers: Server[] = [];
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((done) => server.close(done));
});

function make(name: string) {
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '90', '-subj', `/CN=${name}`];
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-addext', `subjectAltName=DNS:${name}`];
  execFileSync('openssl', [...args, ...files], { cwd: folder, stdio: 'pipe' });
  return {
    cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
  };
}

const made = { old: { cert: '', key: '' }, current: { cert: '', key: '' } };
beforeAll(() => {
  made.old = make('old.example');
  made.current = make('sip.example');
});

function configFor(publicHost: string): Config {
  const { cert, key } = made.current;
  const env = { PICKUP_SIP_TLS_CERT: cert, PICKUP_SIP_TLS_KEY: key, PICKUP_SIP_PUBLIC_HOST: publicHost };
  const loaded = loadConfig(env, { addresses: () => ['127.0.0.1'] });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}

async function shownBy(identity: { readonly cert: string; readonly key: string }) {
  const server = createServer(identity);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return probeShown('0.0.0.0', (server.address() as { port: number }).port);
}

const nowMs = Date.now();

test('it is for the name callers are told, and the gateway shows it: ok, with the days left', async () => {
  const shown = await shownBy(made.current);
  const [found] = judgeCertificate(configFor('sip.example'), { nowMs, shown });
  expect(found).toMatchObject({
    level: 'ok',
    found: expect.stringMatching(/^for DNS:sip\.example, until .* \((89|90) days\)$/),
  });
});

test('another name is told to callers', () => {
  const [found] = judgeCertificate(configFor('pickup.example'), { nowMs });
  expect(found).toMatchObject({ level: 'warn', found: expect.stringContaining('callers are told pickup.example') });
});

test('the running gateway still shows the old one: SIGHUP', async () => {
  const shown = await shownBy(made.old);
  const [found] = judgeCertificate(configFor('sip.example'), { nowMs, shown, pid: 7 });
  expect(found).toMatchObject({ level: 'warn', change: expect.stringContaining('kill -HUP 7') });
});

test('the running gateway has no TLS port', async () => {
  const shown = await probeShown('127.0.0.1', 1);
  expect(shown).toEqual({ code: 'ECONNREFUSED' });
  const [found] = judgeCertificate(configFor('sip.example'), { nowMs, shown });
  expect(found).toMatchObject({ level: 'fail', change: 'restart Pickup' });
});
