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
  const lines = call?.transcript_object ?? [];
  const spoken = lines.filter(({ role }) => role !== 'user').map(({ content }) => content ?? '');
  return { inbound, call, said: spoken };
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
