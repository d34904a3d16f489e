/** Inbounds in the order in which they ended, read off the index of ends. */
import type { Database } from 'better-sqlite3';
import { matchFilters } from '../match-filters.ts';
import type { EndedInbounds, InboundCommands } from '../port.ts';
import { INBOUND_COLUMNS, type InboundCells, toInbound } from './read-inbounds.ts';

type Request = Parameters<InboundCommands['inboundsEndedAfter']>[0];

/** The lists of ends. A filter costs no more than the rows that are looked at. */
export function readEnds(db: Database) {
  const later = db.prepare<[number, number], InboundCells & { readonly ended: number }>(
    `SELECT ${INBOUND_COLUMNS}, ended FROM inbounds INDEXED BY ended_inbounds
     WHERE ended IS NOT NULL AND ended > ? ORDER BY ended LIMIT ?`,
  );
  const last = db
    .prepare<[], number>(
      `SELECT ended FROM inbounds INDEXED BY ended_inbounds WHERE ended IS NOT NULL ORDER BY ended DESC LIMIT 1`,
    )
    .pluck();
  return {
    ended({ after, limit, filters }: Request): EndedInbounds {
      const rows = later.all(after, limit).map(({ ended, ...cells }) => ({ ended, inbound: toInbound(cells) }));
      return {
        items: rows.filter(({ inbound }) => matchFilters(inbound, filters)),
        up_to: rows.at(-1)?.ended ?? after,
      };
    },
    lastEnded: (_request: object): number => last.get() ?? 0,
  };
}
