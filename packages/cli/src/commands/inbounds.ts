import type { InboundObject } from '@pickup/contract';
import { OUTCOMES } from '@pickup/contract';
import { nearestName } from '@pickup/gateway/config';
import { type Client, createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { parseOptions, positiveInteger } from '../parse-options.ts';
import { formatTable } from '../table.ts';
import { formatEntry, type TimelineCall, timelineOf } from '../timeline.ts';

const USAGE =
  'pickup inbounds list [--to NUMBER] [--from NUMBER] [--outcome OUTCOME] [--limit N] [--json] [--url URL]\n' +
  '       pickup inbounds show ID [--json] [--url URL]';

/** `pickup inbounds list|show`: the records. */
export async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(
    context.args,
    {
      to: { type: 'string' },
      from: { type: 'string' },
      outcome: { type: 'string' },
      limit: { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
    },
    { least: 1, most: 2, usage: USAGE },
  );
  const [what, id] = positionals;
  const client = createClient(context.env, values.url);
  if (what === 'show' && id !== undefined) return show(context, client, id, values.json === true);
  if (what === 'list' && id === undefined) return list(context, client, values);
  throw new CommandFault(`usage: ${USAGE}`);
}

async function show({ out, style }: Context, client: Client, id: string, json: boolean): Promise<ExitCode> {
  const inbound = (await client.get(`/get-inbound/${encodeURIComponent(id)}`)) as InboundObject;
  if (json) {
    out(`${JSON.stringify(inbound, null, 2)}\n`);
    return 0;
  }
  const found = inbound.call_id && (await client.send('GET', `/v2/get-call/${encodeURIComponent(inbound.call_id)}`));
  const call = found && found.status < 300 ? (found.body as TimelineCall) : undefined;
  out(`${style.bold(id)}  ${new Date(inbound.arrival_timestamp).toISOString()}\n`);
  for (const entry of timelineOf(inbound, call)) out(`${formatEntry(entry, inbound.arrival_timestamp, style)}\n`);
  for (const line of inbound.sip?.messages ?? []) {
    const arrow = line.direction === 'in' ? '←' : '→';
    const entry = { key: '', at: line.timestamp, label: `sip ${arrow}`, text: line.summary, tone: 'dim' } as const;
    out(`${formatEntry(entry, inbound.arrival_timestamp, style)}\n`);
  }
  return 0;
}

interface ListOptions {
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly outcome?: string | undefined;
  readonly limit?: string | undefined;
  readonly json?: boolean | undefined;
}

async function list({ out, style }: Context, client: Client, options: ListOptions): Promise<ExitCode> {
  if (options.outcome !== undefined && !(OUTCOMES as readonly string[]).includes(options.outcome)) {
    const near = nearestName(options.outcome, OUTCOMES);
    throw new CommandFault(`unknown outcome ${options.outcome}${near ? `; did you mean ${near}?` : ''}`);
  }
  const filter = {
    ...(options.to !== undefined && { to_number: isText(options.to) }),
    ...(options.from !== undefined && { from_number: isText(options.from) }),
    ...(options.outcome !== undefined && { outcome: { type: 'enum', op: 'in', value: [options.outcome] } }),
  };
  const page = (await client.post('/list-inbounds', {
    ...(Object.keys(filter).length > 0 && { filter_criteria: filter }),
    limit: options.limit === undefined ? 20 : positiveInteger(options.limit, '--limit'),
  })) as { readonly items?: readonly InboundObject[]; readonly has_more?: boolean };
  if (options.json) {
    out(`${JSON.stringify(page, null, 2)}\n`);
    return 0;
  }
  const rows = (page.items ?? []).map((inbound) => [
    new Date(inbound.arrival_timestamp).toISOString().slice(0, 19).replace('T', ' '),
    inbound.channel,
    inbound.from_number,
    inbound.to_number,
    inbound.outcome ?? 'waiting',
    inbound.outcome_timestamp === undefined ? '' : `${inbound.outcome_timestamp - inbound.arrival_timestamp} ms`,
    inbound.agent_id ?? '',
    inbound.inbound_id,
  ]);
  out(formatTable(['arrived (UTC)', 'channel', 'from', 'to', 'outcome', 'after', 'agent', 'id'], rows, style));
  if (page.has_more) out(style.dim('there are more; raise --limit to see them\n'));
  return 0;
}

const isText = (value: string) => ({ type: 'string', op: 'eq', value });
