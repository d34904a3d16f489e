/** What a process has used: CPU of all its threads, CPU of its own children, memory. */
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

export interface Usage {
  /** User and system CPU of this process, all threads. */
  readonly cpuMs: number;
  /** The same of its child processes that run now, to 10 ms; 0 where there is no /proc. */
  readonly childrenCpuMs: number;
}

export interface Memory {
  /** JavaScript heap and what it holds outside of it (buffers), of the main thread, after a full collection. */
  readonly heapBytes: number;
  /** Resident memory of the whole process. */
  readonly rssBytes: number;
}

export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  const childrenCpuMs = childPids().reduce((sum, pid) => sum + cpuMsOf(pid), 0);
  return { cpuMs: (user + system) / 1_000, childrenCpuMs };
}

/** Collects garbage first where Node was started with --expose-gc. */
export function memory(): Memory {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapBytes: heapUsed + external, rssBytes: rss };
}

/** As `memory`, after what is only freed some turns after it was let go. */
export async function settledMemory(): Promise<Memory> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return memory();
}

/** Use between two samples. */
export function used(from: Usage, to: Usage): Usage {
  return { cpuMs: to.cpuMs - from.cpuMs, childrenCpuMs: to.childrenCpuMs - from.childrenCpuMs };
}

function childPids(): readonly string[] {
  try {
    return readdirSync('/proc/self/task').flatMap((thread) =>
      readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
    );
  } catch {
    return [];
  }
}

function cpuMsOf(pid: string): number {
  try {
    // The name, in parentheses, may hold anything; utime and stime are the 12th and 13th field behind it.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}
