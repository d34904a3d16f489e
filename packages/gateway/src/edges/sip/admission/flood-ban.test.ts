import { expect, test } from 'vitest';
import { FloodBan } from './flood-ban.ts';

const times = (count: number, run: (nth: number) => string) => Array.from({ length: count }, (_, nth) => run(nth));

test('case 61 the 16th message within 2 s is the last that is heard, for 300 s', () => {
  const flood = new FloodBan();
  const heard = times(16, (nth) => flood.count('192.0.2.1', nth * 133));
  expect(heard).toEqual([...times(15, () => 'heard'), 'banned']);
  const bannedAt = 15 * 133;
  expect(flood.count('192.0.2.1', bannedAt + 1)).toBe('silent');
  expect(flood.count('192.0.2.2', bannedAt + 1)).toBe('heard');
  expect([flood.isBanned('192.0.2.1', bannedAt + 299_999), flood.isBanned('192.0.2.1', bannedAt + 300_000)]).toEqual([
    true,
    false,
  ]);
  expect(flood.count('192.0.2.1', bannedAt + 300_001)).toBe('heard');
  expect(flood.bans).toBe(1);
});

test('case 61 a slower pace is never banned, whatever window one looks at', () => {
  const flood = new FloodBan();
  // 15 in any 2 s.
  for (let at = 0; at < 60_000; at += 134) expect(flood.count('192.0.2.1', at)).toBe('heard');
});

test('case 61 a burst across the edge of any fixed window is still a flood', () => {
  const flood = new FloodBan();
  flood.count('192.0.2.1', 0);
  const burst = times(15, (nth) => flood.count('192.0.2.1', 1_990 + nth));
  expect(burst).not.toContain('banned');
  expect(flood.count('192.0.2.1', 2_010)).toBe('banned');
});

test('case 61 a /64 of IPv6 is one source', () => {
  const flood = new FloodBan();
  const heard = times(17, (nth) => flood.count(`2001:db8::${(nth + 1).toString(16)}`, 0));
  expect(heard.slice(15)).toEqual(['banned', 'silent']);
  expect(flood.count('2001:db8:0:1::1', 0)).toBe('heard');
});

test('case 61 a million made-up sources are not remembered, and lift no ban', () => {
  const flood = new FloodBan();
  for (let nth = 0; nth < 16; nth++) flood.count('192.0.2.1', 0);
  for (let nth = 0; nth < 1_000_000; nth++) flood.count(`10.${nth >> 16}.${(nth >> 8) & 255}.${nth & 255}`, 1);
  expect(flood.size).toBeLessThanOrEqual(20_001);
  expect(flood.isBanned('192.0.2.1', 2)).toBe(true);
});

test('who has shown right credentials is not counted for an hour', () => {
  const flood = new FloodBan();
  flood.vouch('192.0.2.1', 0);
  expect(new Set(times(100, () => flood.count('192.0.2.1', 3_599_000)))).toEqual(new Set(['heard']));
  expect(times(16, () => flood.count('192.0.2.1', 3_600_000)).at(-1)).toBe('banned');
});
