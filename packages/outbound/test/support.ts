import { createOutbound, type Outbound, type OutboundOptions, type OutboundRequest } from '../src/index.ts';

/** The machine's own clock. */
export const systemClock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs: number, fire: () => void): () => void {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A sender that may reach loopback, where all endpoints of the tests live. */
export function loopbackOutbound(options: Partial<OutboundOptions> = {}): Outbound {
  return createOutbound({ clock: systemClock, loopback: true, ...options });
}

/** A small JSON request with a deadline `inMs` from now. */
export function request(url: string, inMs = 5_000, extra: Partial<OutboundRequest> = {}): OutboundRequest {
  return {
    url,
    headers: { 'content-type': 'application/json', 'webhook-id': 'inb_1' },
    body: '{"event":"call_inbound"}',
    deadlineMonoMs: systemClock.monoMs() + inMs,
    maxReplyBytes: 262_144,
    ...extra,
  };
}

/** Closes what a test opened, last opened first. */
export class Opened {
  readonly #things: { close(): Promise<void> }[] = [];

  add<T extends { close(): Promise<void> }>(thing: T): T {
    this.#things.push(thing);
    return thing;
  }

  async close(): Promise<void> {
    for (const thing of this.#things.splice(0).reverse()) await thing.close();
  }
}
