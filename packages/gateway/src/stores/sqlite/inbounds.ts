/** The inbound commands: rows are made into flat cells here, so that little is cloned for the writer. */
import type { InboundObject } from '@pickup/contract';
import type { Database } from 'better-sqlite3';
import { mergeAttempts } from '../merge-attempts.ts';
import type { InboundArrival, InboundCommands, SettleResult } from '../port.ts';
import { callCells } from './call-cells.ts';
import { type Cell, jsonCell } from './cells.ts';
import type { Filing } from './file-calls.ts';
import { INBOUND_COLUMNS, type InboundCells, toInbound } from './read-inbounds.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/**
 * Writes through the writer, single rows from `db`, lists from the reader. The arrival and the decision are waited for
 * (H2); attempts and outcomes go with the next commit, and what a crash takes of those 4 ms is made up for (H3).
 */
export function createInbounds(writer: Writer, db: Database, reader: Reader, filing: Filing): InboundCommands {
  const get = db.prepare<[string], InboundCells>(`SELECT ${INBOUND_COLUMNS} FROM inbounds WHERE inbound_id = ?`);
  return {
    async openInbound(a) {
      const openAlready = (await writer.send('openInbound', arrivalCells(a))) as string | null;
      return { opened: openAlready === null, inbound_id: openAlready ?? a.inbound_id };
    },
    async recordAttempt(inboundId, attempt) {
      const recorded = await writer.sendUnhurried('recordAttempt', [inboundId, JSON.stringify(attempt)]);
      return recorded === 1 ? 'recorded' : 'duplicate';
    },
    async recordDecision(d) {
      const cells: Cell[] = [d.decided_timestamp, d.intended, d.agent_id ?? null, d.agent_version ?? null];
      cells.push(d.request ?? null, jsonCell(d.reply), JSON.stringify(d.issues), JSON.stringify(d.steps));
      cells.push(jsonCell(d.dialog), attemptsCell(d.attempts), d.inbound_id);
      await writer.send('recordDecision', cells);
    },
    async settleInbound(s): Promise<SettleResult> {
      const cells: Cell[] = [s.outcome, s.outcome_timestamp, jsonCell(s.steps), jsonCell(s.issues)];
      cells.push(s.attempts ? attemptsCell(s.attempts) : null, s.request ?? null, jsonCell(s.sip_messages));
      cells.push(s.inbound_id);
      if (s.call) cells.push(...callCells(s.call));
      const result = await writer.sendUnhurried('settleInbound', cells);
      if (s.call && s.call.call_status !== 'ongoing') filing.due();
      if (result === 1) return { won: true };
      return { won: false, outcome: (result || null) as InboundObject['outcome'] };
    },
    lapsedInbounds: (nodeId, now) => reader.ask('lapsed', { node_id: nodeId, now }),
    async getInbound(inboundId) {
      const cells = get.get(inboundId);
      return cells && toInbound(cells);
    },
    listInbounds: (request) => reader.ask('inbounds', request),
    inboundsEndedAfter: (request) => reader.ask('ended', request),
    lastEndedInbound: () => reader.ask('lastEnded', {}),
  };
}

/** The cells of `OPEN`, its id first. */
export function arrivalCells(a: InboundArrival): readonly Cell[] {
  const cells: Cell[] = [a.inbound_id, a.channel, a.edge, a.from_number, a.to_number, a.arrival_timestamp];
  cells.push(a.session_id, settingsCell(a.settings), a.dedupe_key ?? null, jsonCell(a.memo));
  cells.push(a.node_id, a.lease_until);
  return cells;
}

const settingsCells = new WeakMap<object, string>();

/** Inbounds of one number share their settings object, so its JSON is written once. */
function settingsCell(settings: object): string {
  const known = settingsCells.get(settings);
  if (known !== undefined) return known;
  const cell = JSON.stringify(settings);
  settingsCells.set(settings, cell);
  return cell;
}

function attemptsCell(attempts: Parameters<typeof mergeAttempts>[1]): string {
  return JSON.stringify(attempts.length > 1 ? mergeAttempts([], attempts) : attempts);
}
