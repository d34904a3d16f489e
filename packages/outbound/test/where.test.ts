import { networkInterfaces } from 'node:os';
import { startFakeEndpoint } from '@pickup/testkit/endpoint';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type AllowedAudit, createAddressGuard, createOutbound } from '../src/index.ts';
import { loopbackOutbound, Opened, request, systemClock } from './support.ts';

const opened = new Opened();
afterEach(() => opened.close());

const strict = (allow: readonly string[] = []) => opened.add(createOutbound({ clock: systemClock, allow }));

const noRecord = () => Promise.reject(Object.assign(new Error('none'), { code: 'ENODATA' }));

/** A resolver that answers every name with one address. */
function answering(address: string) {
  const found = async () => [{ address, ttl: 60 }];
  return address.includes(':') ? { resolve4: noRecord, resolve6: found } : { resolve4: found, resolve6: noRecord };
}

const REFUSED = [
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '0x7f000001',
  '0177.0.0.1',
  '127.1',
  '127.0.0.1.',
  '0.0.0.0',
  '[::]',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::7f00:1]',
  '[64:ff9b::a9fe:a9fe]',
  '[64:ff9b:1::1]',
  '[2002:a9fe:a9fe::1]',
  '[2001:0:1::1]',
  '[fd00:ec2::254]',
  '[fe80::1]',
  '[fe80::1%25eth0]',
  '[fec0::1]',
  '[ff02::1]',
  '169.254.169.254',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  'localhost',
  'a.localhost',
];

describe('addresses', () => {
  it.each(REFUSED)('case 39 %s is refused when saved and when sent to', async (host) => {
    const outbound = strict();
    const url = `http://${host}:9/`;
    const saved = outbound.checkUrl(url);
    expect(saved.ok).toBe(false);
    expect(await outbound.post(request(url))).toMatchObject({ ok: false, error: 'address_refused', fault: 'endpoint' });
  });

  it.each(['https://example.com/x', 'http://8.8.8.8/', 'http://[2606:4700::1111]/', 'https://u:p@example.com:8443/'])(
    '%s may be saved',
    (url) => {
      expect(strict().checkUrl(url)).toEqual({ ok: true, url });
    },
  );

  it('a refusal names the exact setting that would allow it, and that setting does', () => {
    const refused = strict(['192.168.0.0/16']).checkUrl('http://0x0a.1/x');
    const line = 'PICKUP_WEBHOOK_ALLOW=192.168.0.0/16,10.0.0.1/32';
    expect(refused).toMatchObject({ ok: false, code: 'address_refused', message: expect.stringContaining(line) });
    expect(strict(line.split('=')[1]!.split(',')).checkUrl('http://10.0.0.1/x').ok).toBe(true);
  });

  it('a malformed allow-list is an error at once', () => {
    expect(() => createAddressGuard({ allow: ['10.0.0.0/99'] }, () => 0)).toThrow();
  });

  it.each(['10.1.2.3', '::ffff:10.1.2.3', '64:ff9b::a01:203', 'fd00::1', '169.254.169.254'])(
    'case 40 a name that resolves to %s is refused at connect',
    async (address) => {
      const outbound = opened.add(createOutbound({ clock: systemClock, resolver: answering(address) }));
      expect(outbound.checkUrl('http://rebound.example/').ok).toBe(true);
      const result = await outbound.post(request('http://rebound.example/'));
      expect(result).toMatchObject({ ok: false, error: 'address_refused' });
      if (result.ok) return;
      expect(result.message).not.toMatch(/10\.1|fd00|169\.254|rebound/);
      expect(result.detail).toContain('rebound.example');
    },
  );

  it.each([
    'file:///etc/passwd',
    'gopher://8.8.8.8/',
    'data:text/plain,x',
    'unix:/run/x.sock',
    'ftp://8.8.8.8/',
    'nonsense',
    '',
  ])('case 46 %j is refused when saved and when sent to', async (url) => {
    const outbound = strict();
    expect(outbound.checkUrl(url)).toMatchObject({ ok: false });
    expect(await outbound.post(request(url))).toMatchObject({ ok: false, error: 'address_refused' });
  });

  it('case 47 the allow-list works, and each connection it allowed is told', async () => {
    const endpoint = opened.add(await startFakeEndpoint());
    const audits: AllowedAudit[] = [];
    const onAllowed = (audit: AllowedAudit) => void audits.push(audit);
    const outbound = opened.add(createOutbound({ clock: systemClock, allow: ['127.0.0.0/8'], onAllowed }));
    expect(outbound.checkUrl(endpoint.url).ok).toBe(true);
    expect((await outbound.post(request(endpoint.url))).ok).toBe(true);
    expect((await outbound.post(request(endpoint.url))).ok).toBe(true);
    const { port } = endpoint;
    expect(audits).toEqual([{ host: '127.0.0.1', port, address: '127.0.0.1', rule: '127.0.0.0/8' }]);
  });

  it("Pickup's own ports are never reachable on this machine, allow-list or not", async () => {
    const endpoint = opened.add(await startFakeEndpoint());
    const outbound = opened.add(
      createOutbound({
        clock: systemClock,
        loopback: true,
        allow: ['0.0.0.0/0', '::/0'],
        ownPorts: () => [endpoint.port],
      }),
    );
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const hosts = ['127.0.0.1', '127.9.9.9', '0.0.0.0', '[::]', '[::1]', 'localhost', '[::ffff:127.0.0.1]'];
    for (const { address, family } of own) if (family === 'IPv4') hosts.push(address);
    for (const host of hosts) {
      const url = `http://${host}:${endpoint.port}/`;
      expect(outbound.checkUrl(url), url).toMatchObject({ ok: false, code: 'own_port' });
      expect(await outbound.post(request(url)), url).toMatchObject({ ok: false, error: 'address_refused' });
    }
    expect(endpoint.connections).toBe(0);
  });

  it('case 49 a failure holds neither an address nor a body in its public message', async () => {
    const endpoint = opened.add(
      await startFakeEndpoint({ handler: () => (socket) => void socket.end('SECRET 127.0.0.1\r\n\r\n') }),
    );
    const result = await opened.add(loopbackOutbound()).post(request(endpoint.url));
    if (result.ok) throw new Error('expected a failure');
    expect(result.message).not.toMatch(/SECRET|127\.0/);
  });

  it('no spelling of a refused IPv4 address survives', () => {
    const guarded = strict();
    const spelling = (n: number, kind: number) => {
      const octets = [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
      const forms = [
        String(n >>> 0),
        `0x${(n >>> 0).toString(16)}`,
        octets.map((octet) => `0${octet.toString(8)}`).join('.'),
        octets.map((octet) => `0x${octet.toString(16)}`).join('.'),
        `${octets[0]}.${n & 0xffffff}`,
        `[::ffff:${octets.join('.')}]`,
        `[::${octets.join('.')}]`,
        `[64:ff9b::${octets.join('.')}]`,
      ];
      return forms[kind % forms.length]!;
    };
    const networks = fc.constantFrom(0x0a000000, 0x7f000000, 0xa9fea900, 0xc0a80000, 0xac100000, 0x00000000);
    const property = fc.property(networks, fc.nat(255), fc.nat(7), (network, last, kind) => {
      expect(guarded.checkUrl(`http://${spelling(network + last, kind)}/`).ok).toBe(false);
    });
    fc.assert(property);
  });
});
