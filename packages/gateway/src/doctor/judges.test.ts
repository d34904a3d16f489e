/** What the figures mean: each row is a finding of the machine and what the operator is told to change. */
import type { ReachResult } from '@pickup/outbound';
import { describe, expect, test } from 'vitest';
import { type Config, type Env, loadConfig } from '../config/index.ts';
import { judgeAddresses, withCallers } from './addresses.ts';
import { type FolderFacts, judgeFolder, judgeSpace } from './data-folder.ts';
import { judgeDatabase } from './database.ts';
import type { Finding } from './finding.ts';
import { judgeLimits } from './limits.ts';
import { judgeNames } from './names.ts';
import { judgePorts, wantedPorts } from './ports.ts';
import { judgePublicUrl } from './public-url.ts';
import { judgeRunning } from './running.ts';
import { judgeSettings } from './settings.ts';
import { judgeOptions } from './sip-options.ts';
import { judgeClock } from './wall-clock.ts';
import { judgeWebhook, judgeWebhookList, webhooksToTry, withoutSecrets } from './webhook.ts';

function configOf(env: Env, addresses: readonly string[] = ['127.0.0.1', '10.0.0.5']): Config {
  const loaded = loadConfig(env, { addresses: () => addresses });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  return loaded.config;
}

/** `level found → change`. */
const told = (findings: readonly Finding[]): readonly string[] =>
  findings.map((one) => `${one.level} ${one.found}${'change' in one ? ` → ${one.change}` : ''}`);

test('settings: all faults and warnings at once, each with the name to change', () => {
  const faulty = loadConfig({ PICKUP_HTTP_PORT: 'x', PICKUP_SIP_PORT: 'y', PICKUP_SIP_PROT: '1' });
  expect(told(judgeSettings(faulty))).toEqual([
    expect.stringMatching(/^fail PICKUP_HTTP_PORT must be .*"x" → set PICKUP_HTTP_PORT right/),
    expect.stringMatching(/^fail PICKUP_SIP_PORT must be .*"y" → set PICKUP_SIP_PORT right/),
    expect.stringMatching(/^warn PICKUP_SIP_PROT is not a setting .*PICKUP_SIP_PORT\? → set PICKUP_SIP_PROT otherwise/),
  ]);
  expect(told(judgeSettings(loadConfig({})))).toEqual([expect.stringMatching(/^ok well-formed, 0 of \d+ set$/)]);
});

describe('the gateway', () => {
  const url = 'http://127.0.0.1:8787';
  test.each([
    [{ lock: { held: false } }, /^ok not running/],
    [
      { lock: { held: false }, lockError: 'unable to open' },
      /^fail whether it runs is not known: unable to open → run this as the user/,
    ],
    [
      { lock: { held: true, pid: 7 }, url, healthy: true, ready: { ready: true, reasons: [] } },
      /^ok running \(pid 7\).*takes calls$/,
    ],
    [
      {
        lock: { held: true, pid: 7 },
        url,
        healthy: true,
        ready: { ready: false, reasons: ['the gateway is stopping'] },
      },
      /^warn .*takes no calls: the gateway is stopping → /,
    ],
    [
      { lock: { held: true, pid: 7 }, url, healthy: false },
      /^fail running \(pid 7\) on \/home, but does not answer .* → .*kill -TERM 7$/,
    ],
    [{ lock: { held: true } }, /^ok running, on ports not known here/],
  ])('%#', (facts, says) => {
    expect(told(judgeRunning(facts, '/home'))).toEqual([expect.stringMatching(says)]);
  });
});

