import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDnsServer, type DnsServer } from '@pickup/testkit/dns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock, TransportKind } from '../src/index.ts';
import { createLocate, DnsNames } from '../src/locate/index.ts';
import { parseUri } from '../src/message/index.ts';
import { uriTarget } from '../src/transport/address.ts';

const realClock: Clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

let dns: DnsServer;
let folder: string;
let nowMs = 0;

beforeEach(async () => {
  dns = await createDnsServer();
  folder = mkdtempSync(join(tmpdir(), 'hosts-'));
  writeFileSync(join(folder, 'hosts'), '10.9.9.9 pbx.local Pbx # ours\n::9 pbx.local\nnonsense line\n');
  nowMs = 0;
});
afterEach(async () => {
  await dns.close();
  rmSync(folder, { recursive: true });
});

/** Looks up as a server would that speaks these; the first of equals wins every lot. */
function finder(spoken: readonly TransportKind[] = ['udp', 'tcp', 'tls']) {
  const clock = { ...realClock, monoMs: () => realClock.monoMs() + nowMs };
  const names = new DnsNames({ clock, servers: [dns.address], hostsFile: join(folder, 'hosts') });
  const locate = createLocate({ clock, names, draw: () => 0 });
  return async (uri: string, usual: TransportKind = 'udp') => {
    const places = await locate(uriTarget(parseUri(uri))!, { spoken: new Set(spoken), usual });
    return places.map(({ transport, address, port }) => `${transport} ${address} ${port}`);
  };
}

const a = (address: string) => [{ type: 'A' as const, address }];
const srv = (target: string, port = 5_060, priority = 10, weight = 0) => ({
  type: 'SRV' as const,
  priority,
  weight,
  port,
  target,
});
const naptr = (order: number, service: string, replacement: string, flags = 's') => ({
  type: 'NAPTR' as const,
  order,
  preference: 10,
  flags,
  service,
  replacement,
});

