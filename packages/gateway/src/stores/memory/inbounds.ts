/** Inbounds in memory. */
import type { InboundObject, Json } from '@pickup/contract';
import { eventsOfSettlement } from '../call-events.ts';
import { describeInbound } from '../describe-inbound.ts';
import { matchFilters } from '../match-filters.ts';
import { addAttempt, mergeAttempts } from '../merge-attempts.ts';
import type { InboundCommands, OpenInbound } from '../port.ts';
import { copyOf, type MemoryData, type MemoryInbound } from './data.ts';
import { tell } from './events.ts';
import { listPage } from './list-page.ts';

/** The inbound commands over shared data; each runs to its end before another begins. */
export function createMemoryInbounds(data: MemoryData): InboundCommands {
  return {
    async openInbound(given) {
      const arrival = copyOf(given);
      const open = data.inbounds.get(arrival.inbound_id) ?? openByDedupeKey(data, arrival.dedupe_key);
      if (open) return { opened: false, inbound_id: open.arrival.inbound_id };
      data.inbounds.set(arrival.inbound_id, { sequence: data.nextSequence(), arrival, attempts: [] });
      return { opened: true, inbound_id: arrival.inbound_id };
    },
    async recordAttempt(inboundId, attempt) {
      const inbound = existing(data, inboundId);
      const attempts = addAttempt(inbound.attempts, copyOf(attempt));
      if (attempts === undefined) return 'duplicate';
      data.inbounds.set(inboundId, { ...inbound, attempts });
      return 'recorded';
    },
    async recordDecision(given) {
      const { attempts, ...decision } = copyOf(given);
      const inbound = existing(data, decision.inbound_id);
      if (inbound.settlement) return;
      const merged = mergeAttempts(inbound.attempts, attempts);
      data.inbounds.set(decision.inbound_id, { ...inbound, decision, attempts: merged });
    },
    async settleInbound(given) {
      const settlement = copyOf(given);
      const inbound = data.inbounds.get(settlement.inbound_id);
      if (inbound === undefined) return { won: false, outcome: null };
      if (inbound.settlement) return { won: false, outcome: inbound.settlement.outcome };
      const attempts = settlement.attempts ? mergeAttempts([], settlement.attempts) : inbound.attempts;
      const ended = data.nextSequence();
      data.inbounds.set(settlement.inbound_id, { ...inbound, settlement, ended, attempts });
      if (settlement.call) {
        const { call } = settlement;
        const sequence = data.calls.get(call.call_id)?.sequence ?? data.nextSequence();
        data.calls.set(call.call_id, { sequence, call, holder: null });
        tell(data, eventsOfSettlement(call, settlement.outcome));
      }
      return { won: true };
    },
    async lapsedInbounds(nodeId, now) {
      return [...data.inbounds.values()]
        .filter(({ arrival, settlement }) => !settlement && (arrival.node_id === nodeId || arrival.lease_until < now))
        .map(toOpenInbound);
    },
    async getInbound(inboundId) {
      const inbound = data.inbounds.get(inboundId);
      return inbound && toObject(inbound);
    },
    async listInbounds(request) {
      const rows = [...data.inbounds.values()]
        .map((inbound) => ({ key: [inbound.sequence, 0] as const, value: toObject(inbound) }))
        .filter((row) => matchFilters(row.value, request.filters));
      return listPage(rows, request);
    },
    async inboundsEndedAfter({ after, limit, filters }) {
      const later = [...data.inbounds.values()]
        .filter((inbound) => (inbound.ended ?? 0) > after)
        .sort((left, right) => left.ended! - right.ended!)
        .slice(0, limit)
        .map((inbound) => ({ ended: inbound.ended!, inbound: toObject(inbound) }));
      const items = later.filter(({ inbound }) => matchFilters(inbound, filters));
      return { items, up_to: later.at(-1)?.ended ?? after };
    },
    async lastEndedInbound() {
      return Math.max(0, ...[...data.inbounds.values()].map(({ ended = 0 }) => ended));
    },
  };
}

function openByDedupeKey(data: MemoryData, key: string | undefined): MemoryInbound | undefined {
  if (key === undefined) return undefined;
  for (const inbound of data.inbounds.values()) {
    if (inbound.arrival.dedupe_key === key && !inbound.settlement) return inbound;
  }
  return undefined;
}

function existing(data: MemoryData, inboundId: string): MemoryInbound {
  const inbound = data.inbounds.get(inboundId);
  if (inbound === undefined) throw new Error(`There is no inbound ${inboundId}.`);
  return inbound;
}

function toOpenInbound({ arrival, decision }: MemoryInbound): OpenInbound {
  const { inbound_id, channel, edge, arrival_timestamp, lease_until, memo } = arrival;
  return {
    ...{ inbound_id, channel, edge, arrival_timestamp, lease_until },
    ...(memo && { memo }),
    ...(decision?.dialog && { dialog: decision.dialog }),
  };
}

function toObject({ arrival, decision, attempts, settlement }: MemoryInbound): InboundObject {
  const { inbound_id, channel, edge, from_number, to_number, arrival_timestamp, session_id, settings } = arrival;
  const issues = settlement?.issues ?? decision?.issues;
  const steps = settlement?.steps ?? decision?.steps;
  const request = settlement?.request ?? decision?.request;
  return describeInbound({
    ...{ inbound_id, channel, edge, from_number, to_number, arrival_timestamp, session_id, settings, attempts },
    outcome: settlement?.outcome ?? null,
    ...(settlement && { outcome_timestamp: settlement.outcome_timestamp }),
    ...(decision?.agent_id !== undefined && { agent_id: decision.agent_id }),
    ...(decision?.agent_version !== undefined && { agent_version: decision.agent_version }),
    ...(request !== undefined && { request: JSON.parse(request) as Json }),
    ...(decision?.reply !== undefined && { reply: decision.reply }),
    ...(issues && { issues }),
    ...(steps && { steps }),
    ...(settlement?.sip_messages && { sip_messages: settlement.sip_messages }),
  });
}
