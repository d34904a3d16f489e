/** Calls and slots, as the writer thread does them. */
import type { Database, Statement } from 'better-sqlite3';
import { eventsOfChange } from '../call-events.ts';
import { endedCall } from '../ended-call.ts';
import type { CallRow } from '../port.ts';
import { endpointShare, expireCall, isForgotten, judgeClaim } from '../registered-call.ts';
import { callCells } from './call-cells.ts';
import { type Cell, fromJsonCell, type WriteHandlers } from './cells.ts';
import { prepareEventInsert } from './events.ts';
import { IS_UNFILED } from './migrations/0007-call-lists.ts';

interface ClaimRow {
  readonly doc: string;
  /** The inbound ringing on it, null once that has its outcome. */
  readonly holder: string | null;
}

const INSERT_CALL = `INSERT INTO calls (call_id, created_timestamp, call_status, agent_id, from_number, to_number,
  direction, start_timestamp, disconnection_reason, node_id, doc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const LIVE_HOLDER = `CASE WHEN EXISTS (SELECT 1 FROM inbounds WHERE inbound_id = calls.holder AND outcome IS NOT NULL)
  THEN NULL ELSE holder END AS holder`;
const SET_COLUMNS = ['created_timestamp', 'call_status', 'agent_id', 'from_number', 'to_number', 'direction']
  .concat(['start_timestamp', 'disconnection_reason', 'node_id', 'doc'])
  .map((name) => `${name} = excluded.${name}`)
  .join(', ');

/** Creates the call or takes the place of the registered one. */
export function prepareCallUpsert(db: Database): Statement<Cell[]> {
  return db.prepare(`${INSERT_CALL} ON CONFLICT (call_id) DO UPDATE SET ${SET_COLUMNS}, holder = NULL`);
}

/** Handlers of the call commands. */
export function writeCalls(db: Database): WriteHandlers {
  const insert = db.prepare(INSERT_CALL);
  const replace = db.prepare(`${INSERT_CALL} ON CONFLICT (call_id) DO UPDATE SET ${SET_COLUMNS}`);
  const find = db.prepare<[Cell], ClaimRow>(`SELECT doc, ${LIVE_HOLDER} FROM calls WHERE call_id = ?`);
  const document = db.prepare<[Cell], string>('SELECT doc FROM calls WHERE call_id = ?').pluck();
  const finish = db.prepare('UPDATE calls SET call_status = ?, disconnection_reason = ?, doc = ? WHERE call_id = ?');
  const registered = db.prepare<[], ClaimRow>(
    `SELECT doc, ${LIVE_HOLDER} FROM calls INDEXED BY live_calls
     WHERE call_status = 'registered' AND call_status IN ('registered', 'ongoing')`,
  );
  const tell = prepareEventInsert(db);
  const forget = db.prepare('DELETE FROM events WHERE subject_id = ?');
  const hold = db.prepare('UPDATE calls SET holder = ? WHERE call_id = ?');
  const letGo = db.prepare('UPDATE calls SET holder = NULL WHERE call_id = ? AND holder = ?');
  const remove = db.prepare('DELETE FROM calls WHERE call_id = ?');
  const unfiled = db
    .prepare<[number], number>(
      `SELECT seq FROM calls INDEXED BY unfiled_calls WHERE ${IS_UNFILED} ORDER BY created_timestamp LIMIT ?`,
    )
    .pluck();
  const file = db.prepare('UPDATE calls SET filed = 1 WHERE seq = ?');
  return {
    registerCall(...cells: Cell[]) {
      insert.run(...cells);
      return null;
    },
    /** The call's JSON where it was claimed, else the reason in one word. */
    claimRegisteredCall(callId: string, inboundId: string, now: number) {
      const row = find.get(callId);
      const call = fromJsonCell<CallRow>(row?.doc ?? null);
      const claim = judgeClaim(call, row?.holder ?? null, inboundId, now);
      if (claim !== 'claimed' || row === undefined) return claim;
      hold.run(inboundId, callId);
      return row.doc;
    },
    releaseRegisteredCall(callId: string, inboundId: string) {
      letGo.run(callId, inboundId);
      return null;
    },
    expireRegisteredCalls(now: number) {
      const lapsed = registered
        .all()
        .map((row) => ({ call: JSON.parse(row.doc) as CallRow, holder: row.holder }))
        .filter(({ call, holder }) => isForgotten(call, holder, now));
      for (const { call } of lapsed) {
        const expired = expireCall(call, now);
        replace.run(...callCells(expired));
        tell(eventsOfChange(call, expired));
      }
      return lapsed.length;
    },
    updateCall(callId: string, change: string) {
      const call = fromJsonCell<CallRow>(find.get(callId)?.doc ?? null);
      if (call === undefined) return null;
      const after = { ...call, ...(JSON.parse(change) as Partial<CallRow>), call_id: callId };
      const cells = callCells(after);
      replace.run(...cells);
      tell(eventsOfChange(call, after));
      return cells.at(-1)!;
    },
    endCall(callId: string, end: string, spoken: string) {
      const doc = document.get(callId);
      if (doc === undefined) return null;
      const before = JSON.parse(doc) as CallRow;
      const call = endedCall(before, JSON.parse(end), JSON.parse(spoken));
      finish.run(...lastCells(call), callId);
      tell(eventsOfChange(before, call));
      return null;
    },
    /** The oldest of those to be filed; says how many. */
    fileCalls(most: number) {
      const calls = unfiled.all(most);
      for (const seq of calls) file.run(seq);
      return calls.length;
    },
    deleteCall(callId: string) {
      forget.run(callId);
      return remove.run(callId).changes;
    },
  };
}

/** The columns that the end of a call changes. */
function lastCells(call: CallRow): Cell[] {
  return [call.call_status, call.disconnection_reason ?? null, JSON.stringify(call)];
}

/** Handlers of the slot commands. */
export function writeSlots(db: Database): WriteHandlers {
  const held = db.prepare<[Cell], number>('SELECT 1 FROM slots WHERE inbound_id = ?').pluck();
  const count = db.prepare<[], number>('SELECT count(*) FROM slots').pluck();
  const ringing = db.prepare<[Cell], number>('SELECT count(*) FROM slots WHERE endpoint = ? AND connected = 0').pluck();
  const take = db.prepare('INSERT INTO slots (inbound_id, node_id, endpoint) VALUES (?, ?, ?)');
  const connect = db.prepare('UPDATE slots SET connected = 1 WHERE inbound_id = ?');
  const release = db.prepare('DELETE FROM slots WHERE inbound_id = ?');
  const releaseNode = db.prepare('DELETE FROM slots WHERE node_id = ?');
  return {
    takeSlot(inboundId: string, nodeId: string, limit: number, endpoint: string | null) {
      if (held.get(inboundId) !== undefined) return 1;
      if ((count.get() ?? 0) >= limit) return 0;
      if (endpoint !== null && (ringing.get(endpoint) ?? 0) >= endpointShare(limit)) return 0;
      return take.run(inboundId, nodeId, endpoint).changes;
    },
    connectSlot: (inboundId: string) => connect.run(inboundId).changes,
    releaseSlot: (inboundId: string) => release.run(inboundId).changes,
    releaseSlotsOf: (nodeId: string) => releaseNode.run(nodeId).changes,
  };
}
