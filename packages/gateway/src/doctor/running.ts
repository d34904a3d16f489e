/** Whether a Pickup runs on the data folder, and whether it answers. */
import type { Config } from '../config/index.ts';
import { isWildcard } from '../config/index.ts';
import { inspectLock, type LockFacts } from '../stores/index.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** What is known of the gateway of this configuration. */
export interface RunningFacts {
  readonly lock: LockFacts;
  /** Why the lock could not be looked at; then it counts as not held. */
  readonly lockError?: string;
  /** Where it was asked; absent where it does not run, or its port is not known (0). */
  readonly url?: string;
  readonly healthy?: boolean;
  readonly ready?: { readonly ready: boolean; readonly reasons: readonly string[] };
}

const ASK_LIMIT_MS = 2_000;

/** The HTTP address of this configuration, as this machine reaches it. */
export function ownUrl({ host, port }: Config['http']): string {
  const plain = isWildcard(host) ? (host.includes(':') ? '::1' : '127.0.0.1') : host;
  return `http://${plain.includes(':') ? `[${plain}]` : plain}:${port}`;
}

/** Looks at the folder's lock; asks /health and /ready where it is held. */
export async function probeRunning(config: Pick<Config, 'home' | 'http'>): Promise<RunningFacts> {
  const { lock, ...unknown } = lookAtLock(config.home);
  if (!lock.held || config.http.port === 0) return { lock, ...unknown };
  const url = ownUrl(config.http);
  const [health, ready] = await Promise.all([ask(`${url}/health`), ask(`${url}/ready`)]);
  const healthy = (health?.body as { status?: unknown } | undefined)?.status === 'ok';
  const reasons = (ready?.body as { reasons?: readonly string[] } | undefined)?.reasons ?? [];
  return { lock, url, healthy, ...(ready && { ready: { ready: ready.status === 200, reasons } }) };
}

/** What that means. */
export function judgeRunning(facts: RunningFacts, home: string): readonly Finding[] {
  const { lock, lockError, url, healthy, ready } = facts;
  if (lockError !== undefined) {
    return [fail(`whether it runs is not known: ${lockError}`, 'run this as the user that Pickup runs as')];
  }
  if (!lock.held) return [ok('not running; its ports are tried instead')];
  const who = `running${lock.pid === undefined ? '' : ` (pid ${lock.pid})`}`;
  if (url === undefined) return [ok(`${who}, on ports not known here, since PICKUP_HTTP_PORT is 0`)];
  if (!healthy) {
    const change = `run pickup doctor with the settings that Pickup was started with, or restart it${lock.pid === undefined ? '' : `: kill -TERM ${lock.pid}`}`;
    return [fail(`${who} on ${home}, but does not answer at ${url}/health`, change)];
  }
  if (!ready?.ready) {
    const why = ready?.reasons.length ? `: ${ready.reasons.join('; ')}` : '';
    return [warn(`${who}, answers at ${url}, takes no calls${why}`, 'wait for it to stop, then start it again')];
  }
  return [ok(`${who}, answers at ${url}, takes calls`)];
}

function lookAtLock(home: string): Pick<RunningFacts, 'lock' | 'lockError'> {
  try {
    return { lock: inspectLock(home) };
  } catch (error) {
    return { lock: { held: false }, lockError: (error as Error).message };
  }
}

async function ask(url: string): Promise<{ readonly status: number; readonly body: unknown } | undefined> {
  try {
    const reply = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(ASK_LIMIT_MS) });
    return { status: reply.status, body: await reply.json() };
  } catch {
    return undefined;
  }
}
