import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import type { TlsConfig, TlsReading } from './config/index.ts';
import type { Log } from './observe/index.ts';
import { watchTls } from './watch-tls.ts';

const first: TlsConfig = { port: 5061, cert: 'one', key: 'k' };

function watched() {
  const clock = new ManualClock();
  const said: string[] = [];
  const used: TlsConfig[] = [];
  const state: { reading: TlsReading; fails: boolean } = {
    reading: { ok: true, tls: first, warnings: [] },
    fails: false,
  };
  const note = (event: string, fields?: { readonly [name: string]: unknown }) =>
    void said.push(fields?.['reason'] === undefined ? event : `${event}: ${fields['reason']}`);
  const log = { info: note, warn: note, error: note, debug: note } as Log;
  const watch = watchTls({
    current: first,
    reread: () => state.reading,
    use: (tls) => {
      if (state.fails) throw Object.assign(new Error('bad'), { code: 'ERR_OSSL' });
      used.push(tls);
    },
    clock,
    log,
  });
  return { clock, said, used, state, watch };
}

test('a renewed certificate is taken up within a minute, once', async () => {
  const { clock, said, used, state } = watched();
  await clock.advance(60_000);
  expect(used).toEqual([]);
  state.reading = { ok: true, tls: { ...first, cert: 'two' }, warnings: [] };
  await clock.advance(180_000);
  expect(used.map((tls) => tls.cert)).toEqual(['two']);
  expect(said).toEqual(['tls_renewed']);
});

test('a broken one is said once and the old one stays; the next good one is taken', async () => {
  const { clock, said, used, state } = watched();
  state.reading = { ok: false, faults: [{ name: 'PICKUP_SIP_TLS_KEY', rule: 'must be the key' }] };
  await clock.advance(300_000);
  expect([used, said]).toEqual([[], ['tls_kept: PICKUP_SIP_TLS_KEY must be the key']]);
  state.reading = { ok: true, tls: { ...first, key: 'new' }, warnings: [] };
  state.fails = true;
  await clock.advance(60_000);
  state.fails = false;
  await clock.advance(60_000);
  expect(used.map((tls) => tls.key)).toEqual(['new']);
  expect(said.slice(1)).toEqual(['tls_kept: ERR_OSSL', 'tls_renewed']);
});

test('who asks has an answer each time; nothing is looked at after the stop', async () => {
  const { clock, said, state, watch } = watched();
  const warning = { name: 'PICKUP_SIP_TLS_CERT', message: 'expires on 2026-12-01, in 8 days' };
  state.reading = { ok: true, tls: first, warnings: [warning] };
  watch.look();
  watch.look();
  const told = 'tls_warning: PICKUP_SIP_TLS_CERT expires on 2026-12-01, in 8 days';
  expect(said).toEqual([told, 'tls_unchanged', told, 'tls_unchanged']);
  watch.stop();
  state.reading = { ok: true, tls: { ...first, cert: 'two' }, warnings: [] };
  await clock.advance(600_000);
  expect(said).toHaveLength(4);
});