describe('the data folder', () => {
  const good: FolderFacts = {
    folder: '/d/p',
    nearest: '/d/p',
    exists: true,
    isFolder: true,
    mode: 0o700,
    flushMs: 2,
    space: { freeBytes: 50e9, totalBytes: 100e9, freeFiles: 900, totalFiles: 1_000 },
    open: [],
    foreign: [],
  };
  test.each<[Partial<FolderFacts>, readonly RegExp[]]>([
    [{}, [/^ok \/d\/p, mode 0700, a flushed write takes 2\.0 ms$/]],
    [{ mode: 0o755 }, [/^warn .*0755.* → chmod 700 \/d\/p$/]],
    [{ flushMs: 51 }, [/^warn .*51 ms.* → PICKUP_HOME=/]],
    [{ flushMs: 50 }, [/^ok /]],
    [{ open: ['/d/p/seal.key'] }, [/^warn .* → chmod 600 \/d\/p\/seal\.key$/]],
    [
      { foreign: ['/d/p/pickup.db'] },
      [/^warn \/d\/p\/pickup\.db belongs to another user .* → chown --reference=\/d\/p \/d\/p\/pickup\.db$/],
    ],
    [{ writeError: 'EACCES' }, [/^fail \/d\/p cannot be written \(EACCES\) → as the user that Pickup runs as/]],
    [{ exists: false, nearest: '/d', writeError: 'EROFS' }, [/^fail \/d\/p cannot be made \(EROFS\) → /]],
    [{ isFolder: false }, [/^fail \/d\/p is no folder → PICKUP_HOME=/]],
  ])('%o', (change, says) => {
    expect(told(judgeFolder({ ...good, ...change }))).toEqual(says.map((one) => expect.stringMatching(one)));
  });

  test.each<[Partial<NonNullable<FolderFacts['space']>>, RegExp]>([
    [{}, /^ok 46\.6 GiB of 93\.1 GiB free$/],
    [{ freeBytes: 4e9 }, /^warn 3\.7 GiB of/],
    [{ freeBytes: 1e6 }, /^fail 977 KiB of/],
    [{ freeFiles: 40 }, /^warn 40 of 1000 inodes free/],
    [{ freeFiles: 0 }, /^fail no free inodes/],
    [{ freeFiles: 0, totalFiles: 0 }, /^ok /],
  ])('space %o', (change, says) => {
    expect(told(judgeSpace({ ...good, space: { ...good.space!, ...change } }))).toEqual([expect.stringMatching(says)]);
  });
});

describe('the database', () => {
  const schema = { found: 3, known: 3 };
  test.each([
    [{ exists: false }, /^ok \/d does not exist yet/],
    [{ exists: true, schema, integrity: 'ok' }, /^ok whole, schema 3$/],
    [
      { exists: true, schema: { found: 2, known: 3 }, integrity: 'ok' },
      /^ok whole, schema 2, which the next start takes to 3$/,
    ],
    [{ exists: true, schema: { found: 4, known: 3 } }, /^fail .*knows up to 3 → start the version/],
    [{ exists: true, schema }, /^warn .*too large.* → .*PRAGMA quick_check/],
    [{ exists: true, schema, integrity: 'row 3 missing' }, /^fail .*row 3 missing → .*Backup/],
    [{ exists: true, error: { code: 'SQLITE_NOTADB', message: '' } }, /^fail \/d is damaged/],
    [
      { exists: true, error: { code: 'SQLITE_CANTOPEN', message: 'no' } },
      /^fail \/d cannot be read .* → run pickup doctor as the user/,
    ],
  ])('%#', (store, says) => {
    expect(told(judgeDatabase(store, '/d'))).toEqual([expect.stringMatching(says)]);
  });
});

describe('ports', () => {
  test('those of every listener are wanted, with a sample of the audio range, and none of port 0', () => {
    const wanted = wantedPorts(
      configOf({ PICKUP_SIP_HOST: '127.0.0.1,::1', PICKUP_HTTP_PORT: '0', PICKUP_RTP_PORTS: '20001-20008' }),
    );
    expect(wanted.map(({ use, protocol, host, port }) => `${use} ${protocol} ${host} ${port}`)).toEqual([
      'SIP udp 127.0.0.1 5060',
      'SIP tcp 127.0.0.1 5060',
      'SIP udp ::1 5060',
      'SIP tcp ::1 5060',
      'audio udp 127.0.0.1 20002',
      'audio udp 127.0.0.1 20004',
      'audio udp 127.0.0.1 20006',
      'audio udp 127.0.0.1 20008',
    ]);
  });

  test.each([
    ['EADDRINUSE', /^fail SIP udp 127\.0\.0\.1:5060 is taken → PICKUP_SIP_PORT=.*ss -lunp 'sport = :5060'$/],
    ['EACCES', /^fail .*may not be used.* → .*CAP_NET_BIND_SERVICE$/],
    ['EADDRNOTAVAIL', /^fail 127\.0\.0\.1 is no address of this machine → PICKUP_SIP_HOST=/],
    ['EWEIRD', /^fail .*\(EWEIRD\)/],
  ])('%s', (code, says) => {
    const [one] = wantedPorts(configOf({ PICKUP_HTTP_PORT: '0' }));
    expect(told(judgePorts([{ ...one!, code }]))).toEqual([expect.stringMatching(says)]);
  });

  test('an address that is not there is one fault, not one for each port', () => {
    const wanted = wantedPorts(configOf({ PICKUP_SIP_HOST: '10.0.0.6' }));
    const tried = wanted.map((one) => ({ ...one, ...(one.host === '10.0.0.6' && { code: 'EADDRNOTAVAIL' }) }));
    expect(told(judgePorts(tried)).filter((line) => line.startsWith('fail'))).toEqual([
      expect.stringMatching(/^fail 10\.0\.0\.6 is no address/),
    ]);
  });

  test('a taken port for audio is only a warning: calls get others', () => {
    const audio = wantedPorts(configOf({})).find((one) => one.use === 'audio')!;
    expect(told(judgePorts([{ ...audio, code: 'EADDRINUSE' }]))).toEqual([
      expect.stringMatching(/^warn audio .*PICKUP_RTP_PORTS=/),
    ]);
  });
});

