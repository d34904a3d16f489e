/** One of the things that go on at the same time during a soak. */
export interface SoakPart {
  /** For the progress line: `core 1,200,000 messages`. */
  progress(): string;
  /** Resolves once the time is over, with what was found wrong. */
  readonly ended: Promise<readonly string[]>;
}

/** How long a soak lasts, and what its randomness comes from. */
export interface SoakPlan {
  readonly seed: number;
  readonly forMs: number;
}

/** Heap that may come and go without being a leak. */
const SLACK_BYTES = 24 * 1_024 * 1_024;

/** What is wrong with a heap that was looked at early and late in a run; undefined where it is flat. */
export function judgeHeap(who: string, early: number, late: number): string | undefined {
  if (late - early <= SLACK_BYTES) return undefined;
  return `${who}: the heap grew from ${mib(early)} to ${mib(late)} MiB, which is more than ${mib(SLACK_BYTES)} MiB`;
}

export const mib = (bytes: number): string => (bytes / 1_024 / 1_024).toFixed(1);
export const count = (n: number): string => n.toLocaleString('en-US');
