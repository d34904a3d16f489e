import type { InboundObject } from '@pickup/contract';
import { type Client, createClient, messageOf } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { parseOptions, positiveInteger } from '../parse-options.ts';
import { formatEntry, isOver, type TimelineCall, timelineOf } from '../timeline.ts';

const USAGE = 'pickup call --from NUMBER --to NUMBER [--header X-Name=value]… [--linger MS] [--json] [--url URL]';
const POLL_MS = 100;
/** Above the longest ring budget (C4). */
const LONGEST_RING_MS = 130_000;
/** How long a connected call is watched for what the agent says. */
const LINGER_MS = 3_000;
/** A record is durable before anything is asked; it may be a moment behind the answer to the simulation. */
const UNKNOWN_FOR_MS = 2_000;

interface Watched {
  readonly inbound: InboundObject;
  readonly call: TimelineCall | undefined;
}

/** `pickup call`: places a simulated call and follows it. 0 when it connected, 1 when it was refused. */
export async function run(context: Context): Promise<ExitCode> {
  const { values } = parseOptions(
    context.args,
    {
      from: { type: 'string' },
      to: { type: 'string' },
      header: { type: 'string', multiple: true },
      linger: { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
    },
    { least: 0, most: 0, usage: USAGE },
  );
  if (!values.from || !values.to) throw new CommandFault(`--from and --to are needed\nusage: ${USAGE}`);
  const headers = parseHeaders(values.header ?? []);
  const lingerMs = values.linger === undefined ? LINGER_MS : positiveInteger(values.linger, '--linger');
  const client = createClient(context.env, values.url);
  const placed = (await client.post('/simulate-inbound-call', {
    from_number: values.from,
    to_number: values.to,
    ...(Object.keys(headers).length > 0 && { headers }),
  })) as { readonly inbound_id?: unknown } | undefined;
  if (typeof placed?.inbound_id !== 'string') throw new CommandFault(`${client.url} gave no inbound_id`);
  const show = values.json ? () => {} : createPrinter(context);
  const last = await watch(context, client, placed.inbound_id, { show, lingerMs });
  if (values.json) context.out(`${JSON.stringify(last, null, 2)}\n`);
  return last.inbound.outcome === 'connected' ? 0 : 1;
}

/** `X-Name=value` or `X-Name: value`. */
function parseHeaders(texts: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const text of texts) {
    const found = /^([A-Za-z0-9-]+)\s*[=:]\s*(.*)$/s.exec(text);
    if (!found) throw new CommandFault(`--header must be NAME=value, not ${JSON.stringify(text)}`);
    headers[found[1]!] = found[2]!;
  }
  return headers;
}

function createPrinter({ out, style }: Context): (watched: Watched) => void {
  const printed = new Set<string>();
  return ({ inbound, call }) => {
    for (const entry of timelineOf(inbound, call)) {
      if (printed.has(entry.key)) continue;
      printed.add(entry.key);
      out(`${formatEntry(entry, inbound.arrival_timestamp, style)}\n`);
    }
  };
}

async function watch(
  context: Context,
  client: Client,
  inboundId: string,
  { show, lingerMs }: { readonly show: (watched: Watched) => void; readonly lingerMs: number },
): Promise<Watched> {
  const startedMs = context.monoMs();
  let endMs = startedMs + LONGEST_RING_MS;
  let connected = false;
  for (;;) {
    const watched = await look(client, inboundId, context.monoMs() - startedMs < UNKNOWN_FOR_MS);
    if (watched) {
      show(watched);
      const { outcome } = watched.inbound;
      if (outcome !== null && outcome !== 'connected') return watched;
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