describe('limits', () => {
  const facts = { descriptors: 100_000, ownPorts: { first: 32_768, last: 60_999 }, reserved: [], receiveBytes: 4e6 };
  test.each<[Env, object, RegExp]>([
    [{}, {}, /^ok audio ports for 5000 calls/],
    [{}, { descriptors: 1_024 }, /^warn .*5000 calls take 20256 → ulimit -n 20256 .*PICKUP_CONCURRENCY=192$/],
    [{ PICKUP_CONCURRENCY: '100' }, { descriptors: 1_024 }, /^ok /],
    [
      { PICKUP_CONCURRENCY: '6000' },
      {},
      /^warn PICKUP_CONCURRENCY is 6000.* → PICKUP_RTP_PORTS=20000-31999, or PICKUP_CONCURRENCY=5000$/,
    ],
    [
      { PICKUP_RTP_PORTS: '30000-39999' },
      {},
      /^warn .*30000-39999 → sysctl -w net\.ipv4\.ip_local_reserved_ports=30000-39999$/,
    ],
    [{ PICKUP_RTP_PORTS: '30000-39999' }, { reserved: [{ first: 30_000, last: 39_999 }] }, /^ok /],
    [{ PICKUP_RTP_PORTS: '30000-39999' }, { reserved: [{ first: 8_080, last: 8_080 }] }, /ports=8080,30000-39999$/],
    [{}, { receiveBytes: 212_992 }, /^ok /],
    [
      { PICKUP_SIP_HOST: '10.0.0.5' },
      { receiveBytes: 212_992 },
      /^warn .*208 KiB.* → sysctl -w net\.core\.rmem_max=2097152/,
    ],
  ])('%o %o', (env, change, says) => {
    expect(told(judgeLimits({ ...facts, ...change }, configOf(env)))).toEqual([expect.stringMatching(says)]);
  });

  test('where /proc says nothing, nothing is claimed', () => {
    expect(told(judgeLimits({}, configOf({})))).toEqual(['ok audio ports for 5000 calls, unknown open files']);
  });
});

describe('addresses', () => {
  const own = ['127.0.0.1', '10.0.0.5'];
  const names = new Map<string, readonly string[] | { readonly code: string }>([
    ['here.example', ['10.0.0.5']],
    ['away.example', ['198.51.100.7']],
    ['gone.example', { code: 'ENOTFOUND' }],
  ]);
  const judge = (env: Env) => told(judgeAddresses({ own, names }, configOf(env)));
  test.each<[Env, readonly RegExp[]]>([
    [{}, [/^ok .*callers on this machine only$/]],
    [
      { PICKUP_SIP_PEERS: '192.0.2.0/24' },
      [/^warn .*callers of 192\.0\.2\.0\/24 cannot reach it → PICKUP_SIP_HOST=10\.0\.0\.5$/],
    ],
    [
      { PICKUP_SIP_HOST: '10.0.0.6' },
      [/^fail PICKUP_SIP_HOST 10\.0\.0\.6 is no address of this machine → PICKUP_SIP_HOST=10\.0\.0\.5$/],
    ],
    [{ PICKUP_SIP_HOST: '10.0.0.5', PICKUP_SIP_PEERS: '10.0.0.0/8' }, [/^ok .*callers are told 10\.0\.0\.5$/]],
    [
      { PICKUP_SIP_HOST: '10.0.0.5', PICKUP_SIP_PEERS: '54.172.60.0/30' },
      [/^warn .*→ PICKUP_SIP_PUBLIC_HOST=<the public address/],
    ],
    [
      { PICKUP_SIP_HOST: '10.0.0.5', PICKUP_SIP_PEERS: '54.172.60.0/30', PICKUP_SIP_PUBLIC_HOST: '198.51.100.7' },
      [
        /^ok .*198\.51\.100\.7, no address of this machine: the router has to forward UDP and TCP 5060, UDP 20000-29999$/,
      ],
    ],
    [
      { PICKUP_SIP_PUBLIC_HOST: 'gone.example', PICKUP_RTP_PUBLIC_HOST: '10.0.0.5' },
      [/^fail gone\.example has no address \(ENOTFOUND\) → .*PICKUP_SIP_PUBLIC_HOST=/],
    ],
    [
      { PICKUP_SIP_HOST: '10.0.0.5', PICKUP_SIP_PUBLIC_HOST: 'here.example', PICKUP_RTP_PUBLIC_HOST: '10.0.0.5' },
      [/^ok .*here\.example \(10\.0\.0\.5\)$/],
    ],
    [
      { PICKUP_SIP_HOST: '10.0.0.5', PICKUP_SIP_PUBLIC_HOST: 'away.example', PICKUP_SIP_PEERS: '54.172.60.0/30' },
      [/^warn callers are told away\.example for SIP, but 10\.0\.0\.5 for audio → PICKUP_RTP_PUBLIC_HOST=/],
    ],
    [
      { PICKUP_SIP_HOST: '10.0.0.5', PICKUP_RTP_PUBLIC_HOST: 'away.example' },
      [/^warn for audio .*away\.example.* → PICKUP_RTP_PUBLIC_HOST=/],
    ],
  ])('%o', (env, says) => {
    expect(judge(env)).toEqual(says.map((one) => expect.stringMatching(one)));
  });
});

