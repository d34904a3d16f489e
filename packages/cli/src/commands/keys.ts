import type { ListedKey } from '@pickup/gateway';
import { type Client, createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import { parseOptions } from '../parse-options.ts';
import { formatTable } from '../table.ts';

const USAGE =
  'pickup keys list [--json] [--url URL]\n' +
  '       pickup keys add [--role full|read_only|webhook] [--json] [--url URL]\n' +
  '       pickup keys promote ID [--url URL]\n' +
  '       pickup keys revoke ID [--url URL]';

/** `pickup keys list|add|promote|revoke`: who may log in, and the one key that signs webhooks (B2). */
export async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(
    context.args,
    { role: { type: 'string' }, json: { type: 'boolean' }, url: { type: 'string' } },
    { least: 1, most: 2, usage: USAGE },
  );
  const [what, id] = positionals;
  const { role, json = false, url } = values;
  if (what === 'list' && id === undefined && role === undefined)
    return list(context, createClient(context.env, url), json);
  if (what === 'add' && id === undefined) return add(context, createClient(context.env, url), { role, json });
  if ((what === 'promote' || what === 'revoke') && id !== undefined && role === undefined && !json) {
    await createClient(context.env, url).post(`/${what}-api-key/${encodeURIComponent(id)}`, {});
    context.out(what === 'promote' ? `${id} signs from the next attempt on\n` : `${id} is revoked\n`);
    return 0;
  }
  throw new CommandFault(`usage: ${USAGE}`);
}

async function list({ out, style }: Context, client: Client, json: boolean): Promise<ExitCode> {
  const { items = [] } = (await client.get('/list-api-keys')) as { readonly items?: readonly ListedKey[] };
  if (json) {
    out(`${jsonText(items)}\n`);
    return 0;
  }
  const day = (at: number | undefined) =>
    at === undefined ? '' : new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const rows = items.map((key) => [
    key.key_id,
    key.role,
    key.signs ? 'signs' : '',
    day(key.created_timestamp),
    day(key.last_used_timestamp),
    day(key.revoked_timestamp),
  ]);
  out(formatTable(['id', 'role', 'webhooks', 'made (UTC)', 'last used (UTC)', 'revoked (UTC)'], rows, style));
  return 0;
}

async function add(
  { out, err }: Context,
  client: Client,
  options: { readonly role: string | undefined; readonly json: boolean },
): Promise<ExitCode> {
  const { role } = options;
  const made = (await client.post('/create-api-key', role === undefined ? {} : { role })) as {
    readonly key_id: string;
    readonly api_key: string;
  };
  out(options.json ? `${jsonText(made)}\n` : `${made.api_key}\n`);
  err(`${made.key_id} was made; the key is shown this once only\n`);
  return 0;
}
