import { createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { followInbound } from '../follow-inbound.ts';
import { parseOptions, positiveInteger } from '../parse-options.ts';

const USAGE = 'pickup call --from NUMBER --to NUMBER [--header X-Name=value]… [--linger MS] [--json] [--url URL]';
/** How long a connected call is watched for what the agent says. */
const LINGER_MS = 3_000;
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
  const last = await followInbound(context, {
    client,
    inboundId: placed.inbound_id,
    lingerMs,
    ...(values.json && { show: () => {} }),
  });
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
