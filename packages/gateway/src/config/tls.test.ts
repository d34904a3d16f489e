import { execFileSync } from 'node:child_process';
import { type Certificate, makeCertificate } from '@pickup/testkit/certificate';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from './load-config.ts';
import { readTls } from './read-tls.ts';
import { renderConfigSummary, renderFault, renderWarning } from './render-config.ts';

const DAY_MS = 24 * 60 * 60_000;
let own: Certificate;
let other: Certificate;
beforeAll(() => {
  own = makeCertificate();
  other = makeCertificate({ names: ['DNS:other.test'] });
});

const quiet = { addresses: () => ['127.0.0.1'] };
const env = (cert: string, key: string, more: Record<string, string> = {}) => ({
  PICKUP_SIP_TLS_CERT: cert,
  PICKUP_SIP_TLS_KEY: key,
  ...more,
});
const faultsOf = (given: Record<string, string>, wallMs?: () => number) => {
  const loaded = loadConfig(given, { ...quiet, ...(wallMs && { wallMs }) });
  return loaded.ok ? [] : loaded.faults.map(renderFault);
};
const warningsOf = (given: Record<string, string>, wallMs?: () => number) =>
  loadConfig(given, { ...quiet, ...(wallMs && { wallMs }) }).warnings.map(renderWarning);

describe('SIP over TLS', () => {
  test('a certificate with its key turns it on, on 5061', () => {
    const loaded = loadConfig(env(own.cert, own.key), quiet);
    if (!loaded.ok) throw new Error(loaded.faults.map(renderFault).join());
    expect(loaded.config.sip.tls).toEqual({ port: 5061, cert: own.cert, key: own.key });
    expect(loaded.warnings).toEqual([]);
    const shown = renderConfigSummary(loaded.readings).join('\n');
    expect(shown).toContain('PICKUP_SIP_TLS_CERT="IP Address:127.0.0.1');
    expect(shown).toContain('PICKUP_SIP_TLS_KEY=(hidden)');
    expect(loadConfig({}, quiet)).not.toHaveProperty('config.sip.tls');
  });

  test('a file stands for each', () => {
    const files: Record<string, string> = { '/c': own.cert, '/k': own.key, '/a': other.cert };
    const given = {
      PICKUP_SIP_TLS_CERT_FILE: '/c',
      PICKUP_SIP_TLS_KEY_FILE: '/k',
      PICKUP_SIP_TLS_CA_FILE: '/a',
      PICKUP_SIP_TLS_PORT: '0',
    };
    const reading = readTls(given, { readFile: (path) => files[path] ?? '' });
    expect(reading).toMatchObject({ ok: true, tls: { port: 0, cert: own.cert, key: own.key, ca: other.cert } });
    files['/k'] = other.key;
    expect(readTls(given, { readFile: (path) => files[path] ?? '' })).toEqual({
      ok: false,
      faults: [{ name: 'PICKUP_SIP_TLS_KEY', rule: 'must be the key of the first certificate in PICKUP_SIP_TLS_CERT' }],
    });
  });

  test('each fault names its setting and its rule, and shows no key', () => {
    const locked = execFileSync('openssl', ['pkey', '-aes256', '-passout', 'pass:x'], { input: own.key }).toString();
    const cases: readonly (readonly [Record<string, string>, string])[] = [
      [{ PICKUP_SIP_TLS_CERT: own.cert }, 'PICKUP_SIP_TLS_KEY must be set together with PICKUP_SIP_TLS_CERT'],
      [{ PICKUP_SIP_TLS_KEY: own.key }, 'PICKUP_SIP_TLS_CERT must be set together with PICKUP_SIP_TLS_KEY'],
      [env('/etc/cert.pem', own.key), 'PICKUP_SIP_TLS_CERT must be certificates in PEM; a file is named by the'],
      [env(own.key, own.key), 'PICKUP_SIP_TLS_CERT must be certificates in PEM; a file is named by the'],
      [
        env(`${own.cert}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----`, own.key),
        'PICKUP_SIP_TLS_CERT must be certificates in PEM; number 2 cannot be read',
      ],
      [env(own.cert, 'nothing'), 'PICKUP_SIP_TLS_KEY must be a private key in PEM; given (hidden)'],
      [env(own.cert, locked), 'PICKUP_SIP_TLS_KEY must be a private key in PEM without a passphrase; given (hidden)'],
      [env(own.cert, other.key), 'PICKUP_SIP_TLS_KEY must be the key of the first certificate in PICKUP_SIP_TLS_CERT'],
      [
        env(own.cert, own.key, { PICKUP_SIP_TLS_PORT: '5060' }),
        'PICKUP_SIP_TLS_PORT must differ from PICKUP_SIP_PORT; given "5060"',
      ],
    ];
    for (const [given, fault] of cases) {
      const faults = faultsOf(given);
      expect(faults).toHaveLength(1);
      expect(faults[0]).toContain(fault);
      expect(faults[0]).not.toMatch(/PRIVATE|MIG|MHc/);
    }
  });

  test('an expired certificate is refused, one with fewer than 14 days left is warned of', () => {
    const given = env(own.cert, own.key);
    const day = (days: number) => () => Date.now() + days * DAY_MS;
    expect(faultsOf(given, day(31))[0]).toMatch(/^PICKUP_SIP_TLS_CERT must not have expired; it did on 20/);
    expect(warningsOf(given, day(15))).toEqual([]);
    expect(warningsOf(given, day(17))[0]).toMatch(/^PICKUP_SIP_TLS_CERT expires on \S+, in 12 days$/);
    expect(warningsOf(given, day(-1))[0]).toMatch(/^PICKUP_SIP_TLS_CERT is not in force before /);
  });

  test('a chain out of order and authorities without a certificate are warned of', () => {
    expect(warningsOf(env(own.cert + other.cert, own.key))[0]).toMatch(/certificate 1 followed by one that did not/);
    const chained = makeCertificate({ names: ['IP:127.0.0.1'], issuer: other });
    expect(warningsOf(env(chained.cert + other.cert, chained.key))).toEqual([]);
    expect(warningsOf({ PICKUP_SIP_TLS_CA: other.cert })[0]).toMatch(/^PICKUP_SIP_TLS_CA has no effect without/);
  });
});