test('addresses: the callers of numbers have to reach the gateway too', () => {
  const numbers = { count: 1, urls: 0, webhooks: [], sip_peers: ['198.51.100.0/24'], open_to_all: true, bought: [] };
  const config = withCallers(configOf({}), numbers);
  expect(told(judgeAddresses({ own: ['127.0.0.1', '10.0.0.5'], names: new Map() }, config))).toEqual([
    expect.stringMatching(
      /^warn .*callers of 198\.51\.100\.0\/24, 0\.0\.0\.0\/0 cannot reach it → PICKUP_SIP_HOST=10\.0\.0\.5$/,
    ),
  ]);
});

describe('the clock', () => {
  test.each([
    [{ synchronised: true, others: [] }, /^ok synchronised$/],
    [{ others: [] }, /^ok whether it is synchronised is not known here$/],
    [{ synchronised: false, others: [] }, /^warn .* → timedatectl set-ntp true/],
    [{ synchronised: true, others: [{ host: 'a', aheadMs: 5_000 }] }, /^ok synchronised, within 5 s of a$/],
    [{ synchronised: true, others: [{ host: 'a', aheadMs: -6_000 }] }, /^warn this clock is 6 s behind that of a → /],
    [
      { others: [{ host: 'a', aheadMs: 301_000 }] },
      /^fail this clock is 301 s ahead of that of a; signatures are refused → /,
    ],
  ])('%o', (facts, says) => {
    expect(told(judgeClock(facts))).toEqual([expect.stringMatching(says)]);
  });
});

test('names: unanswered and slow ones, with the server that was asked; a name that is not there is no fault of a server', () => {
  const found = [
    { name: 'a.example', tookMs: 3, addresses: ['192.0.2.1'] },
    { name: 'b.example', tookMs: 5, addresses: [], code: 'ENOTFOUND' },
    { name: 'c.example', tookMs: 3_000, addresses: [], code: 'ETIMEOUT' },
    { name: 'd.example', tookMs: 1_200, addresses: ['192.0.2.1'] },
  ];
  expect(told(judgeNames(found, ['192.0.2.53']))).toEqual([
    expect.stringMatching(
      /^fail c\.example could not be looked up \(ETIMEOUT, name server 192\.0\.2\.53\) → nameserver/,
    ),
    expect.stringMatching(/^warn d\.example took 1200 ms/),
  ]);
  expect(told(judgeNames(found.slice(0, 2), []))).toEqual([
    'ok 2 looked up, the slowest in 5 ms (no name server); without an address: b.example',
  ]);
});

