/** Two-way audio over a bad line, on real sockets and in real time. */
import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { toolPresent } from '@pickup/testkit/tool';
import { describe, expect, it } from 'vitest';
import { judgeLine, type LineLimits, speechLike, TALKABLE } from '../audio-measure/index.ts';
import { type OneWay, ROUGH, seededRandom, talkBothWays } from './index.ts';

const SECONDS = 9;
const PROGRAM = fileURLToPath(new URL('./two-way-program.ts', import.meta.url));
const NETEM = 'delay 60ms 40ms loss 5% duplicate 1% reorder 2% 50%'.split(' ');
/**
 * In real time a busy machine adds standstills of its own; those limits are wider which they touch. The jitter buffer's
 * own tests hold it to the narrow ones in virtual time, and show that 30 % of loss is told from 5 %.
 */
const REAL_TIME: LineLimits = {
  ...TALKABLE,
  leastIntelligibility: 0.94,
  mostReplacedShare: 0.14,
  mostGapMs: 400,
  mostDelayMs: 400,
  mostDriftMs: 120,
};
const run = promisify(execFile);

const said = { near: speechLike(SECONDS, seededRandom(21)), far: speechLike(SECONDS, seededRandom(22)) };

function expectTalkable(way: OneWay): void {
  expect(judgeLine(way.line, REAL_TIME), JSON.stringify(way)).toEqual([]);
  expect(way.stats.packetsReceived).toBeGreaterThan(SECONDS * 50 * 0.85);
  expect(way.stats.lost).toBeGreaterThan(0);
}

/** A network namespace of its own, in which a shell command runs as root. */
const inNamespace = (command: string) => ['-rn', 'sh', '-c', command] as const;

/** Whether this kernel can impair a network by itself. A missing tool fails on CI, a missing kernel feature does not. */
function netemWorks(): boolean {
  if (!toolPresent('unshare') || !toolPresent('tc') || !toolPresent('ip')) return false;
  try {
    execFileSync('unshare', inNamespace('tc qdisc add dev lo root netem delay 1ms'), { stdio: 'pipe' });
    return true;
  } catch (error) {
    const why = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    console.warn(`SKIPPED: this kernel has no netem in a namespace of ours (${why}); the lossy wire is tested anyway.`);
    return false;
  }
}

describe('two-way audio', { timeout: 40_000, retry: 2 }, () => {
  it('is intelligible both ways at 5 % loss, 60 ± 40 ms and packets out of order', async () => {
    const { toFar, toNear } = await talkBothWays({ ...said, impairment: ROUGH, seed: 31, ports: [23_500, 23_509] });
    for (const way of [toFar, toNear]) {
      expectTalkable(way);
      expect(way.wire!.overtaken).toBeGreaterThan(way.wire!.sent * 0.05);
      expect(way.stream).toMatchObject({ sequenceFaults: 0, timestampFaults: 0 });
    }
  });

  it.skipIf(!netemWorks())('is intelligible through netem in a network namespace', async () => {
    const program = `"${process.execPath}" --disable-warning=ExperimentalWarning "${PROGRAM}" ${SECONDS}`;
    const command = `ip link set lo up && tc qdisc add dev lo root netem ${NETEM.join(' ')} && exec ${program}`;
    const { stdout } = await run('unshare', inNamespace(command), { timeout: 35_000 });
    const { toFar, toNear } = JSON.parse(stdout) as { toFar: OneWay; toNear: OneWay };
    expectTalkable(toFar);
    expectTalkable(toNear);
  });
});
