/** The audit log. */
import type { Database } from 'better-sqlite3';
import type { AuditCommands } from '../port.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Writes through the writer, lists from the reader. */
export function createAudit(writer: Writer, reader: Reader): AuditCommands {
  return {
    async recordAudit(entry) {
      await writer.send('recordAudit', [JSON.stringify(entry)]);
    },
    listAudit: (request) => reader.ask('audit', request),
  };
}

/** The handler of the writer thread. */
export function writeAudit(db: Database): WriteHandlers {
  const insert = db.prepare('INSERT INTO audit (doc) VALUES (?)');
  return { recordAudit: (doc: Cell) => insert.run(doc).changes };
}