describe('webhooks', () => {
  const inUse = { url: 'https://u:p@hook.example/a?key=1', phone_number: '+1', numbers: 2 };
  const verdict = { ok: true, url: inUse.url } as const;
  const failed = (error: string, detail = '') =>
    ({ ok: false, error, fault: 'endpoint', message: 'It failed.', detail, phases: { total_ms: 1 } }) as never;
  const nowMs = Date.UTC(2026, 10, 23);
  test.each([
    [
      { ok: true, address: '192.0.2.1', phases: { total_ms: 9.5 } },
      /^ok \+1 and 1 more: https:\/\/hook\.example\/a\?… reached at 192\.0\.2\.1 in 10 ms$/,
    ],
    [{ ok: true, address: '192.0.2.1', phases: { total_ms: 1_500 } }, /^warn .*callers wait for → /],
    [
      { ok: true, address: '192.0.2.1', phases: { total_ms: 9 }, certificateEndsAt: nowMs + 86_400_000 },
      /^warn .*ends on 2026-11-24 → renew the certificate of hook\.example$/,
    ],
    [
      failed('address_refused', 'it is 10.0.0.1; to allow it set PICKUP_WEBHOOK_ALLOW=10.0.0.1/32'),
      /^fail .* → PICKUP_WEBHOOK_ALLOW=10\.0\.0\.1\/32$/,
    ],
    [failed('address_refused', 'own_port'), /^fail .* → another inbound_webhook_url for \+1/],
    [failed('dns_error'), /^fail .* → correct hook\.example in/],
    [failed('tls_error'), /^fail .* → .*openssl s_client -connect hook\.example:443 -servername hook\.example$/],
    [failed('connect_error'), /^fail .* → start the endpoint, and let TCP 443 out to hook\.example/],
    [failed('timeout'), /^fail .* → start the endpoint/],
  ])('%#', (reached, says) => {
    expect(told([judgeWebhook({ inUse, verdict, reached: reached as ReachResult }, nowMs)])).toEqual([
      expect.stringMatching(says),
    ]);
  });

  test('a URL the guard refuses names the setting', () => {
    const message =
      'The URL points at an address that is not public. To allow it, the operator sets PICKUP_WEBHOOK_ALLOW=10.0.0.1/32';
    const refused = { ok: false, code: 'address_refused', message } as const;
    expect(judgeWebhook({ inUse, verdict: refused }, nowMs)).toMatchObject({
      change: 'PICKUP_WEBHOOK_ALLOW=10.0.0.1/32',
    });
  });

  test('numbers that could not be read in time are not taken for none', () => {
    expect(told(judgeWebhookList({ exists: true }))).toEqual([
      expect.stringMatching(/^warn the numbers could not be read → /),
    ]);
    expect(told(judgeWebhookList({ exists: false }))).toEqual(['ok no numbers yet']);
  });

  test('by number: its own URLs, each once; an unknown number fails', () => {
    const secrets = { api_keys: [], trunk_passwords: [], inbound_passwords: [] };
    const number = {
      phone_number: '+1',
      inbound_webhook_url: 'http://a/',
      inbound_sms_webhook_url: 'http://a/',
    } as never;
    expect(webhooksToTry({ exists: true, number }, '+1')).toEqual([
      { url: 'http://a/', phone_number: '+1', numbers: 1 },
    ]);
    expect(told(judgeWebhookList({ exists: true, secrets, number }, '+1'))).toEqual([]);
    expect(told(judgeWebhookList({ exists: true, secrets }, '+1'))).toEqual([
      expect.stringMatching(/^fail there is no number \+1 → /),
    ]);
    const many = {
      exists: true,
      numbers: { count: 30, urls: 12, webhooks: Array(10).fill(inUse), sip_peers: [], open_to_all: false, bought: [] },
    };
    expect(told(judgeWebhookList(many))).toEqual(['ok 2 more URLs were not tried; one is by --number']);
  });

  test('no key of a URL is shown', () => {
    expect(withoutSecrets('https://u:geheim@a.example/x?key=geheim')).toBe('https://a.example/x?…');
  });
});

test('OPTIONS: silence names the transport, any answer is one', () => {
  const at = { host: '::1', port: 5060 };
  expect(
    told(
      judgeOptions([
        { ...at, protocol: 'udp', code: 'ETIMEDOUT' },
        { ...at, protocol: 'tcp', status: 403 },
      ]),
    ),
  ).toEqual([
    expect.stringMatching(/^fail UDP \[::1\]:5060 does not answer OPTIONS \(ETIMEDOUT\) → /),
    'ok answers OPTIONS at TCP [::1]:5060 with 403',
  ]);
});

test('the public URL has to lead here once Pickup runs', () => {
  const reached = { ok: true, address: '192.0.2.1', phases: { total_ms: 3 }, status: 502 } as const;
  const options = { publicUrl: 'https://p.example', own: 'http://127.0.0.1:8787' };
  expect(told(judgePublicUrl(reached, { ...options, running: false }))).toEqual([expect.stringMatching(/^ok /)]);
  expect(told(judgePublicUrl(reached, { ...options, running: true }))).toEqual([
    expect.stringMatching(/^warn .*answers 502 → .*http:\/\/127\.0\.0\.1:8787$/),
  ]);
  expect(told(judgePublicUrl({ ...reached, status: 200 }, { ...options, running: true }))).toEqual([
    expect.stringMatching(/^ok .*answers$/),
  ]);
});
