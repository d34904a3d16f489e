import { describe, expect, it } from 'vitest';
import { SourceLatch } from './source-latch.ts';

const source = (address: string, port = 4_000) => ({ address, port });

describe('the source latch', () => {
  const phone = source('192.0.2.1');
  const sameHost = source('192.0.2.1', 4_002);
  const stranger = source('198.51.100.9');

  it('takes any port of the signalled address, then only that one', () => {
    const latch = new SourceLatch(phone);
    expect(latch.destination).toEqual(phone);
    expect([latch.accepts(sameHost), latch.accepts(phone), latch.accepts(stranger)]).toEqual([true, false, false]);
    expect([latch.destination, latch.isAsSignalled]).toEqual([sameHost, false]);
  });

  it('takes the first stranger, who yields once to the signalled address', () => {
    const latch = new SourceLatch(phone);
    expect([latch.accepts(stranger), latch.accepts(source(stranger.address, 1))]).toEqual([true, false]);
    expect([latch.accepts(phone), latch.accepts(stranger), latch.accepts(sameHost)]).toEqual([true, false, false]);
    expect([latch.destination, latch.isAsSignalled]).toEqual([phone, true]);
  });

  it.each([
    ['a public address', '8.8.8.8', '9.9.9.9', false],
    ['a public IPv6 address', '2606:4700::1', '2606:4700::2', false],
    ['a public address, the source behind a NAT of ours', '8.8.8.8', '172.17.0.1', true],
    ['a private address', '10.1.2.3', '9.9.9.9', true],
    ['an address of a carrier NAT', '100.64.0.9', '9.9.9.9', true],
    ['a private IPv6 address', 'fd00::1', '2606:4700::2', true],
    ['the loopback', '127.0.0.1', '9.9.9.9', true],
    ['no address', '0.0.0.0', '9.9.9.9', true],
    ['a name', 'media.example.com', '9.9.9.9', true],
  ])('a stranger that comes first, where the SDP has %s', (_what, signalled, from, isTaken) => {
    const latch = new SourceLatch(source(signalled));
    expect(latch.accepts(source(from))).toBe(isTaken);
    expect(latch.destination).toEqual(isTaken ? source(from) : source(signalled));
    // Who is there already is not driven out by a second one.
    expect(latch.accepts(source(signalled, 4_008))).toBe(true);
    expect(latch.accepts(source('9.9.9.8'))).toBe(false);
  });

  it('hears a public stranger once nothing but it was heard for half a second, until the signalled address speaks', () => {
    const latch = new SourceLatch(source('8.8.8.8'));
    for (let sent = 0; sent < 25; sent++) expect(latch.accepts(source('9.9.9.9'))).toBe(false);
    // Somebody else in between: it begins anew.
    expect([latch.accepts(source('9.9.9.8')), latch.accepts(source('9.9.9.9'))]).toEqual([false, false]);
    for (let sent = 0; sent < 24; sent++) expect(latch.accepts(source('9.9.9.9'))).toBe(false);
    expect([latch.accepts(source('9.9.9.9')), latch.accepts(source('9.9.9.8'))]).toEqual([true, false]);
    expect([latch.accepts(source('8.8.8.8')), latch.accepts(source('9.9.9.9'))]).toEqual([true, false]);
  });

  it('a public stranger that was heard before a new description is heard on without a gap', () => {
    const latch = new SourceLatch(source('8.8.8.8'));
    for (let sent = 0; sent <= 25; sent++) latch.accepts(source('9.9.9.9'));
    latch.unlock();
    expect([latch.accepts(source('9.9.9.9')), latch.accepts(source('9.9.9.8'))]).toEqual([true, false]);
  });

  it('opens for one source at a new description, and speaks to the old one until then', () => {
    const latch = new SourceLatch(phone);
    latch.accepts(phone);
    latch.unlock();
    expect(latch.destination).toEqual(phone);
    expect([latch.accepts(sameHost), latch.accepts(phone)]).toEqual([true, false]);
  });

  it('follows whoever proved to be the peer', () => {
    const latch = new SourceLatch(source('8.8.8.8'));
    latch.accepts(source('8.8.8.8'));
    latch.move(source('9.9.9.9'));
    expect(latch.destination).toEqual(source('9.9.9.9'));
  });
});
