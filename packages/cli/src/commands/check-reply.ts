import { readFile } from 'node:fs/promises';
import type { Issue } from '@pickup/contract';
import { createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { parseOptions } from '../parse-options.ts';
import { formatEntry, issueEntry } from '../timeline.ts';

const USAGE =
  'pickup check-reply FILE|- [--channel call|sms] [--to NUMBER] [--agent ID [--version V]] [--json] [--url URL]';

/**
 * `pickup check-reply`: what Pickup would make of a reply. 0 without errors, 1 with. `--to` and `--agent` name the
 * number it is for and the agent it would meet, so that what does not fit them is found too.
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
  const reply = parse(await readReply(context, positionals[0]!), positionals[0]!);
  const channel = values.channel ?? channelOf(reply);
  if (channel !== 'call' && channel !== 'sms') throw new CommandFault('--channel must be call or sms');
  const { version } = values;
  const found = (await createClient(context.env, values.url).post('/check-webhook-reply', {
    channel,
    reply,
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

async function readReply(context: Context, path: string): Promise<string> {
  if (path === '-') return context.readStdin();
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CommandFault(`${path} cannot be read (${error.code})`);
  });
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CommandFault(`${path === '-' ? 'the input' : path} is not JSON: ${(error as Error).message}`);
  }
}

/** A reply with the group of texts alone is one to a text. */
function channelOf(reply: unknown): 'call' | 'sms' {
  const groups = typeof reply === 'object' && reply !== null ? Object.keys(reply) : [];
  return groups.includes('chat_inbound') && !groups.includes('call_inbound') ? 'sms' : 'call';
}