describe('RFC 3263 4.1 and 4.2 where a URI leads', () => {
  it('an address needs no look-up: its transport, else the usual one; its port, else that of the transport', async () => {
    const find = finder();
    expect(await find('sip:a@192.0.2.7')).toEqual(['udp 192.0.2.7 5060']);
    expect(await find('sip:a@192.0.2.7', 'tcp')).toEqual(['tcp 192.0.2.7 5060']);
    expect(await find('sip:a@[2001:db8::7]:5090;transport=tcp')).toEqual(['tcp 2001:db8::7 5090']);
    expect(await find('sips:a@192.0.2.7')).toEqual(['tls 192.0.2.7 5061']);
    expect(dns.questions).toEqual([]);
  });

  it('a name with a port: its addresses, IPv4 first, without NAPTR or SRV', async () => {
    dns.set('pbx.example.com', 'A', a('192.0.2.1'));
    dns.set('pbx.example.com', 'AAAA', [{ type: 'AAAA', address: '2001:db8::1' }]);
    expect(await finder()('sip:a@pbx.example.com:5090')).toEqual(['udp 192.0.2.1 5090', 'udp 2001:db8::1 5090']);
    expect([...dns.questions].sort()).toEqual(['A pbx.example.com', 'AAAA pbx.example.com']);
  });

  it('NAPTR names the transport, in its order, as far as it is spoken here', async () => {
    dns.set('example.com', 'NAPTR', [
      naptr(30, 'SIP+D2U', '_sip._udp.example.com'),
      naptr(10, 'SIPS+D2T', '_sips._tcp.example.com'),
      naptr(20, 'SIP+D2T', 'elsewhere.example.net'),
      naptr(5, 'SIP+D2S', '_sip._sctp.example.com'),
      naptr(1, 'E2U+sip', '', 'u'),
    ]);
    dns.set('_sip._udp.example.com', 'SRV', [srv('b.example.com')]);
    dns.set('_sips._tcp.example.com', 'SRV', [srv('b.example.com', 5_061)]);
    dns.set('elsewhere.example.net', 'SRV', [srv('b.example.com', 5_099)]);
    dns.set('b.example.com', 'A', a('192.0.2.2'));
    const all = ['tls 192.0.2.2 5061', 'tcp 192.0.2.2 5099', 'udp 192.0.2.2 5060'];
    expect(await finder()('sip:a@example.com')).toEqual(all);
    expect(await finder(['udp', 'tcp'])('sip:a@example.com')).toEqual(all.slice(1));
  });

  it('without NAPTR the SRV of every transport; without either the addresses, by the usual one', async () => {
    dns.set('_sip._tcp.example.com', 'SRV', [srv('b.example.com', 5_070)]);
    dns.set('b.example.com', 'A', a('192.0.2.2'));
    dns.set('example.com', 'A', a('192.0.2.1'));
    dns.set('plain.example.com', 'A', a('192.0.2.3'));
    expect(await finder()('sip:a@example.com')).toEqual(['tcp 192.0.2.2 5070']);
    expect(await finder()('sip:a@plain.example.com', 'tcp')).toEqual(['tcp 192.0.2.3 5060']);
  });

  it('a named transport asks for its SRV only; sips: for that of TLS', async () => {
    dns.set('_sip._udp.example.com', 'SRV', [srv('b.example.com', 5_070)]);
    dns.set('_sips._tcp.example.com', 'SRV', [srv('b.example.com', 5_081)]);
    dns.set('example.com', 'A', a('192.0.2.1'));
    dns.set('b.example.com', 'A', a('192.0.2.2'));
    const find = finder();
    expect(await find('sip:a@example.com;transport=udp')).toEqual(['udp 192.0.2.2 5070']);
    expect(await find('sip:a@example.com;transport=tcp')).toEqual(['tcp 192.0.2.1 5060']);
    expect(await find('sips:a@example.com')).toEqual(['tls 192.0.2.2 5081']);
    expect(dns.questions.filter((question) => question.startsWith('NAPTR'))).toEqual([]);
  });

  it('4.2 SRV by priority, each with all of its addresses, 8 places at most', async () => {
    dns.set('_sip._udp.example.com', 'SRV', [srv('late.example.com', 5_060, 20), srv('early.example.com', 5_070, 10)]);
    dns.set('early.example.com', 'A', [...a('192.0.2.1'), ...a('192.0.2.2')]);
    dns.set(
      'late.example.com',
      'A',
      Array.from({ length: 20 }, (_, n) => a(`192.0.2.${n + 10}`)[0]!),
    );
    const places = await finder()('sip:a@example.com;transport=udp');
    expect(places).toHaveLength(8);
    expect([...places.slice(0, 2)].sort()).toEqual(['udp 192.0.2.1 5070', 'udp 192.0.2.2 5070']);
    expect(places[2]).toMatch(/^udp 192\.0\.2\.\d\d 5060$/);
  });

  it('RFC 2782 a SRV of "." says that there is no such service', async () => {
    dns.set('_sip._udp.example.com', 'SRV', [srv('.', 0)]);
    dns.set('example.com', 'A', a('192.0.2.1'));
    expect(await finder()('sip:a@example.com;transport=udp')).toEqual([]);
  });
});

