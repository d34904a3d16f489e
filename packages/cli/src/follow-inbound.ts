/** Follows an inbound by its record until it was refused, or its call is over, and prints what is new. */
import type { InboundObject } from '@pickup/contract';
import { type Client, messageOf } from './client.ts';
import { CommandFault, type Context } from './command.ts';
import { formatEntry, isOver, type TimelineCall, timelineOf } from './timeline.ts';

const POLL_MS = 100;
/** Above the longest ring budget (C4). */
const LONGEST_RING_MS = 130_000;
/** A record is durable before anything is asked; it may be a moment behind the answer to the simulation. */
const UNKNOWN_FOR_MS = 2_000;

/** The record and, once connected, the call object. */
export interface Watched {
  readonly inbound: InboundObject;
  readonly call: TimelineCall | undefined;
}

export interface FollowOptions {
  readonly client: Client;
  readonly inboundId: string;
  /** Told each time the record was read; default prints to `out`. */
  readonly show?: (watched: Watched) => void;
  /** How long a connected call is watched for what the agent says. */
  readonly lingerMs: number;
}

/** Prints what is new in a record since the last time it was given. */
export function createPrinter({ out, style }: Context): (watched: Watched) => void {
  const printed = new Set<string>();
  return ({ inbound, call }) => {
    for (const entry of timelineOf(inbound, call)) {
      if (printed.has(entry.key)) continue;
      printed.add(entry.key);
      out(`${formatEntry(entry, inbound.arrival_timestamp, style)}\n`);
    }
  };
}

/** The last state seen. Rejects where the record is unknown or has no outcome for longer than any call may ring. */
export async function followInbound(context: Context, options: FollowOptions): Promise<Watched> {
  const { client, inboundId, lingerMs, show = createPrinter(context) } = options;
  const startedMs = context.monoMs();
  let endMs = startedMs + LONGEST_RING_MS;
  let connected = false;
  for (;;) {
    const watched = await look(client, inboundId, context.monoMs() - startedMs < UNKNOWN_FOR_MS);
    if (watched) {
      show(watched);
      const { outcome } = watched.inbound;
      // A text has no call to watch.
      const isDone = outcome !== null && (outcome !== 'connected' || watched.inbound.call_id === undefined);
      if (isDone) return watched;
      if (outcome === 'connected' && !connected) {
        connected = true;
        endMs = context.monoMs() + lingerMs;
      }
      if (connected && (context.monoMs() >= endMs || (watched.call && isOver(watched.call)))) return watched;
    }
    if (!connected && context.monoMs() >= endMs) {
      throw new CommandFault(`${inboundId} had no outcome after ${LONGEST_RING_MS / 1_000} s`);
    }
    await context.sleep(POLL_MS);
  }
}

async function look(client: Client, inboundId: string, mayBeUnknown: boolean): Promise<Watched | undefined> {
  const answer = await client.send('GET', `/get-inbound/${encodeURIComponent(inboundId)}`);
  if (answer.status >= 300) {
    if (mayBeUnknown && (answer.status === 404 || answer.status === 422)) return undefined;
    throw new CommandFault(`${inboundId}: ${messageOf(answer.body)} (${answer.status})`);
  }
  const inbound = answer.body as InboundObject;
  if (inbound.outcome !== 'connected' || inbound.call_id === undefined) return { inbound, call: undefined };
  const call = await client.send('GET', `/v2/get-call/${encodeURIComponent(inbound.call_id)}`);
  return { inbound, call: call.status < 300 ? (call.body as TimelineCall) : undefined };
}
