/** The text commands. */

import type { InboundObject } from '@pickup/contract';
import type { Database } from 'better-sqlite3';
import type { PartToSend, TextCommands, TextStored } from '../port.ts';
import { type Cell, fromJsonCell } from './cells.ts';
import { arrivalCells } from './inbounds.ts';
import { prepareNextText, prepareOutgoing, preparePair, prepareRun, prepareSentPart } from './read-texts.ts';
import { NEEDS_OPENING } from './write-texts.ts';
import type { Writer } from './writer.ts';

/** Writes through the writer, reads from `db`. */
export function createTexts(writer: Writer, db: Database): TextCommands {
  const [nextText, pairOf] = [prepareNextText(db), preparePair(db)];
  const [runOf, outgoingOf, sentPart] = [prepareRun(db), prepareOutgoing(db), prepareSentPart(db)];
  const part = (cell: unknown) => fromJsonCell<PartToSend>(cell as string | null);
  return {
    async storeText(text, opening) {
      const cells: Cell[] = [JSON.stringify(text)];
      if (opening) cells.push(JSON.stringify(opening.facts), ...arrivalCells(opening.arrival));
      const stored = (await writer.send('storeText', cells)) as string;
      return stored === NEEDS_OPENING ? 'needs_opening' : (JSON.parse(stored) as TextStored);
    },
    nextText: async (pair) => nextText(pair),
    getTextPair: async (pair) => pairOf(pair),
    async reopenText(textId, { arrival, facts }) {
      await writer.send('reopenText', [textId, JSON.stringify(facts), ...arrivalCells(arrival)]);
    },
    getTextRun: async (inboundId) => runOf(inboundId),
    async recordTextProgress(inboundId, fromVersion, progress, now) {
      const cells = [JSON.stringify(progress), now, inboundId, fromVersion];
      return (await writer.send('recordTextProgress', cells)) === 1;
    },
    async settleTextInbound(settlement) {
      const result = await writer.send('settleTextInbound', [JSON.stringify(settlement)]);
      if (result === 1) return { won: true };
      return { won: false, outcome: (result || null) as InboundObject['outcome'] };
    },
    finishText: async (finished) => (await writer.send('finishText', [JSON.stringify(finished)])) === 1,
    beginPart: async (pair, now) => part(await writer.send('beginPart', [pair, now])),
    async finishPart(partId, result, now) {
      return part(await writer.send('finishPart', [partId, JSON.stringify(result), now]));
    },
    async recordTextStatus(status) {
      return ((await writer.send('recordTextStatus', [JSON.stringify(status)])) as string | null) ?? undefined;
    },
    findOutgoing: async (edge, id) => sentPart(edge, id),
    listOutgoing: async (chatId) => outgoingOf(chatId),
    forgetTexts: async (before, most) => Number(await writer.send('forgetTexts', [before, most])),
  };
}
