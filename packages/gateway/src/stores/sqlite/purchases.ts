/** The purchase commands; point reads run on the main thread. */
import type { Database } from 'better-sqlite3';
import type { PurchaseCommands, PurchaseRow } from '../port.ts';
import type { Cell, WriteHandlers } from './cells.ts';
import type { Writer } from './writer.ts';

const COLUMNS = 'purchase_id, fingerprint, provider, phone_number, state, created_timestamp, updated_timestamp';
const OPEN = `SELECT ${COLUMNS} FROM number_purchases WHERE state IN ('begun', 'stored')`;

/** Writes through the writer, reads from `db`. */
export function createPurchases(writer: Writer, db: Database): PurchaseCommands {
  const all = db.prepare<[], PurchaseRow>(`${OPEN} ORDER BY created_timestamp, purchase_id`);
  const alike = db.prepare<[string], PurchaseRow>(
    `${OPEN} AND fingerprint = ? ORDER BY created_timestamp, purchase_id`,
  );
  return {
    async putPurchase(row) {
      const { purchase_id, fingerprint, provider, phone_number, state } = row;
      const cells = [purchase_id, fingerprint, provider, phone_number, state];
      await writer.send('putPurchase', [...cells, row.created_timestamp, row.updated_timestamp]);
    },
    openPurchases: async (fingerprint) => (fingerprint === undefined ? all.all() : alike.all(fingerprint)),
  };
}

/** The handler of the writer thread. */
export function writePurchases(db: Database): WriteHandlers {
  const put = db.prepare(`INSERT INTO number_purchases (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (purchase_id) DO UPDATE SET phone_number = excluded.phone_number, state = excluded.state,
    updated_timestamp = excluded.updated_timestamp`);
  return { putPurchase: (...cells: Cell[]) => put.run(...cells).changes };
}
