import type { PhoneNumberSettings, WeightedAgent } from '@pickup/contract';
import { createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import { parseOptions } from '../parse-options.ts';
import { formatTable } from '../table.ts';

const USAGE = 'pickup numbers list [--json] [--url URL]';

/** `pickup numbers list`: the numbers with who may call them and who answers. */
export async function run({ args, env, out, style }: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(
    args,
    { json: { type: 'boolean' }, url: { type: 'string' } },
    { least: 1, most: 1, usage: USAGE },
  );
  if (positionals[0] !== 'list') throw new CommandFault(`usage: ${USAGE}`);
  const client = createClient(env, values.url);
  const numbers: PhoneNumberSettings[] = [];
  let key: string | undefined;
  do {
    const page = (await client.get(
      `/v2/list-phone-numbers?limit=1000${key === undefined ? '' : `&pagination_key=${encodeURIComponent(key)}`}`,
    )) as {
      readonly items?: readonly PhoneNumberSettings[];
      readonly has_more?: boolean;
      readonly pagination_key?: string;
    };
    numbers.push(...(page.items ?? []));
    key = page.has_more && page.pagination_key !== key ? page.pagination_key : undefined;
  } while (key !== undefined);
  if (values.json) {
    out(`${jsonText(numbers)}\n`);
    return 0;
  }
  const rows = numbers.map((number) => [
    number.phone_number,
    number.phone_number_type,
    number.nickname ?? '',
    agents(number.inbound_agents),
    agents(number.inbound_sms_agents),
    callers(number),
    withoutSecrets(number.inbound_webhook_url),
  ]);
  out(formatTable(['number', 'type', 'nickname', 'call agent', 'text agent', 'callers', 'webhook'], rows, style));
  return 0;
}

function agents(list: readonly WeightedAgent[] | null | undefined): string {
  return (list ?? [])
    .map((agent) => `${agent.agent_id}${agent.agent_version === undefined ? '' : `@${agent.agent_version}`}`)
    .join(', ');
}

/** From where a number may be called, and what as; empty where PICKUP_SIP_PEERS says it. */
function callers({ sip_peers: peers, sip_inbound_username: username }: PhoneNumberSettings): string {
  const from = peers ? (peers.length > 2 ? `${peers[0]} and ${peers.length - 1} more` : peers.join(', ')) : '';
  if (!username) return from;
  return `${from === '' ? 'anywhere' : from} as ${username}`;
}

/** Integrators put keys into the query of the URL; a terminal is not the place for them (H1). */
function withoutSecrets(url: string | null | undefined): string {
  if (!url || !URL.canParse(url)) return url ?? '';
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search === '' ? '' : '?…'}`;
}
