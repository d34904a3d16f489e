/** The demo's conversation in texts: a SIP phone sends MESSAGEs to the sample number and gets the agent's as MESSAGEs. */
import { type RunningGateway, SAMPLE_NUMBER } from '@pickup/gateway';
import { type SipTexter, startSipTexter } from '@pickup/testkit/sip-texter';
import type { Client } from '../client.ts';
import type { Context } from '../command.ts';
import { followInbound } from '../follow-inbound.ts';
import { formatEntry } from '../timeline.ts';
import { newestInbound } from './newest-inbound.ts';

/** A model may take its time. */
const ANSWER_LIMIT_MS = 60_000;

export interface TextSample {
  readonly gateway: RunningGateway;
  readonly client: Client;
  readonly from: string;
}

/** True where every text was answered. A chat of an earlier demo is ended first, so that the webhook is asked. */
export async function textSample(context: Context, { gateway, client, from }: TextSample): Promise<boolean> {
  const [host = '127.0.0.1', port = '5060'] = gateway.sip.split(/:(?=\d+$)/);
  const { items } = await gateway.store.listChats({ limit: 10 });
  for (const chat of items) {
    if (chat.from_number === from && chat.chat_status === 'ongoing') await gateway.chats.end(chat.chat_id);
  }
  context.out(`\nthe same phone texts ${SAMPLE_NUMBER}, whose webhook is asked before anything is answered\n\n`);
  const texter = await startSipTexter({ host, port: Number(port) });
  const startedAt = Date.now();
  const talk = { context, texter, from, startedAt };
  try {
    if (!(await send(talk, 'Hi'))) return false;
    const inboundId = await newestInbound(context, gateway, 'sip_message');
    const { inbound } = await followInbound(context, { client, inboundId, lingerMs: 0 });
    if (inbound.outcome !== 'connected' || !(await hear(talk, 1))) return false;
    return (await send(talk, '1')) && (await hear(talk, 2));
  } finally {
    texter.close();
  }
}

interface Talk {
  readonly context: Context;
  readonly texter: SipTexter;
  readonly from: string;
  readonly startedAt: number;
}

async function send(talk: Talk, body: string): Promise<boolean> {
  tell(talk, 'text', `“${body}”`, 'plain');
  const answer = await talk.texter.send({ from: talk.from, to: SAMPLE_NUMBER, body });
  if (answer?.status === 202) return true;
  tell(talk, 'refused', answer ? `SIP ${answer.status} ${answer.reason}` : 'no answer', 'bad');
  return false;
}

/** Prints what came, once there are so many MESSAGEs. */
async function hear(talk: Talk, count: number): Promise<boolean> {
  const { texter, context } = talk;
  await Promise.race([texter.until(count), context.sleep(ANSWER_LIMIT_MS)]);
  const message = texter.received[count - 1];
  if (!message) {
    tell(talk, 'silence', `no answer for ${ANSWER_LIMIT_MS / 1_000} s`, 'bad');
    return false;
  }
  tell(talk, 'agent', `“${Buffer.from(message.body).toString('utf8')}”`, 'good');
  return true;
}

function tell({ context, startedAt }: Talk, label: string, text: string, tone: 'plain' | 'good' | 'bad'): void {
  const entry = { key: label, at: Date.now(), label, text, tone };
  context.out(`${formatEntry(entry, startedAt, context.style)}\n`);
}
