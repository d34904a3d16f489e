import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { loadConfig } from './load-config.ts';
import {
  renderConfigDocs,
  renderConfigHelp,
  renderConfigSummary,
  renderFault,
  renderSampleEnv,
} from './render-config.ts';
import { SETTING_NAMES } from './settings.ts';

const NO_PUBLIC = { addresses: () => ['127.0.0.1', '10.0.0.5', 'fe80::1'], cwd: '/srv' };
const PUBLIC = { addresses: () => ['127.0.0.1', '8.8.4.4'], cwd: '/srv' };

function load(env: Record<string, string>, machine: Parameters<typeof loadConfig>[1] = NO_PUBLIC) {
  const loaded = loadConfig(env, machine);
  if (!loaded.ok) throw new Error(loaded.faults.map(renderFault).join('\n'));
  return loaded;
}

function faultsOf(env: Record<string, string>, machine: Parameters<typeof loadConfig>[1] = NO_PUBLIC) {
  const loaded = loadConfig(env, machine);
  return loaded.ok ? [] : loaded.faults;
}

test('an empty environment gives the documented defaults', () => {
  const { config, warnings } = load({});
  expect(config).toMatchObject({
    home: '/srv/.pickup',
    http: { host: '127.0.0.1', port: 8787 },
    sip: { hosts: ['127.0.0.1'], port: 5060, trustedPeers: [], digests: ['MD5'], country: 'US' },
    rtp: { ports: { first: 20_000, last: 29_999 }, srtp: 'optional' },
    webhook: { allow: [], profile: 'seed', ringBudgetMs: 45_000, textBudgetMs: 120_000 },
    concurrency: 0,
    drainMs: 60_000,
  });
  expect(config.sip.peers.map((cidr) => cidr.text)).toEqual(['127.0.0.0/8', '::1/128']);
  expect(Object.keys(config)).not.toContain('apiKey');
  expect(warnings).toEqual([]);
});

test('the configuration is frozen all the way down', () => {
  const { config } = load({});
  const open: string[] = [];
  const walk = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    if (!Object.isFrozen(value)) open.push(path);
    for (const [key, inner] of Object.entries(value)) walk(inner, `${path}.${key}`);
  };
  walk(config, 'config');
  expect(open).toEqual([]);
});

test('all faults are given at once, each with name, rule and what was given', () => {
  const faults = faultsOf({
    PICKUP_HTTP_PORT: '70000',
    PICKUP_SIP_PEERS: '10.0.0.0/8,nonsense',
    PICKUP_WEBHOOK_PROFILE: 'new',
    PICKUP_SIP_HOST: '0.0.0.0',
  });
  expect(faults.map(renderFault)).toEqual([
    'PICKUP_HTTP_PORT must be a whole number from 0 to 65535; given "70000"',
    'PICKUP_SIP_PEERS must be an IP address or a block such as 203.0.113.0/24 or 2001:db8::/32 (entry 2); given "10.0.0.0/8,nonsense"',
    'PICKUP_WEBHOOK_PROFILE must be seed or current; given "new"',
    'PICKUP_SIP_PUBLIC_HOST must be set while PICKUP_SIP_HOST is 0.0.0.0 and no interface has a public address',
    'PICKUP_RTP_PUBLIC_HOST must be set while PICKUP_SIP_HOST is 0.0.0.0 and no interface has a public address',
  ]);
});

test.each([
  ['PICKUP_HTTP_PORT', '-1'],
  ['PICKUP_HTTP_PORT', '0x50'],
  ['PICKUP_HTTP_PORT', '80.5'],
  ['PICKUP_HTTP_HOST', 'http://x'],
  ['PICKUP_HTTP_HOST', '127.0.0.300'],
  ['PICKUP_SIP_HOST', 'localhost'],
  ['PICKUP_SIP_HOST', '127.0.0.1,127.0.0.1'],
  ['PICKUP_SIP_HOST', ','],
  ['PICKUP_SIP_COUNTRY', 'XX'],
  ['PICKUP_RTP_PORTS', '20000'],
  ['PICKUP_RTP_PORTS', '30000-20000'],
  ['PICKUP_RTP_PORTS', '80-90'],
  ['PICKUP_PUBLIC_URL', 'ftp://x'],
  ['PICKUP_PUBLIC_URL', 'pickup.example.com'],
  ['PICKUP_WEBHOOK_RING_BUDGET_MS', '1999'],
  ['PICKUP_WEBHOOK_RING_BUDGET_MS', '120001'],
  ['PICKUP_CONCURRENCY', 'many'],
  ['PICKUP_DRAIN_SECONDS', '1e3'],
  ['PICKUP_API_KEY', 'has a space'],
  ['PICKUP_SEAL_KEY', 'ab'.repeat(31)],
  ['PICKUP_SIP_PUBLIC_HOST', '0.0.0.0'],
])('%s=%s is refused', (name, text) => {
  expect(faultsOf({ [name]: text }).map((fault) => fault.name)).toEqual([name]);
});

