/** The system's clock: webhook signatures carry a stamp, which the SDK accepts for five minutes (B2). */
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Finding, fail, ok, warn } from './finding.ts';

/** A clock elsewhere, as an HTTP Date header told it. */
export interface OtherClock {
  readonly host: string;
  /** Ours less theirs, in ms; the header has whole seconds. */
  readonly aheadMs: number;
}

export interface ClockFacts {
  /** Whether the system says it is set by NTP; undefined where it cannot tell. */
  readonly synchronised?: boolean;
  readonly others: readonly OtherClock[];
}

const WARN_MS = 5_000;
const TOLERANCE_MS = 300_000;
const ASK_LIMIT_MS = 2_000;

/** Asks systemd, where there is one. */
export async function probeSynchronised(): Promise<boolean | undefined> {
  const flag = await stat('/run/systemd/timesync/synchronized').then(
    () => true,
    () => undefined,
  );
  if (flag) return true;
  try {
    const options = { timeout: ASK_LIMIT_MS, env: { ...process.env, LC_ALL: 'C' } };
    const { stdout } = await promisify(execFile)('timedatectl', ['show', '-p', 'NTPSynchronized', '--value'], options);
    return stdout.trim() === '' ? undefined : stdout.trim() === 'yes';
  } catch {
    return undefined;
  }
}

/** How far off it is, as far as one can know. */
export function judgeClock({ synchronised, others }: ClockFacts): readonly Finding[] {
  const mend = 'timedatectl set-ntp true   (or run chrony)';
  const far = others.filter((one) => Math.abs(one.aheadMs) > WARN_MS);
  if (far.length > 0) {
    return far.map(({ host, aheadMs }) => {
      const seconds = Math.round(Math.abs(aheadMs) / 1_000);
      const what = `this clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} that of ${host}`;
      return Math.abs(aheadMs) > TOLERANCE_MS ? fail(`${what}; signatures are refused`, mend) : warn(what, mend);
    });
  }
  if (synchronised === false) return [warn('not synchronised with NTP', mend)];
  const compared = others.map(({ host }) => `within 5 s of ${host}`);
  const known = synchronised ? 'synchronised' : 'whether it is synchronised is not known here';
  return [ok([known, ...compared].join(', '))];
}
