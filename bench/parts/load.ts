/** Load, bounded in count and time. */

export interface ClosedLoop {
  readonly done: number;
  readonly failed: number;
  readonly seconds: number;
  /** User and system CPU of the whole process, all threads, in ms. */
  readonly cpuMs: number;
}

/** `lanes` callers, each starting its next call when the last one ended, for `seconds`. */
export async function closedLoop(options: {
  readonly lanes: number;
  readonly seconds: number;
  readonly call: () => Promise<boolean>;
}): Promise<ClosedLoop> {
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  const endMs = startedMs + options.seconds * 1_000;
  let done = 0;
  let failed = 0;
  const lane = async () => {
    while (performance.now() < endMs) {
      if (await options.call()) done++;
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: options.lanes }, lane));
  const used = process.cpuUsage(cpu);
  return { done, failed, seconds: (performance.now() - startedMs) / 1_000, cpuMs: (used.user + used.system) / 1_000 };
}

/** Calls at a fixed rate; each is told its intended start on the monotonic clock. */
export async function openLoop(options: {
  readonly perSecond: number;
  readonly seconds: number;
  readonly call: (intendedMs: number) => Promise<void>;
}): Promise<void> {
  const total = Math.round(options.perSecond * options.seconds);
  const gapMs = 1_000 / options.perSecond;
  const firstMs = performance.now() + 20;
  const calls: Promise<void>[] = [];
  for (let n = 0; n < total; n++) {
    const intendedMs = firstMs + n * gapMs;
    const waitMs = intendedMs - performance.now();
    if (waitMs > 0) await new Promise<void>((resolve) => setTimeout(resolve, waitMs));
    calls.push(options.call(intendedMs));
  }
  await Promise.all(calls);
}
