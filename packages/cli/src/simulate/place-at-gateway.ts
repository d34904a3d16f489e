/** A simulated call or text at a running gateway. */
import type { InboundObject } from '@pickup/contract';
import { type Client, createClient, messageOf } from '../client.ts';
import { CommandFault, type Context } from '../command.ts';
import { followInbound } from '../follow-inbound.ts';
import { printable } from '../style.ts';
import { awaitReplies, wordsOf } from './await-replies.ts';
import type { Played } from './run-simulation.ts';
import type { Simulation } from './simulation.ts';

/** Places it and follows it to its end; prints the timeline as it happens. */
export async function placeAtGateway(context: Context, simulation: Simulation): Promise<Played> {
  const client = createClient(context.env, simulation.url);
  const { lingerMs, json, channel } = simulation;
  const placed = await place(client, simulation);
  const { inbound_id: inboundId, text_id: textId } = placed;
  if (channel === 'sms' && placed.chat_id !== undefined) {
    return continueChat(context, { client, simulation, placed: { ...placed, chat_id: placed.chat_id } });
  }
  const watched = await followInbound(context, { client, inboundId, lingerMs, ...(json && { show: () => {} }) });
  const { inbound, call } = watched;
  if (channel === 'call') return { inbound, call, said: wordsOf(call?.transcript_object ?? []) };
  const { outcome, chat_id: chatId } = inbound;
  if (outcome !== 'connected' || chatId === undefined) return { inbound, said: [] };
  const replies = await awaitReplies(context, { client, chatId, lingerMs, ...(textId !== undefined && { textId }) });
  return { inbound, ...replies };
}

/** Nobody is asked who is to answer; what counts is what the chat's agent says to it. */
async function continueChat(
  context: Context,
  given: {
    readonly client: Client;
    readonly simulation: Simulation;
    readonly placed: Placed & { readonly chat_id: string };
  },
): Promise<Played> {
  const { client, simulation, placed } = given;
  const { inbound_id, chat_id: chatId, text_id: textId } = placed;
  const { lingerMs, json, fault } = simulation;
  if (!json) {
    const noFault = fault ? ', and the fault has no effect' : '';
    const line = `the text continues ${chatId}, so no webhook is asked (A6)${noFault}; how it began: pickup inbounds show ${inbound_id}`;
    context.out(`${context.style.dim(printable(line))}\n`);
  }
  const startedMs = context.monoMs();
  const replies = await awaitReplies(context, {
    ...{ client, chatId, lingerMs, onlyAfter: true },
    ...(textId !== undefined && { textId }),
  });
  const inbound = (await client.get(`/get-inbound/${encodeURIComponent(inbound_id)}`)) as InboundObject;
  return { inbound, ...replies, continues: { chat_id: chatId, answeredAfterMs: context.monoMs() - startedMs } };
}

interface Placed {
  readonly inbound_id: string;
  /** Of a text: the id of its message in the chat. */
  readonly text_id?: string;
  /** Of a text that continues a chat. */
  readonly chat_id?: string;
}

async function place(
  client: Client,
  { channel, from_number, to_number, headers, text, fault }: Simulation,
): Promise<Placed> {
  const path = channel === 'call' ? '/simulate-inbound-call' : '/simulate-inbound-sms';
  const answer = await client.send('POST', path, {
    from_number,
    to_number,
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(channel === 'sms' && { text }),
    ...(fault && { fault }),
  });
  if (answer.status >= 300)
    throw new CommandFault(`${messageOf(answer.body)} (${answer.status} from ${client.url}${path})`);
  const placed = (answer.body ?? {}) as Partial<Placed>;
  if (typeof placed.inbound_id !== 'string') throw new CommandFault(`${client.url} gave no inbound_id`);
  return { ...placed, inbound_id: placed.inbound_id };
}
