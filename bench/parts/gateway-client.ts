/** The gateway under load, in a process of its own: whole, but for SIP, and called through the simulator edge. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, SAMPLE_NUMBER, serve } from '@pickup/gateway';
import { loadConfig } from '@pickup/gateway/config';
import { closedLoop, openLoop } from './load.ts';

const home = mkdtempSync(join(tmpdir(), 'pickup-bench-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
const loaded = loadConfig({
  PICKUP_HOME: home,
  PICKUP_HTTP_PORT: '0',
  PICKUP_SIP_PORT: '0',
  PICKUP_API_KEY: 'key_of_the_bench_key_of_the_bench',
});
if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
const gateway = await serve({
  config: loaded.config,
  stdout: { write() {} },
  log: createLog({ write() {}, level: 'info', clock: { wallMs: Date.now } }),
  samples: { webhookUrl: `${process.env['BENCH_ENDPOINT']}/` },
});

/** BENCH_NUMBERS: that many more numbers, like the sample number; calls go to random ones of them. */
const count = Number(process.env['BENCH_NUMBERS'] ?? 0);
const numberAt = (n: number) => `+1${2_130_000_000 + n}`;
await addNumbers();

async function addNumbers(): Promise<void> {
  const sample = await gateway.store.getNumber(SAMPLE_NUMBER);
  if (!sample) throw new Error('no sample number');
  const AT_ONCE = 5_000;
  for (let from = 0; from < count; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, n) => numberAt(from + n));
    await Promise.all(
      some.map((phone_number) => gateway.store.putNumber({ settings: { ...sample.settings, phone_number } }, 'create')),
    );
  }
}

/** Calls go round the numbers in a fixed order that visits them all over the table. */
let called = 0;
function nextNumber(): string {
  called += 1;
  return count === 0 ? SAMPLE_NUMBER : numberAt((called * 7_919) % count);
}

const ids: string[] = [];

async function call(): Promise<boolean> {
  const { inbound_id, recorded } = await gateway.simulator.call({
    from_number: '+12137771234',
    to_number: nextNumber(),
  });
  ids.push(inbound_id);
  await recorded;
  return true;
}

/** Every id is looked up in the store once the load is over. */
async function connectedShare(): Promise<number> {
  let connected = 0;
  for (const id of ids) if ((await gateway.store.getInbound(id))?.outcome === 'connected') connected++;
  const share = ids.length === 0 ? 1 : connected / ids.length;
  ids.length = 0;
  return share;
}

process.on('message', async (question: { lanes?: number; seconds: number; perSecond?: number }) => {
  if (question.perSecond === undefined) {
    const loop = await closedLoop({ lanes: question.lanes ?? 128, seconds: question.seconds, call });
    process.send?.({ ...loop, connected: await connectedShare() });
    return;
  }
  const tookMs: number[] = [];
  const addedMs: number[] = [];
  const rang: [string, number][] = [];
  await openLoop({
    perSecond: question.perSecond,
    seconds: question.seconds,
    call: async (intendedMs) => {
      const call = await gateway.simulator.call({ from_number: '+12137771234', to_number: nextNumber() });
      ids.push(call.inbound_id);
      await call.answered;
      rang.push([call.inbound_id, performance.now() - intendedMs]);
      await call.recorded;
    },
  });
  for (const [id, ms] of rang) {
    const attempt = (await gateway.store.getInbound(id))?.attempts[0];
    tookMs.push(ms);
    addedMs.push(ms - (attempt?.phases.total_ms ?? 0));
  }
  process.send?.({ tookMs, addedMs, connected: await connectedShare() });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ up: true });
