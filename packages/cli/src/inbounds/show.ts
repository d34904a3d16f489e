/** `pickup inbounds show`: one record, whole. */
import type { Client } from '../client.ts';
import type { Context, ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import type { TimelineCall } from '../timeline.ts';
import type { ShownChat } from './conversation.ts';
import { readInbound } from './read-inbound.ts';
import { renderInbound } from './render-inbound.ts';

/** Wider lines are not read more easily. */
const WIDEST = 140;
const WIDTH_OF_A_FILE = 100;

/** The record and, once connected, the call or the chat that came of it. */
export async function show(context: Context, client: Client, id: string, json: boolean): Promise<ExitCode> {
  const { out, style, columns = WIDTH_OF_A_FILE } = context;
  const inbound = await readInbound(client, id);
  if (json) {
    out(`${jsonText(inbound)}\n`);
    return 0;
  }
  const { call_id, chat_id } = inbound;
  const session =
    inbound.outcome !== 'connected'
      ? {}
      : call_id !== undefined
        ? { call: await found<TimelineCall>(client, `/v2/get-call/${encodeURIComponent(call_id)}`) }
        : { chat: await found<ShownChat>(client, `/get-chat/${encodeURIComponent(chat_id ?? '')}`) };
  out(`${renderInbound(inbound, { width: Math.min(columns, WIDEST), style, ...session }).join('\n')}\n`);
  return 0;
}

/** Undefined where it is gone. */
async function found<T>(client: Client, path: string): Promise<T | undefined> {
  const { status, body } = await client.send('GET', path);
  return status < 300 ? (body as T) : undefined;
}
