import type { InboundFeed } from '../observe/inbound-feed.ts';
import type { Store } from '../stores/port.ts';

/** The store, whose settlements are told to the feed once they are stored: recovery's and late ones included. */
export function tellEnds(store: Store, feed: Pick<InboundFeed, 'ended'>): Store {
  return {
    ...store,
    settleInbound: (settlement) =>
      store.settleInbound(settlement).then((result) => {
        if (result.won) feed.ended();
        return result;
      }),
    settleTextInbound: (settlement) =>
      store.settleTextInbound(settlement).then((result) => {
        if (result.won) feed.ended();
        return result;
      }),
    finishText: (finished) =>
      store.finishText(finished).then((isFirst) => {
        if (isFirst && finished.settlement) feed.ended();
        return isFirst;
      }),
  };
}
