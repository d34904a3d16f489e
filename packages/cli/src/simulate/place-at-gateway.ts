/** A simulated call or text at a running gateway. */
import { type Client, createClient, messageOf } from '../client.ts';
import { CommandFault, type Context } from '../command.ts';
import { followInbound } from '../follow-inbound.ts';
import type { Played } from './run-simulation.ts';
import type { Simulation } from './simulation.ts';

/** Places it and follows it to its end; prints the timeline as it happens. */
export async function placeAtGateway(context: Context, simulation: Simulation): Promise<Played> {
  const client = createClient(context.env, simulation.url);
  const { lingerMs, json } = simulation;
  const inboundId = await place(client, simulation);
  const watched = await followInbound(context, { client, inboundId, lingerMs, ...(json && { show: () => {} }) });
  const { inbound, call } = watched;
  if (inbound.outcome === 'connected' && inbound.chat_id !== undefined) {
    return { inbound, said: await repliesIn(context, { client, chatId: inbound.chat_id, lingerMs }) };
  }
  return { inbound, call, said: wordsOf(call?.transcript_object ?? []) };
}

interface Line {
  readonly role?: string;
  readonly content?: string;
}

const wordsOf = (lines: readonly Line[]): readonly string[] =>
  lines.filter(({ role, content }) => role === 'agent' && content).map(({ content = '' }) => content);

const POLL_MS = 100;

/** What the agent wrote, as soon as it wrote anything; nothing where that takes longer than it is waited for. */
async function repliesIn(
  context: Context,
  { client, chatId, lingerMs }: { readonly client: Client; readonly chatId: string; readonly lingerMs: number },
): Promise<readonly string[]> {
  const endMs = context.monoMs() + lingerMs;
  for (;;) {
    const { status, body } = await client.send('GET', `/get-chat/${encodeURIComponent(chatId)}`);
    const chat = status < 300 ? (body as { readonly message_with_tool_calls?: readonly Line[] }) : {};
    const words = wordsOf(chat.message_with_tool_calls ?? []);
    if (words.length > 0 || context.monoMs() >= endMs) return words;
    await context.sleep(POLL_MS);
  }
}

async function place(client: Client, { channel, from_number, to_number, headers, text, fault }: Simulation) {
  const path = channel === 'call' ? '/simulate-inbound-call' : '/simulate-inbound-sms';
  const answer = await client.send('POST', path, {
    from_number,
    to_number,
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(channel === 'sms' && { text }),
    ...(fault && { fault }),
  });
  if (answer.status === 404 && channel === 'sms') {
    throw new CommandFault(
      `the Pickup at ${client.url} takes no simulated texts (404 from POST ${path}); an endpoint alone is tried with: pickup sms --webhook URL --text WORDS`,
    );
  }
  if (answer.status >= 300)
    throw new CommandFault(`${messageOf(answer.body)} (${answer.status} from ${client.url}${path})`);
  const { inbound_id } = (answer.body ?? {}) as { readonly inbound_id?: unknown };
  if (typeof inbound_id !== 'string') throw new CommandFault(`${client.url} gave no inbound_id`);
  return inbound_id;
}