describe('wildcard binds', () => {
  test('a public interface serves as both hosts', () => {
    const { config } = load({ PICKUP_SIP_HOST: '0.0.0.0' }, PUBLIC);
    expect([config.sip.publicHost, config.rtp.publicHost]).toEqual(['8.8.4.4', '8.8.4.4']);
    expect(load({ PICKUP_SIP_HOST: '::' }, PUBLIC).config.rtp.publicHost).toBe('8.8.4.4');
  });

  test('hosts that are set serve', () => {
    const { config } = load({
      PICKUP_SIP_HOST: '::',
      PICKUP_SIP_PUBLIC_HOST: 'sip.example.com',
      PICKUP_RTP_PUBLIC_HOST: '198.51.100.7',
    });
    expect([config.sip.publicHost, config.rtp.publicHost]).toEqual(['sip.example.com', '198.51.100.7']);
  });

  test('a SIP host that is an address serves media too, a name does not', () => {
    expect(load({ PICKUP_SIP_HOST: '0.0.0.0', PICKUP_SIP_PUBLIC_HOST: '198.51.100.7' }).config.rtp.publicHost).toBe(
      '198.51.100.7',
    );
    const faults = faultsOf({ PICKUP_SIP_HOST: '0.0.0.0', PICKUP_SIP_PUBLIC_HOST: 'sip.example.com' });
    expect(faults.map((fault) => fault.name)).toEqual(['PICKUP_RTP_PUBLIC_HOST']);
  });

  test('one wildcard in a list is enough to be refused', () => {
    expect(faultsOf({ PICKUP_SIP_HOST: '127.0.0.1, 0.0.0.0' })).toHaveLength(2);
  });
});

test('ports that collide with each other are refused', () => {
  expect(faultsOf({ PICKUP_SIP_PORT: '20100' }).map((fault) => fault.name)).toEqual(['PICKUP_RTP_PORTS']);
  expect(faultsOf({ PICKUP_HTTP_PORT: '5060' }).map((fault) => fault.name)).toEqual(['PICKUP_HTTP_PORT']);
  expect(faultsOf({ PICKUP_HTTP_PORT: '0', PICKUP_SIP_PORT: '0' })).toEqual([]);
});

test('settings that work but are hardly meant are warned of', () => {
  const { warnings } = load({
    PICKUP_RTP_PORTS: '30000-40000',
    PICKUP_SIP_PEERS: '10.0.0.1/8',
    PICKUP_SIP_TRUSTED_PEERS: '192.0.2.1',
    PICKUP_HTTP_HOST: '0.0.0.0',
    PICKUP_API_KEY: 'short',
    PICKUP_HTTP_PROT: '1',
    PICKUP_SOMETHING_ELSE_ENTIRELY: '1',
  });
  expect(warnings.map((warning) => `${warning.name} ${warning.message}`)).toEqual([
    'PICKUP_SIP_PEERS 10.0.0.1/8 has bits set behind its prefix and is read as 10.0.0.0/8',
    expect.stringContaining('PICKUP_RTP_PORTS reaches above 32767'),
    expect.stringContaining('PICKUP_API_KEY has fewer than 16 characters'),
    'PICKUP_HTTP_PROT is not a setting and has no effect; did you mean PICKUP_HTTP_PORT?',
    'PICKUP_SOMETHING_ELSE_ENTIRELY is not a setting and has no effect',
    expect.stringContaining('PICKUP_SIP_TRUSTED_PEERS 192.0.2.1/32 is not among'),
    expect.stringContaining('PICKUP_HTTP_HOST lets other machines reach'),
  ]);
});

describe('NAME_FILE', () => {
  const readFile = (path: string) => {
    if (path === '/run/key') return 'key_from_the_file_0001\n';
    if (path === '/run/empty') return '\n';
    throw Object.assign(new Error('no'), { code: 'ENOENT' });
  };

  test('reads any setting from a file, without its line end', () => {
    const { config } = load({ PICKUP_API_KEY_FILE: '/run/key' }, { ...NO_PUBLIC, readFile });
    expect(config.apiKey).toBe('key_from_the_file_0001');
  });

  test('is refused beside its variable, for an empty file and for one that cannot be read', () => {
    const faults = faultsOf(
      {
        PICKUP_API_KEY: 'x'.repeat(20),
        PICKUP_API_KEY_FILE: '/run/key',
        PICKUP_HOME_FILE: '/run/empty',
        PICKUP_SEAL_KEY_FILE: '/nowhere',
      },
      { ...NO_PUBLIC, readFile },
    );
    expect(faults.map(renderFault)).toEqual([
      'PICKUP_HOME_FILE must name a file that is not empty; given "/run/empty"',
      'PICKUP_API_KEY_FILE must not be set together with PICKUP_API_KEY; given "/run/key"',
      'PICKUP_SEAL_KEY_FILE must name a file that can be read (ENOENT); given "/nowhere"',
    ]);
  });
});