describe('names that nobody tells of', () => {
  it('no such name: nothing', async () => {
    expect(await finder()('sip:a@nowhere.example.com')).toEqual([]);
  });

  it('SERVFAIL for NAPTR and SRV: the addresses all the same', async () => {
    dns.set('example.com', 'NAPTR', 'servfail');
    for (const prefix of ['_sip._udp', '_sip._tcp', '_sips._tcp']) dns.set(`${prefix}.example.com`, 'SRV', 'servfail');
    dns.set('example.com', 'A', a('192.0.2.1'));
    expect(await finder()('sip:a@example.com')).toEqual(['udp 192.0.2.1 5060']);
  });

  it('silence about NAPTR and SRV: the addresses, within 2 s', async () => {
    dns.set('example.com', 'NAPTR', 'silence');
    for (const prefix of ['_sip._udp', '_sip._tcp', '_sips._tcp']) dns.set(`${prefix}.example.com`, 'SRV', 'silence');
    dns.set('example.com', 'A', a('192.0.2.1'));
    const startMs = performance.now();
    expect(await finder()('sip:a@example.com')).toEqual(['udp 192.0.2.1 5060']);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it('silence about everything: nothing, after 2 s', async () => {
    for (const type of ['NAPTR', 'A', 'AAAA'] as const) dns.set('example.com', type, 'silence');
    for (const prefix of ['_sip._udp', '_sip._tcp', '_sips._tcp']) dns.set(`${prefix}.example.com`, 'SRV', 'silence');
    const startMs = performance.now();
    expect(await finder()('sip:a@example.com')).toEqual([]);
    expect(performance.now() - startMs).toBeGreaterThan(1_500);
    expect(performance.now() - startMs).toBeLessThan(2_250);
  });

  it('silence about IPv6 alone does not lose IPv4', async () => {
    dns.set('pbx.example.com', 'A', a('192.0.2.1'));
    dns.set('pbx.example.com', 'AAAA', 'silence');
    const startMs = performance.now();
    expect(await finder()('sip:a@pbx.example.com:5060')).toEqual(['udp 192.0.2.1 5060']);
    expect(performance.now() - startMs).toBeLessThan(1_000);
  });
});

describe('the hosts file and what is kept', () => {
  it('the hosts file goes before DNS, in any case, and is read again when it changed', async () => {
    dns.set('pbx.local', 'A', a('192.0.2.1'));
    const find = finder();
    expect(await find('sip:a@PBX.local:5060')).toEqual(['udp 10.9.9.9 5060', 'udp ::9 5060']);
    expect(await find('sip:a@localhost:5060')).toEqual(['udp 127.0.0.1 5060', 'udp ::1 5060']);
    writeFileSync(join(folder, 'hosts'), '10.8.8.8 pbx.local and-another-name\n');
    nowMs += 5_000;
    expect(await find('sip:a@pbx.local:5060')).toEqual(['udp 10.8.8.8 5060']);
    expect(dns.questions).toEqual([]);
  });

  it.each([
    [60, 59_000, 61_000],
    [0, 4_000, 6_000],
    [86_400, 299_000, 301_000],
  ])('an answer with %i s to live is known after %i ms and asked for again after %i ms', async (ttl, known, again) => {
    dns.ttlSeconds = ttl;
    dns.set('pbx.example.com', 'A', a('192.0.2.1'));
    dns.set('pbx.example.com', 'AAAA', [{ type: 'AAAA', address: '2001:db8::1' }]);
    const find = finder();
    await Promise.all([find('sip:a@pbx.example.com:5060'), find('sip:a@pbx.example.com:5060')]);
    nowMs = known;
    await find('sip:a@pbx.example.com:5060');
    expect(dns.questions).toHaveLength(2);
    nowMs = again;
    await find('sip:a@pbx.example.com:5060');
    expect(dns.questions).toHaveLength(4);
  });

  it('a failure is forgotten soon, that there is nothing is kept for a minute', async () => {
    dns.set('pbx.example.com', 'A', 'servfail');
    const find = finder();
    expect(await find('sip:a@pbx.example.com:5060')).toEqual([]);
    dns.set('pbx.example.com', 'A', a('192.0.2.1'));
    nowMs += 2_500;
    expect(await find('sip:a@pbx.example.com:5060')).toEqual(['udp 192.0.2.1 5060']);
    expect(dns.questions.filter((question) => question.startsWith('AAAA'))).toHaveLength(1);
  });
});
