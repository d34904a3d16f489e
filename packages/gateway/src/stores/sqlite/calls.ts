/** The call and slot commands. */
import type { Database } from 'better-sqlite3';
import type { CallCommands, CallRow, SlotCommands } from '../port.ts';
import { callCells } from './call-cells.ts';
import { fromJsonCell } from './cells.ts';
import type { Filing } from './file-calls.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** Writes through the writer, single rows from `db`, lists from the reader. */
export function createCalls(writer: Writer, db: Database, reader: Reader, filing: Filing): CallCommands {
  const get = db.prepare<[string], string>('SELECT doc FROM calls WHERE call_id = ?').pluck();
  return {
    async registerCall(call) {
      await writer.send('registerCall', callCells(call));
      if (call.call_status !== 'registered') filing.due();
    },
    async claimRegisteredCall(callId, inboundId, now) {
      // An unknown id is the guess of a stranger (A3): it must not cost a commit.
      if (get.get(callId) === undefined) return { claim: 'unknown' };
      const result = (await writer.send('claimRegisteredCall', [callId, inboundId, now])) as string;
      if (result.startsWith('{')) return { claim: 'claimed', call: JSON.parse(result) as CallRow };
      return { claim: result as 'busy' | 'expired' | 'unknown' | 'answered' };
    },
    async releaseRegisteredCall(callId, inboundId) {
      await writer.send('releaseRegisteredCall', [callId, inboundId]);
    },
    async expireRegisteredCalls(now) {
      const expired = Number(await writer.send('expireRegisteredCalls', [now]));
      if (expired > 0) filing.due();
      return expired;
    },
    async updateCall(callId, change) {
      const doc = (await writer.send('updateCall', [callId, JSON.stringify(change)])) as string | null;
      if (change.call_status !== undefined) filing.due();
      return fromJsonCell<CallRow>(doc);
    },
    async endCall(callId, end, spoken) {
      await writer.sendUnhurried('endCall', [callId, JSON.stringify(end), JSON.stringify(spoken)]);
      filing.due();
    },
    deleteCall: async (callId) => (await writer.send('deleteCall', [callId])) === 1,
    getCall: async (callId) => fromJsonCell<CallRow>(get.get(callId) ?? null),
    listCalls: (request) => reader.ask('calls', request),
    listCallsAsText: (request) => reader.ask('callsAsText', request),
    ongoingCalls: (nodeId) => reader.ask('ongoing', { node_id: nodeId }),
  };
}

/** The slot commands. */
export function createSlots(writer: Writer): SlotCommands {
  return {
    async takeSlot({ inbound_id, node_id, limit, endpoint }) {
      const taken = await writer.send('takeSlot', [inbound_id, node_id, limit, endpoint ?? null]);
      return taken === 1 ? 'taken' : 'full';
    },
    async connectSlot(inboundId) {
      await writer.send('connectSlot', [inboundId]);
    },
    async releaseSlot(inboundId) {
      await writer.send('releaseSlot', [inboundId]);
    },
    async releaseSlotsOf(nodeId) {
      await writer.send('releaseSlotsOf', [nodeId]);
    },
  };
}
