/** Reads what the gateway wrote down about calls that came over SIP, where no answer names the inbound's id. */
import type { InboundObject } from '@pickup/contract';
import type { GatewayProcess } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';

const PAGE = 200;

/** Every inbound, newest first; with `to`, those of that number. */
export async function inbounds(gateway: GatewayProcess, to?: string): Promise<readonly InboundObject[]> {
  const filter = to === undefined ? {} : { filter_criteria: { to_number: { type: 'string', op: 'eq', value: to } } };
  return pages(gateway, '/list-inbounds', filter);
}

/** Every call object, newest first. */
export function calls(
  gateway: GatewayProcess,
): Promise<readonly { readonly call_status: string; readonly disconnection_reason?: string }[]> {
  return pages(gateway, '/v3/list-calls', {});
}

/** The one inbound of this number, once it has its outcome and is stored. */
export function onlyOutcome(gateway: GatewayProcess, to: string): Promise<InboundObject> {
  return until(`one inbound of ${to} with an outcome`, async () => {
    const found = await inbounds(gateway, to);
    if (found.length > 1) throw new Error(`${found.length} inbounds of ${to}`);
    return found[0]?.outcome_timestamp !== undefined && found[0];
  });
}

/** How often each value occurs. */
export function tally(values: readonly (string | null | undefined)[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
  return counts;
}

/** Waits until no inbound is without outcome and there are `count` of them; tells how often each outcome came. */
export async function outcomesOf(
  gateway: GatewayProcess,
  count: number,
  to?: string,
): Promise<Readonly<Record<string, number>>> {
  const all = await until(`${count} inbounds with an outcome`, async () => {
    const found = await inbounds(gateway, to);
    return found.length >= count && found.every((one) => one.outcome_timestamp !== undefined) && found;
  });
  return tally(all.map((inbound) => inbound.outcome));
}

// biome-ignore lint/suspicious/noExplicitAny: items of either list
async function pages(gateway: GatewayProcess, path: string, body: object): Promise<readonly any[]> {
  const items: unknown[] = [];
  let key: string | undefined;
  do {
    const page = await gateway.rest('POST', path, { ...body, limit: PAGE, ...(key && { pagination_key: key }) });
    if (page.status !== 200) throw new Error(`${path}: ${page.status} ${JSON.stringify(page.body)}`);
    items.push(...page.body.items);
    key = page.body.has_more ? page.body.pagination_key : undefined;
  } while (key !== undefined);
  return items;
}
