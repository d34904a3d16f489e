/** `npm run bench -- <name> [--json FILE] [--seconds N]`: numbers as ratios to a baseline measured in the same run. */
import { parseArgs } from 'node:util';
import { publish } from './report.ts';

const BENCHES: Readonly<Record<string, string>> = {
  api: 'gets, lists and the start at 1,000,000 calls, against a store of 100',
  decide: 'the pure machine alone, per inbound, against JSON.parse and stringify of its messages',
  webhook: 'simulator to recorded outcome, against a bare loop of signed undici POSTs',
  lookup: 'the whole inbound at 1,000,000 numbers, against 100',
  media: 'the gaps between packets of 500 calls while lists are read, against a process that only sends',
  ringing: '2,000 calls that ring for long: memory of each, lateness of the deadlines, also on a slow disk',
  sms: 'texts from provider to model and back, against a bare relay; and 10,000 of them under a kill -9 every 5 s',
  sip: 'calls by SIPp without audio, against the SIP package alone answering them',
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, seconds: { type: 'string', default: '5' } },
});
const [name] = positionals;
const seconds = Number(values.seconds);
if (name === undefined || !(name in BENCHES) || !(seconds > 0 && seconds <= 120)) {
  process.stderr.write('usage: npm run bench -- <name> [--json FILE] [--seconds 1…120]\n');
  for (const [bench, what] of Object.entries(BENCHES)) process.stderr.write(`  ${bench.padEnd(10)} ${what}\n`);
  process.exit(2);
}
const { run } = (await import(`./${name}/bench.ts`)) as {
  run: (seconds: number) => Promise<Parameters<typeof publish>[0]>;
};
publish(await run(seconds), values.json);
process.exit(0);