test('the seal key is read from hex and from base64', () => {
  const bytes = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
  for (const form of ['hex', 'base64'] as const) {
    const { config } = load({ PICKUP_SEAL_KEY: Buffer.from(bytes).toString(form) });
    expect(config.sealKey).toEqual(bytes);
  }
});

test('secrets are never shown, neither in faults nor in the summary', () => {
  const secret = 'very secret value';
  const faults = faultsOf({
    PICKUP_API_KEY: secret,
    PICKUP_SEAL_KEY: secret,
    PICKUP_PUBLIC_URL: `https://u:${secret}@x/`,
  });
  expect(faults).toHaveLength(3);
  expect(JSON.stringify(faults)).not.toContain('very secret');
  const { readings, warnings } = load({ PICKUP_API_KEY: 'key_1234', PICKUP_HTTP_PORT: '9000' });
  expect(renderConfigSummary(readings)).toEqual([
    'PICKUP_HTTP_PORT="9000" (environment)',
    'PICKUP_API_KEY=(hidden) (environment)',
  ]);
  expect(JSON.stringify([readings, warnings])).not.toContain('key_1234');
});

test('docs/config.md equals the code', () => {
  const written = readFileSync(new URL('../../../../docs/config.md', import.meta.url), 'utf8');
  expect(written, 'run: node scripts/write-docs.ts').toBe(renderConfigDocs());
});

test('help, documentation and sample file name every setting, and the sample file loads', () => {
  const sample = renderSampleEnv();
  for (const name of SETTING_NAMES) {
    expect(renderConfigHelp()).toContain(`  ${name}  (`);
    expect(renderConfigDocs()).toContain(`| \`${name}\` |`);
    expect(sample).toContain(`\n#${name}=`);
  }
  const env = Object.fromEntries([...sample.matchAll(/^#(PICKUP_\w+)=(.*)$/gm)].map((line) => [line[1], line[2]]));
  expect(load(env).config).toMatchObject({ http: { port: 8787 }, publicUrl: 'https://pickup.example.com' });
  expect(
    renderConfigHelp(80)
      .split('\n')
      .filter((line) => line.startsWith('      ') && line.length > 80),
  ).toEqual([]);
});

test('hashes of credentials are a list of the two, in any case and in the order given', () => {
  expect(load({ PICKUP_SIP_DIGEST: 'md5' }).config.sip.digests).toEqual(['MD5']);
  expect(load({ PICKUP_SIP_DIGEST: 'MD5, sha-256' }).config.sip.digests).toEqual(['MD5', 'SHA-256']);
  for (const given of ['none', 'SHA-512-256', 'MD5,MD5']) {
    expect(faultsOf({ PICKUP_SIP_DIGEST: given }).map(({ name }) => name)).toEqual(['PICKUP_SIP_DIGEST']);
  }
});

describe('Twilio and Telnyx', () => {
  const KEY = Buffer.alloc(32, 7).toString('base64');
  const all = {
    PICKUP_TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789abcdef',
    PICKUP_TWILIO_AUTH_TOKEN: 'token-1-9b7e4c21d0',
    PICKUP_TWILIO_PREVIOUS_AUTH_TOKEN: 'token-0-9b7e4c21d0',
    PICKUP_TELNYX_API_KEY: 'KEY1-9b7e4c21d0a5f',
    PICKUP_TELNYX_PUBLIC_KEY: KEY,
    PICKUP_PUBLIC_URL: 'https://pickup.example.com',
  };

  test('the credentials of both, and no token in what is shown', () => {
    const { config, warnings, readings } = load(all);
    expect(config.twilio).toMatchObject({
      accountSid: 'AC0123456789abcdef0123456789abcdef',
      authToken: 'token-1-9b7e4c21d0',
      previousAuthToken: 'token-0-9b7e4c21d0',
    });
    expect(config.telnyx).toMatchObject({ apiKey: 'KEY1-9b7e4c21d0a5f', publicKey: KEY });
    expect(warnings).toEqual([]);
    expect(JSON.stringify(readings)).not.toMatch(/token-|KEY1/);
  });

  test('what is missing for texts to come in is said', () => {
    const { PICKUP_PUBLIC_URL: _url, PICKUP_TELNYX_PUBLIC_KEY: _key, ...rest } = all;
    expect(load(rest).warnings.map(({ name }) => name)).toEqual(['PICKUP_PUBLIC_URL', 'PICKUP_TELNYX_PUBLIC_KEY']);
  });

  test.each(['short', Buffer.alloc(31).toString('base64'), `${KEY}=`, KEY.replace('=', '')])(
    'a public key that is none is a fault: %s',
    (key) => {
      const [fault, ...more] = faultsOf({ ...all, PICKUP_TELNYX_PUBLIC_KEY: key });
      expect(fault?.name).toBe('PICKUP_TELNYX_PUBLIC_KEY');
      expect(more).toEqual([]);
    },
  );
});
