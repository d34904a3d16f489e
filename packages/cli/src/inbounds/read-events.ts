/** Server-sent events from a body, as the HTML standard says they are to be read. */

export interface ServerEvent {
  /** Of this event, or the last one before it that had one. */
  readonly id: string;
  /** `message` where it is not said. */
  readonly event: string;
  /** '' where the block brought nothing but an id. */
  readonly data: string;
}

/** An event longer than this, in UTF-16 units, is nothing that Pickup sends. */
const LONGEST_EVENT = 16_000_000;

/** Each block as it is complete; what the end of the stream cuts off is dropped. Rejects as the body does. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  let rest = '';
  let id = '';
  let block: string[] = [];
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop()!;
    if (rest.length > LONGEST_EVENT) throw new Error('an event is too long');
    for (const line of lines) {
      if (line !== '') {
        block.push(line);
        continue;
      }
      const event = eventOf(block, id);
      block = [];
      id = event.id;
      yield event;
    }
  }
}

function eventOf(lines: readonly string[], lastId: string): ServerEvent {
  let id = lastId;
  let event = 'message';
  const data: string[] = [];
  for (const line of lines) {
    const [, name, value = ''] = /^([^:]*)(?::[ ]?(.*))?$/s.exec(line)!;
    if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'event' && value !== '') event = value;
    else if (name === 'data') data.push(value);
  }
  return { id, event, data: data.join('\n') };
}
