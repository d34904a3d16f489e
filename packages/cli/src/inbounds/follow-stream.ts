/** Follows stream-inbounds over broken connections and restarts: what ends is told once, in order, and not missed. */
import type { InboundObject } from '@pickup/contract';
import { type Client, messageOf } from '../client.ts';
import { CommandFault } from '../command.ts';
import { readEvents } from './read-events.ts';

/** The gateway says something every 15 s: a line that is silent for longer is dead. */
const SILENCE_LIMIT_MS = 45_000;
const RETRY_MS = [250, 500, 1_000, 2_000, 5_000] as const;

export interface FollowStreamOptions {
  readonly client: Client;
  /** With its question mark, or ''. */
  readonly query: string;
  readonly onInbound: (inbound: InboundObject) => void;
  /** The line was lost, or is there again. */
  readonly onLine: (said: 'connected' | 'lost') => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/**
 * Resolves once `signal` is aborted. Throws CommandFault where the first connection fails, and at any time where the
 * gateway refuses: a key that no longer holds, a filter it does not know.
 */
export async function followStream(options: FollowStreamOptions): Promise<void> {
  const { client, query, onLine, sleep, signal } = options;
  let lastId: string | undefined;
  let tries = 0;
  let hasBeenThere = false;
  const over = aborted(signal);
  while (!signal.aborted) {
    try {
      await readOnce(options, query, lastId, {
        opened() {
          onLine('connected');
          tries = 0;
          hasBeenThere = true;
        },
        seen(id) {
          lastId = id;
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof RefusedStream || !hasBeenThere) throw faultOf(client, error);
    }
    if (signal.aborted) return;
    if (tries === 0) onLine('lost');
    await Promise.race([sleep(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]!), over]);
    tries += 1;
  }
}

/** The gateway answered, and it will not answer otherwise the next time. */
class RefusedStream extends Error {
  override readonly name = 'RefusedStream';
}

async function readOnce(
  { client, onInbound, signal }: FollowStreamOptions,
  query: string,
  lastId: string | undefined,
  told: { readonly opened: () => void; readonly seen: (id: string) => void },
): Promise<void> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_LIMIT_MS);
  try {
    const response = await client.open(`/stream-inbounds${query}`, {
      headers: { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body) throw await refusalOf(response);
    told.opened();
    for await (const { id, event, data } of readEvents(response.body)) {
      timer.refresh();
      if (event === 'inbound' && data !== '') onInbound(JSON.parse(data) as InboundObject);
      // Only now: an event that could not be taken is asked for again.
      if (id !== '') told.seen(id);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Busy or broken for the moment is no refusal. */
async function refusalOf(response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  const said = `${messageOf(body)} (${response.status})`;
  const isFinal = response.status < 500 && response.status !== 429;
  return isFinal ? new RefusedStream(said) : new Error(said);
}

function faultOf(client: Client, error: unknown): CommandFault {
  if (error instanceof CommandFault) return error;
  return new CommandFault(`${client.url} does not stream: ${error instanceof Error ? error.message : String(error)}`);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
