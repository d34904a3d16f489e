import { expect, test } from 'vitest';
import { readEvents, type ServerEvent } from './read-events.ts';

async function eventsOf(...chunks: readonly string[]): Promise<readonly ServerEvent[]> {
  const bytes = chunks.map((chunk) => new TextEncoder().encode(chunk));
  const events: ServerEvent[] = [];
  for await (const event of readEvents(ReadableStream.from(bytes) as ReadableStream<Uint8Array>)) events.push(event);
  return events;
}

test('events in any cut, with any line end', async () => {
  const text = 'retry: 1000\nid: 7\n\n: still here\nid:8\r\n\r\nevent: inbound\rid: 9\rdata: {"a":\rdata:1}\r\r';
  const whole = await eventsOf(`${text}\n`);
  expect(whole.slice(0, 3)).toEqual([
    { id: '7', event: 'message', data: '' },
    { id: '8', event: 'message', data: '' },
    { id: '9', event: 'inbound', data: '{"a":\n1}' },
  ]);
  expect((await eventsOf(...[...text, '\n'])).filter(({ data }) => data !== '')).toEqual([whole[2]]);
});

test('the id stays until another comes; what the end cuts off is no event', async () => {
  const events = await eventsOf('id: 1\ndata: a\n\ndata: b\n\nid\n\nid: 5\ndata: c\n');
  expect(events).toEqual([
    { id: '1', event: 'message', data: 'a' },
    { id: '1', event: 'message', data: 'b' },
    { id: '', event: 'message', data: '' },
  ]);
});
