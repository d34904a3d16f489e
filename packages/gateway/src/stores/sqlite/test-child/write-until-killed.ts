/** Run by tests as a process of its own: writes inbounds for ever and prints each awaited step at once. */
import { arrival, call, decision, NOW } from '../../conformance/samples.ts';
import { openSqliteStore } from '../index.ts';

const store = openSqliteStore({ folder: process.argv[2]!, log: { warn() {}, error() {} } });
const LANES = 32;

async function writeForEver(lane: number): Promise<never> {
  for (let count = 0; ; count += 1) {
    const id = `inb_${lane}_${count}`;
    await store.openInbound(arrival(id, { dedupe_key: id }));
    process.stdout.write(`opened ${id}\n`);
    await store.recordDecision(decision(id));
    process.stdout.write(`decided ${id}\n`);
    const session = call(`call_${id}`, { inbound_id: id });
    await store.settleInbound({ inbound_id: id, outcome: 'connected', outcome_timestamp: NOW, call: session });
    process.stdout.write(`settled ${id}\n`);
  }
}

process.stdout.write(`ready ${process.pid}\n`);
await Promise.all(Array.from({ length: LANES }, (_, lane) => writeForEver(lane)));
