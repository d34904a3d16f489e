/** Inbounds from their cells. */
import type { InboundObject } from '@pickup/contract';
import { describeInbound, type InboundParts } from '../describe-inbound.ts';
import type { OpenInbound } from '../port.ts';
import { fromJsonCell } from './cells.ts';

/** The columns that `toInbound` reads, `seq` first. */
export const INBOUND_COLUMNS = `seq, inbound_id, channel, edge, from_number, to_number, arrival_timestamp, session_id,
  settings, outcome, outcome_timestamp, agent_id, agent_version, attempts, request, reply, issues, steps, sip_messages`;

type Plain = 'inbound_id' | 'channel' | 'edge' | 'from_number' | 'to_number' | 'arrival_timestamp' | 'session_id';

export interface InboundCells extends Pick<InboundParts, Plain | 'outcome'> {
  readonly seq: number;
  readonly settings: string;
  readonly outcome_timestamp: number | null;
  readonly agent_id: string | null;
  readonly agent_version: number | null;
  readonly attempts: string | null;
  readonly request: string | null;
  readonly reply: string | null;
  readonly issues: string | null;
  readonly steps: string | null;
  readonly sip_messages: string | null;
}

/** The inbound object of a row. */
export function toInbound(cells: InboundCells): InboundObject {
  const { seq: _, settings, outcome_timestamp, agent_id, agent_version, sip_messages, ...rest } = cells;
  const { attempts, request, reply, issues, steps, ...plain } = rest;
  return describeInbound({
    ...plain,
    settings: JSON.parse(settings) as NonNullable<InboundObject['settings']>,
    ...(outcome_timestamp !== null && { outcome_timestamp }),
    ...(agent_id !== null && { agent_id }),
    ...(agent_version !== null && { agent_version }),
    attempts: fromJsonCell<InboundObject['attempts']>(attempts) ?? [],
    ...(request !== null && { request: JSON.parse(request) as NonNullable<InboundObject['request']> }),
    ...(reply !== null && { reply: JSON.parse(reply) as NonNullable<InboundObject['reply']> }),
    issues: fromJsonCell<InboundObject['issues']>(issues) ?? [],
    steps: fromJsonCell<InboundObject['decision']>(steps) ?? [],
    ...(sip_messages !== null && { sip_messages: JSON.parse(sip_messages) as InboundParts['sip_messages'] & {} }),
  });
}

export interface OpenInboundCells extends Omit<OpenInbound, 'memo' | 'dialog'> {
  readonly memo: string | null;
  readonly dialog: string | null;
}

/** What recovery needs of a row. */
export function toOpenInbound({ memo, dialog, ...plain }: OpenInboundCells): OpenInbound {
  return {
    ...plain,
    ...(memo !== null && { memo: JSON.parse(memo) as NonNullable<OpenInbound['memo']> }),
    ...(dialog !== null && { dialog: JSON.parse(dialog) as NonNullable<OpenInbound['dialog']> }),
  };
}
