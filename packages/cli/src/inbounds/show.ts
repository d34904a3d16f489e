/** `pickup inbounds show`: one record, whole. */
import type { Client } from '../client.ts';
import type { Context, ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import type { TimelineCall } from '../timeline.ts';
import { readInbound } from './read-inbound.ts';
import { renderInbound } from './render-inbound.ts';

/** Wider lines are not read more easily. */
const WIDEST = 140;
const WIDTH_OF_A_FILE = 100;

/** The record and, once connected, the call that came of it. */
export async function show(context: Context, client: Client, id: string, json: boolean): Promise<ExitCode> {
  const { out, style, columns = WIDTH_OF_A_FILE } = context;
  const inbound = await readInbound(client, id);
  if (json) {
    out(`${jsonText(inbound)}\n`);
    return 0;
  }
  const isConnected = inbound.outcome === 'connected' && inbound.call_id !== undefined;
  const found = isConnected && (await client.send('GET', `/v2/get-call/${encodeURIComponent(inbound.call_id!)}`));
  const call = found && found.status < 300 ? (found.body as TimelineCall) : undefined;
  out(`${renderInbound(inbound, { width: Math.min(columns, WIDEST), style, call }).join('\n')}\n`);
  return 0;
}
