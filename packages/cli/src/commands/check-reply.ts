import { createReadStream } from 'node:fs';
import { type Issue, parseReplyBody, REPLY_MAX_BYTES } from '@pickup/contract';
import { createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { parseOptions } from '../parse-options.ts';
import { readStart } from '../read-start.ts';
import { formatEntry, issueEntry } from '../timeline.ts';

const USAGE =
  'pickup check-reply FILE|- [--channel call|sms] [--to NUMBER] [--agent ID [--version V]] [--json] [--url URL]';

/**
 * `pickup check-reply`: what Pickup would make of a reply, whose bytes the gateway judges (D1 to D3). 0 without errors,
 * 1 with. `--to` and `--agent` name the number it is for and the agent it would meet, so that what does not fit them
 * is found too.
 */
export async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(
    context.args,
    {
      channel: { type: 'string' },
      to: { type: 'string' },
      agent: { type: 'string' },
      version: { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
    },
    { least: 1, most: 1, usage: USAGE },
  );
  const reply = await readReply(context, positionals[0]!);
  const channel = values.channel ?? channelOf(reply);
  if (channel !== 'call' && channel !== 'sms') throw new CommandFault('--channel must be call or sms');
  const { version } = values;
  const found = (await createClient(context.env, values.url).post('/check-webhook-reply', {
    channel,
    reply_base64: Buffer.from(reply).toString('base64'),
    ...(values.to !== undefined && { to_number: values.to }),
    ...(values.agent !== undefined && { agent_id: values.agent }),
    ...(version !== undefined && { agent_version: /^\d{1,9}$/.test(version) ? Number(version) : version }),
  })) as { readonly issues?: readonly Issue[] };
  const issues = found.issues ?? [];
  const failed = issues.some((issue) => issue.severity === 'error');
  if (values.json) {
    context.out(`${JSON.stringify(found, null, 2)}\n`);
    return failed ? 1 : 0;
  }
  issues.forEach((issue, index) => {
    context.out(`${formatEntry(issueEntry(issue, index), 0, context.style).trimStart()}\n`);
  });
  const { style } = context;
  context.out(failed ? `${style.bad('not good')}: see the errors above\n` : `${style.good('good')}\n`);
  return failed ? 1 : 0;
}

/** The bytes as an endpoint would send them; beyond the cap one more is enough to be too large (D1). */
async function readReply(context: Context, path: string): Promise<Uint8Array> {
  if (path === '-') return context.readStdin(REPLY_MAX_BYTES + 1);
  try {
    return await readStart(createReadStream(path), REPLY_MAX_BYTES + 1);
  } catch (error) {
    throw new CommandFault(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** A reply with the group of texts alone is one to a text; bytes that are no reply are judged as one to a call. */
function channelOf(bytes: Uint8Array): 'call' | 'sms' {
  const parsed = parseReplyBody(bytes, { truncated: false });
  const reply = parsed.ok ? parsed.value : undefined;
  const groups = typeof reply === 'object' && reply !== null ? Object.keys(reply) : [];
  return groups.includes('chat_inbound') && !groups.includes('call_inbound') ? 'sms' : 'call';
}
