/** What a broken line is, and what a refusal: real sockets, a gateway that does as it is told. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../client.ts';
import { followStream } from './follow-stream.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

type Answer = (response: ServerResponse) => void;
const refuse =
  (status: number): Answer =>
  (response) =>
    response.writeHead(status).end(JSON.stringify({ status: 'error', message: `said ${status}` }));
const events =
  (...ends: readonly number[]): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(ends.map((id) => `event: inbound\nid: ${id}\ndata: {"inbound_id":"inb_${id}"}\n\n`).join(''));
  };
/** Cut in the middle of an event. */
const cut: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('event: inbound\nid: 9\ndata: {"inbou', () => response.destroy());
};

async function play(answers: readonly Answer[]) {
  const asked: (string | undefined)[] = [];
  const aborter = new AbortController();
  const server = createServer((request, response) => {
    asked.push(request.headers['last-event-id'] as string | undefined);
    const answer = answers[asked.length - 1];
    if (answer) return answer(response);
    aborter.abort();
    response.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const seen: string[] = [];
  const said: string[] = [];
  const ended = await followStream({
    client: createClient({ PICKUP_API_KEY: 'key' }, url),
    query: '',
    onInbound: ({ inbound_id }) => seen.push(inbound_id),
    onLine: (what) => said.push(what),
    sleep: async () => {},
    signal: aborter.signal,
  }).then(
    () => 'over',
    (error: Error) => error.message,
  );
  return { asked, seen, said, ended };
}

test('it comes back with the last id that it saw whole, also over errors of the moment', async () => {
  const played = await play([events(1, 2), cut, refuse(503), refuse(429), events(3)]);
  expect(played).toEqual({
    asked: [undefined, '2', '2', '2', '2', '3'],
    seen: ['inb_1', 'inb_2', 'inb_3'],
    said: ['connected', 'lost', 'connected', 'lost', 'connected', 'lost'],
    ended: 'over',
  });
});

test('a key that no longer holds ends it', async () => {
  const { seen, ended } = await play([events(1), refuse(401)]);
  expect(seen).toEqual(['inb_1']);
  expect(ended).toContain('said 401 (401)');
});

test('where nothing streams at first, it says so and does not wait', async () => {
  expect((await play([refuse(429)])).ended).toContain('said 429 (429)');
  expect((await play([refuse(404)])).ended).toContain('does not stream: said 404 (404)');
});
