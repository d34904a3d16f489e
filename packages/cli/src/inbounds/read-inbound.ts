import type { InboundObject } from '@pickup/contract';
import { type Client, messageOf } from '../client.ts';
import { CommandFault } from '../command.ts';

/** A record by its id. Throws CommandFault where there is none. */
export async function readInbound(client: Client, id: string): Promise<InboundObject> {
  const { status, body } = await client.send('GET', `/get-inbound/${encodeURIComponent(id)}`);
  if (status === 422)
    throw new CommandFault(`there is no inbound ${id} at ${client.url}; pickup inbounds list shows which there are`);
  if (status >= 300) throw new CommandFault(`${messageOf(body)} (${status} from ${client.url})`);
  return body as InboundObject;
}
