/**
 * `npm run soak -- [--minutes N] [--seed N]`: what only shows after millions of messages and many calls. Its parts run
 * side by side. Says every 10 s how far they are; ends with 1 at the first thing found wrong, with the seed and the
 * message that brought it about.
 */
import { parseArgs } from 'node:util';
import { soakCalls } from './calls.ts';
import { soakCore } from './core.ts';
import { soakMedia } from './media-part.ts';
import type { SoakPart } from './part.ts';
import { soakSocket } from './socket.ts';

const DEFAULT_MINUTES = '10';
const MOST_MINUTES = 24 * 60;
const PROGRESS_EVERY_MS = 10_000;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: DEFAULT_MINUTES }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!(minutes > 0 && minutes <= MOST_MINUTES) || !Number.isInteger(seed)) {
  process.stderr.write(`usage: npm run soak -- [--minutes 1…${MOST_MINUTES}] [--seed N]\n`);
  process.exit(2);
}
process.exitCode = await soak({ seed, forMs: minutes * 60_000 });
process.exit();

async function soak(plan: { readonly seed: number; readonly forMs: number }): Promise<number> {
  process.stdout.write(`soaking for ${minutes} min, seed ${plan.seed}\n`);
  const startedMs = performance.now();
  const parts = [soakCore(plan), soakSocket(plan), soakCalls(plan), soakMedia(plan)];
  const line = () => {
    const atSeconds = Math.round((performance.now() - startedMs) / 1_000);
    process.stdout.write(`${String(atSeconds).padStart(5)} s: ${parts.map((part) => part.progress()).join('; ')}\n`);
  };
  const timer = setInterval(line, PROGRESS_EVERY_MS);
  const findings = await firstFindings(parts);
  clearInterval(timer);
  line();
  for (const finding of findings) process.stdout.write(`\nFOUND ${finding}\n`);
  process.stdout.write(findings.length === 0 ? 'nothing was found wrong\n' : `\nseed ${plan.seed}\n`);
  return findings.length === 0 ? 0 : 1;
}

/** Resolves as soon as a part has found something, or with nothing when all are over. */
function firstFindings(parts: readonly SoakPart[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const all = parts.map(async ({ ended }) => {
      const findings = await ended;
      if (findings.length > 0) resolve(findings);
    });
    Promise.all(all).then(() => resolve([]), reject);
  });
}
