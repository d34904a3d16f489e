/** Calls and slots in memory. */

import { callPageText, durationOf } from '../call-body.ts';
import { eventsOfChange } from '../call-events.ts';
import { endedCall } from '../ended-call.ts';
import { matchAgents, matchFilters } from '../match-filters.ts';
import { BadPaginationKey } from '../page.ts';
import type { CallCommands, CallListRequest, CallRow, Page, SlotCommands } from '../port.ts';
import { endpointShare, expireCall, isForgotten, judgeClaim } from '../registered-call.ts';
import { copyOf, type MemoryData } from './data.ts';
import { tell } from './events.ts';
import { listPage } from './list-page.ts';

/** The call commands over shared data. */
export function createMemoryCalls(data: MemoryData): CallCommands {
  const listCalls = async (request: CallListRequest): Promise<Page<CallRow>> => {
    const rows = [...data.calls.values()]
      .filter(({ call }) => matchFilters({ ...call, duration_ms: durationOf(call) }, request.filters))
      .filter(({ call }) => matchAgents(call, request.agents))
      .map((row) => ({ key: placeOf(row), value: without(row.call, request.omit) }));
    const page = listPage(rows, withPlace(data, request));
    return request.include_total ? { ...page, total: rows.length } : page;
  };
  return {
    async registerCall(given) {
      const call = copyOf(given);
      if (data.calls.has(call.call_id)) throw new Error(`There already is a call ${call.call_id}.`);
      data.calls.set(call.call_id, { sequence: data.nextSequence(), call, holder: null });
    },
    async claimRegisteredCall(callId, inboundId, now) {
      const row = data.calls.get(callId);
      const claim = judgeClaim(row?.call, liveHolder(data, row?.holder ?? null), inboundId, now);
      if (claim !== 'claimed' || row === undefined) return { claim: claim === 'claimed' ? 'unknown' : claim };
      data.calls.set(callId, { ...row, holder: inboundId });
      return { claim, call: row.call };
    },
    async releaseRegisteredCall(callId, inboundId) {
      const row = data.calls.get(callId);
      if (row?.holder === inboundId) data.calls.set(callId, { ...row, holder: null });
    },
    async expireRegisteredCalls(now) {
      let expired = 0;
      for (const [callId, row] of data.calls) {
        if (row.call.call_status !== 'registered') continue;
        if (!isForgotten(row.call, liveHolder(data, row.holder), now)) continue;
        const call = expireCall(row.call, now);
        data.calls.set(callId, { ...row, call, holder: null });
        tell(data, eventsOfChange(row.call, call));
        expired += 1;
      }
      return expired;
    },
    async updateCall(callId, change) {
      const row = data.calls.get(callId);
      if (row === undefined) return undefined;
      const call = { ...row.call, ...copyOf(change), call_id: callId };
      data.calls.set(callId, { ...row, call });
      tell(data, eventsOfChange(row.call, call));
      return call;
    },
    async endCall(callId, end, spoken) {
      const row = data.calls.get(callId);
      if (row === undefined) return;
      const call = endedCall(row.call, copyOf(end), copyOf(spoken));
      data.calls.set(callId, { ...row, call });
      tell(data, eventsOfChange(row.call, call));
    },
    async deleteCall(callId) {
      for (const [eventId, event] of data.events) if (event.subject_id === callId) data.events.delete(eventId);
      return data.calls.delete(callId);
    },
    getCall: async (callId) => data.calls.get(callId)?.call,
    listCalls,
    listCallsAsText: async (request) => callPageText(await listCalls(request)),
    async ongoingCalls(nodeId) {
      const calls = [...data.calls.values()].map(({ call }) => call);
      return calls.filter((call) => call.call_status === 'ongoing' && call.node_id === nodeId);
    },
  };
}

function without(call: CallRow, omit: CallListRequest['omit'] = []): CallRow {
  const kept = Object.entries(call).filter(([name]) => !omit.some((one) => one === name));
  return omit.length === 0 ? call : (Object.fromEntries(kept) as unknown as CallRow);
}

function placeOf({ call, sequence }: { readonly call: CallRow; readonly sequence: number }) {
  return [call.created_timestamp, sequence] as const;
}

/** Older SDKs go on from the last call they have seen. */
function withPlace(data: MemoryData, request: CallListRequest): CallListRequest {
  const { pagination_key: key } = request;
  if (key === undefined || !key.startsWith('call_')) return request;
  const row = data.calls.get(key);
  if (row === undefined) throw new BadPaginationKey('pagination_key is not the id of a call');
  return { ...request, pagination_key: placeOf(row).join('.') };
}

/** A claim ends with its inbound. */
function liveHolder(data: MemoryData, holder: string | null): string | null {
  return holder !== null && data.inbounds.get(holder)?.settlement ? null : holder;
}

/** The slot commands over shared data. */
export function createMemorySlots(data: MemoryData): SlotCommands {
  return {
    async takeSlot({ inbound_id, node_id, limit, endpoint }) {
      if (data.slots.has(inbound_id)) return 'taken';
      if (data.slots.size >= limit) return 'full';
      const ringing = [...data.slots.values()].filter((slot) => slot.endpoint === endpoint && !slot.connected);
      if (endpoint !== undefined && ringing.length >= endpointShare(limit)) return 'full';
      data.slots.set(inbound_id, { node_id, connected: false, ...(endpoint !== undefined && { endpoint }) });
      return 'taken';
    },
    async connectSlot(inboundId) {
      const slot = data.slots.get(inboundId);
      if (slot) data.slots.set(inboundId, { ...slot, connected: true });
    },
    async releaseSlot(inboundId) {
      data.slots.delete(inboundId);
    },
    async releaseSlotsOf(nodeId) {
      for (const [inboundId, slot] of data.slots) if (slot.node_id === nodeId) data.slots.delete(inboundId);
    },
  };
}
