/**
 * What happens to inbounds, told to whoever listens at the moment. Changes of an inbound in progress are told with the
 * inbound and may be missed; of an end it is only told that there is one more, and listeners read it from the store,
 * which has the order and forgets none. While nobody listens nothing is computed.
 */
import type { InboundObject } from '@pickup/contract';
import type { Log } from './log.ts';

export interface InboundListener {
  /** Of an inbound without outcome. */
  changed(inbound: InboundObject): void;
  /** One more inbound has its outcome, and the store has it. */
  ended(): void;
  /** The feed is over: the gateway stops. */
  closed(): void;
}

export interface InboundFeed {
  /** How many listen. */
  readonly listeners: number;
  /** How many ends were told so far. */
  readonly ends: number;
  /** `read` is called only where somebody listens. */
  changed(read: () => InboundObject): void;
  ended(): void;
  /** The returned function ends it. On a closed feed the listener is told so at once. */
  listen(listener: InboundListener): () => void;
  /** Tells every listener that it is over, and forgets them. */
  close(): void;
}

/** A listener that throws is logged: whoever tells the feed has a caller to look after. */
export function createInboundFeed({ log }: { readonly log: Log }): InboundFeed {
  const listening = new Set<InboundListener>();
  let isClosed = false;
  let ends = 0;
  const tell = (say: () => void) => {
    try {
      say();
    } catch (error) {
      log.error('bug', { what: 'inbound_feed', error });
    }
  };
  return {
    get listeners() {
      return listening.size;
    },
    get ends() {
      return ends;
    },
    changed(read) {
      if (listening.size === 0) return;
      tell(() => {
        const inbound = read();
        for (const listener of listening) tell(() => listener.changed(inbound));
      });
    },
    ended() {
      ends += 1;
      for (const listener of listening) tell(() => listener.ended());
    },
    listen(listener) {
      if (isClosed) listener.closed();
      else listening.add(listener);
      return () => void listening.delete(listener);
    },
    close() {
      isClosed = true;
      const told = [...listening];
      listening.clear();
      for (const listener of told) tell(() => listener.closed());
    },
  };
}
