import { expect, test } from 'vitest';
import type { Client } from '../client.ts';
import { readInbound } from './read-inbound.ts';

const answering = (status: number, body: unknown) =>
  ({ url: 'http://gateway', send: async () => ({ status, body }) }) as unknown as Client;

test('a record that is not there is said to be missing, with where to look; other answers are told as they are', async () => {
  await expect(readInbound(answering(422, { message: 'Cannot find requested asset.' }), 'inb_9')).rejects.toThrow(
    'there is no inbound inb_9 at http://gateway; pickup inbounds list shows which there are',
  );
  await expect(readInbound(answering(403, { message: 'Not for this key.' }), 'inb_9')).rejects.toThrow(
    'Not for this key. (403 from http://gateway)',
  );
  expect(await readInbound(answering(200, { inbound_id: 'inb_9' }), 'inb_9')).toEqual({ inbound_id: 'inb_9' });
});
