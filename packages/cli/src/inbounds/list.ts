/** `pickup inbounds list`: records, the newest first. */
import type { InboundObject } from '@pickup/contract';
import type { Client } from '../client.ts';
import type { Context, ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import { positiveInteger } from '../parse-options.ts';
import { printable } from '../style.ts';
import { formatTable } from '../table.ts';
import { duration } from '../timeline.ts';
import { labelled, widthOf } from '../wrap-text.ts';

export interface ListOptions {
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly channel?: string | undefined;
  readonly outcome?: string | undefined;
  readonly limit?: string | undefined;
  readonly json?: boolean | undefined;
}

const MOST = 20;

/** A table; on a terminal too narrow for it, two lines for each. */
export async function list(context: Context, client: Client, options: ListOptions): Promise<ExitCode> {
  const { out, style, columns } = context;
  const filter = {
    ...(options.to !== undefined && { to_number: isText(options.to) }),
    ...(options.from !== undefined && { from_number: isText(options.from) }),
    ...(options.channel !== undefined && { channel: isOneOf(options.channel) }),
    ...(options.outcome !== undefined && { outcome: isOneOf(options.outcome) }),
  };
  const page = (await client.post('/list-inbounds', {
    ...(Object.keys(filter).length > 0 && { filter_criteria: filter }),
    limit: options.limit === undefined ? MOST : positiveInteger(options.limit, '--limit'),
  })) as { readonly items?: readonly InboundObject[]; readonly has_more?: boolean };
  if (options.json) {
    out(`${jsonText(page)}\n`);
    return 0;
  }
  const items = page.items ?? [];
  const header = ['arrived (UTC)', 'channel', 'from', 'to', 'outcome', 'after', 'agent', 'id'];
  const table = formatTable(header, items.map(cellsOf), style);
  const isTooWide = columns !== undefined && items.some((inbound) => widthOf(cellsOf(inbound).join('  ')) > columns);
  out(isTooWide ? items.flatMap((inbound) => narrow(inbound, columns)).join('') : table);
  if (page.has_more) out(style.dim('there are more; raise --limit to see them\n'));
  return 0;
}

function cellsOf(inbound: InboundObject): readonly string[] {
  const { arrival_timestamp, outcome_timestamp } = inbound;
  return [
    new Date(arrival_timestamp).toISOString().slice(0, 19).replace('T', ' '),
    inbound.channel,
    inbound.from_number,
    inbound.to_number,
    inbound.outcome ?? 'waiting',
    outcome_timestamp === undefined ? '' : duration(outcome_timestamp - arrival_timestamp),
    inbound.agent_id ?? '',
    inbound.inbound_id,
  ];
}

function narrow(inbound: InboundObject, width: number): readonly string[] {
  const [when = '', channel, from, to, outcome, after, agent, id] = cellsOf(inbound).map(printable);
  const first = labelled(`${when}  `, `${channel} ${from} → ${to}`, width);
  const second = labelled('    ', [outcome, after && `after ${after}`, agent, id].filter(Boolean).join('  '), width);
  return [...first, ...second].map((line) => `${line}\n`);
}

const isText = (value: string) => ({ type: 'string', op: 'eq', value });
const isOneOf = (value: string) => ({ type: 'enum', op: 'in', value: [value] });
