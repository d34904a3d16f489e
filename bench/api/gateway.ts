/** The gateway over a data folder that stays (BENCH_HOME), in a process of its own; with BENCH_CALLS it is filled first. */
import { join } from 'node:path';
import { createLog, serve } from '@pickup/gateway';
import { loadConfig } from '@pickup/gateway/config';
import Database from 'better-sqlite3';
import { fill } from './fill.ts';

const loaded = loadConfig({
  PICKUP_HOME: process.env['BENCH_HOME'],
  PICKUP_HTTP_PORT: '0',
  PICKUP_SIP_PORT: '0',
  PICKUP_API_KEY: process.env['BENCH_KEY'],
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
const gateway = await serve({
  config: loaded.config,
  stdout: { write() {} },
  log: createLog({ write() {}, level: 'info', clock: { wallMs: Date.now } }),
});
const calls = Number(process.env['BENCH_CALLS'] ?? 0);
if (calls > 0) await fill(gateway.store, calls);
while (calls > 0 && unfiled() > 0) await new Promise((resolve) => setTimeout(resolve, 500));

/** Calls enter the indices a little after they have ended. */
function unfiled(): number {
  const db = new Database(join(process.env['BENCH_HOME'] ?? '', 'pickup.db'), { readonly: true });
  const count = db.prepare<[], number>('SELECT count(*) FROM calls WHERE filed IS NULL').pluck().get() ?? 0;
  db.close();
  return count;
}

process.on('disconnect', () => void gateway.stop().then(() => process.exit(0)));
process.send?.({ url: gateway.httpUrl });
