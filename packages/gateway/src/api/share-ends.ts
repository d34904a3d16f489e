/** Reads of ends for many followers: those who ask for the same at once share one read, and its inbounds. */
import type { InboundFeed } from '../observe/inbound-feed.ts';
import type { EndedInbounds, Store } from '../stores/port.ts';

type Ends = Pick<Store, 'inboundsEndedAfter'>;

/** A read that began before the last end was told is not shared: that end may be missing in it. */
export function shareEnds(store: Ends, feed: Pick<InboundFeed, 'ends'>): Ends {
  const underWay = new Map<string, Promise<EndedInbounds>>();
  return {
    inboundsEndedAfter(request) {
      const key = `${feed.ends} ${JSON.stringify(request)}`;
      const known = underWay.get(key);
      if (known) return known;
      const read = store.inboundsEndedAfter(request).finally(() => underWay.delete(key));
      underWay.set(key, read);
      return read;
    },
  };
}
