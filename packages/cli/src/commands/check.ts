import { createReadStream } from 'node:fs';
import { type Channel, lintReplyBody, parseReplyBody, REPLY_MAX_BYTES } from '@pickup/contract';
import { readAgentOption } from '../agent-option.ts';
import { createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import { parseOptions } from '../parse-options.ts';
import { readStart } from '../read-start.ts';
import { type CheckedReply, isGood, renderCheck } from '../render-check.ts';

const USAGE = 'pickup check FILE|- [--number NUMBER | --agent ID[@VERSION]] [--channel call|sms] [--json] [--url URL]';

/**
 * `pickup check`: what Pickup would make of a reply. By its form alone it is judged here; with `--number` or `--agent`
 * a gateway plays it to its decision. 0: clean, or warnings only; 1: errors; 2: wrong use.
 */
export async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(
    context.args,
    {
      number: { type: 'string' },
      agent: { type: 'string' },
      channel: { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
    },
    { least: 1, most: 1, usage: USAGE },
  );
  if (values.number !== undefined && values.agent !== undefined) {
    throw new CommandFault(`--number and --agent exclude each other\nusage: ${USAGE}`);
  }
  const path = positionals[0]!;
  const bytes = await readReply(context, path);
  const channel = values.channel ?? channelOf(bytes);
  if (channel !== 'call' && channel !== 'sms') throw new CommandFault('--channel must be call or sms');
  const target = targetOf(values);
  const found = target
    ? ((await createClient(context.env, values.url).post('/check-webhook-reply', {
        channel,
        reply_base64: Buffer.from(bytes).toString('base64'),
        ...target,
      })) as CheckedReply)
    : lintReplyBody(bytes, { channel });
  if (values.json) context.out(`${jsonText(found)}\n`);
  else context.out(renderCheck(found, { name: path === '-' ? 'the reply' : path, bytes, channel }, context.style));
  return isGood(found) ? 0 : 1;
}

/** The members that name a target. */
function targetOf({ number, agent }: { readonly number?: string | undefined; readonly agent?: string | undefined }) {
  if (number !== undefined) return { to_number: number };
  return agent === undefined ? undefined : readAgentOption(agent);
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
function channelOf(bytes: Uint8Array): Channel {
  const parsed = parseReplyBody(bytes, { truncated: false });
  const reply = parsed.ok ? parsed.value : undefined;
  const groups = typeof reply === 'object' && reply !== null ? Object.keys(reply) : [];
  return groups.includes('chat_inbound') && !groups.includes('call_inbound') ? 'sms' : 'call';
}
