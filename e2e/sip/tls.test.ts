/** Callers over TLS (RFC 3261 26.2): a call as over UDP, and a certificate that is renewed while calls go on. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Certificate, makeCertificate } from '@pickup/testkit/certificate';
import { createPhone, type Phone, type PhoneCall } from '@pickup/testkit/phone';
import { speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serveThatFails } from '../support/gateway.ts';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { listenerOf } from './support/listeners.ts';
import { onlyOutcome } from './support/records.ts';

let folder = '';
let stage: Stage;
let first: Certificate;
let renewed: Certificate;
let theirs: Certificate;
const open: Phone[] = [];

const file = (name: string) => join(folder, name);
const write = ({ cert, key }: Certificate) => {
  writeFileSync(file('cert.pem'), cert);
  writeFileSync(file('key.pem'), key, { mode: 0o600 });
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pickup-tls-'));
  [first, renewed, theirs] = [makeCertificate(), makeCertificate(), makeCertificate()];
  write(first);
  writeFileSync(file('ca.pem'), theirs.cert);
  const env = {
    PICKUP_SIP_TLS_CERT_FILE: file('cert.pem'),
    PICKUP_SIP_TLS_KEY_FILE: file('key.pem'),
    PICKUP_SIP_TLS_CA_FILE: file('ca.pem'),
    PICKUP_SIP_TLS_PORT: '0',
  };
  stage = await openStage({ gateway: { env } });
}, 90_000);
afterAll(async () => {
  for (const phone of open) await phone.close();
  await stage?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A phone that trusts this certificate alone. */
async function phoneTrusting({ cert: ca }: Certificate): Promise<Phone> {
  const phone = await createPhone({ transport: 'tls', tls: { ...theirs, ca } });
  open.push(phone);
  return phone;
}

const dial = (phone: Phone, to: string): Promise<PhoneCall> =>
  phone.call({ to, from: '+12137771234', server: listenerOf(stage.gateway, 'tls') });

test('a call over TLS is answered, heard and recorded as any other; the ready line names UDP', async () => {
  const tls = listenerOf(stage.gateway, 'tls');
  expect(stage.gateway.sip).toEqual(listenerOf(stage.gateway, 'udp'));
  const { number } = await stage.number();
  const call = await dial(await phoneTrusting(first), number);
  const { code, headers } = await call.final;
  expect([code, headers['contact']]).toEqual([200, `<sip:127.0.0.1:${tls.port};transport=tls>`]);
  await until('it speaks', () => speechSpans(call.heard(), 8_000).length > 0);
  await call.hangUp();
  const record = await onlyOutcome(stage.gateway, number);
  expect(record.outcome).toBe('connected');
  const shown = stage.gateway.stderr();
  expect(shown).toContain('PICKUP_SIP_TLS_KEY=(hidden)');
  expect(shown).not.toContain('PRIVATE KEY');
});

test('a renewed certificate is taken up at SIGHUP; a call goes on; a broken one is said and the old one stays', async () => {
  const { number } = await stage.number();
  const call = await dial(await phoneTrusting(first), number);
  expect((await call.final).code).toBe(200);
  write(renewed);
  stage.gateway.signal('SIGHUP');
  await until('it is taken up', () => stage.gateway.logged('tls_renewed').length === 1);
  const next = await dial(await phoneTrusting(renewed), number);
  expect((await next.final).code).toBe(200);
  writeFileSync(file('key.pem'), first.key);
  stage.gateway.signal('SIGHUP');
  const [kept] = await until('it is said', () => {
    const lines = stage.gateway.logged('tls_kept');
    return lines.length > 0 && lines;
  });
  expect(kept?.['reason']).toContain('PICKUP_SIP_TLS_KEY must be the key of the first certificate');
  const another = await dial(await phoneTrusting(renewed), number);
  expect((await another.final).code).toBe(200);
  // Each hangs up over the connection it came by, the first one's older than the certificate.
  await Promise.all([call, next, another].map((one) => one.hangUp()));
  const ended = await Promise.all([call, next, another].map((one) => one.ended));
  expect(ended.map(({ by }) => by)).toEqual(['us', 'us', 'us']);
});

test('without its key a certificate keeps the gateway from starting, in one line', async () => {
  const { code, stderr } = await serveThatFails({ env: { PICKUP_SIP_TLS_CERT: first.cert } });
  expect([code, stderr]).toEqual([2, expect.stringContaining('PICKUP_SIP_TLS_KEY must be set together with')]);
});

test('a port of SIP over TLS that is taken is named', async () => {
  const { port } = listenerOf(stage.gateway, 'tls');
  const env = {
    PICKUP_SIP_TLS_CERT: first.cert,
    PICKUP_SIP_TLS_KEY: first.key,
    PICKUP_SIP_TLS_PORT: String(port),
  };
  const { code, stderr } = await serveThatFails({ env });
  expect([code, stderr]).toEqual([2, expect.stringContaining(`PICKUP_SIP_TLS_PORT ${port} is in use`)]);
});
