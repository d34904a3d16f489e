/** stream-inbounds: inbounds as they happen. */
import { apiError, type Channel, type InboundObject, OUTCOMES } from '@pickup/contract';
import type { FieldFilter } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, invalid } from './failure.ts';
import { InboundStream } from './inbound-stream.ts';
import { describeRecord } from './inbounds.ts';
import { type Ask, EventStream, type Route } from './route.ts';
import { shareEnds } from './share-ends.ts';

/** Who may follow at once. */
export const MOST_STREAMS = 50;

const CHANNELS: readonly Channel[] = ['call', 'sms'];
/** What a query may name; an outcome leaves out all that is still undecided. */
const FILTERS = ['to_number', 'channel', 'outcome'] as const;

/** The route that streams. */
export function streamInboundRoutes(deps: ApiDeps): readonly Route[] {
  const ends = shareEnds(deps.store, deps.feed);
  const render = createRenderer();
  /** Those who are about to follow included, so that many who come at once are not all let in. */
  let places = MOST_STREAMS;
  return [
    {
      method: 'GET',
      path: '/stream-inbounds',
      summary: 'Follow inbounds as server-sent events: at arrival, after each attempt, at the decision, at the end',
      access: 'read',
      streams: true,
      query: FILTERS,
      async handle(ask) {
        const filters = filtersOf(ask);
        const after = lastEventOf(ask);
        if (places === 0) throw new ApiFailure(apiError('too_many_streams', { most: MOST_STREAMS }));
        places -= 1;
        const leave = () => {
          places += 1;
        };
        const lastEnd = await deps.store.lastEndedInbound().catch((error: unknown) => {
          leave();
          throw error;
        });
        const { feed, timers: clock, log } = deps;
        return new EventStream((response, stillAllowed) => {
          // Gone while the store was asked: no event will tell of it any more.
          if (response.destroyed) return leave();
          response.once('close', leave);
          const request = { filters, after, lastEnd, stillAllowed };
          new InboundStream({ ends, feed, clock, log, render }, response, request).start();
        });
      },
    },
  ];
}

/** An inbound as JSON, made once for all who are sent it. */
function createRenderer(): (inbound: InboundObject) => string {
  const texts = new WeakMap<InboundObject, string>();
  return (inbound) => {
    const known = texts.get(inbound);
    if (known !== undefined) return known;
    const text = JSON.stringify(describeRecord(inbound));
    texts.set(inbound, text);
    return text;
  };
}

/** Throws 400 for a value that no inbound can have. */
function filtersOf({ query }: Ask): readonly FieldFilter[] {
  return FILTERS.flatMap((field) => {
    const value = query[field];
    if (value === undefined) return [];
    const known: readonly string[] | undefined =
      field === 'channel' ? CHANNELS : field === 'outcome' ? OUTCOMES : undefined;
    if (typeof value !== 'string' || value === '') throw invalid(`${field} must be a text that is not empty.`);
    if (known && !known.includes(value)) throw invalid(`${field} must be one of ${known.join(', ')}.`);
    return [{ field, op: 'eq' as const, value }];
  });
}

/** The id of the last event that a client which comes back has seen. */
function lastEventOf({ sent }: Ask): number | undefined {
  const id = sent('last-event-id');
  if (id === undefined || id === '') return undefined;
  if (!/^\d{1,15}$/.test(id)) throw invalid('Last-Event-ID must be an id of this stream, a whole number.');
  return Number(id);
}
