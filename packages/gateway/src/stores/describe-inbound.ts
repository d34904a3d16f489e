/** The inbound object as `get-inbound` shows it, from the parts a store keeps (H1). */
import type { InboundObject } from '@pickup/contract';

/** Every part of an inbound that is shown; a part not reached yet is absent. */
export interface InboundParts
  extends Omit<InboundObject, 'attempts' | 'issues' | 'decision' | 'sip' | 'call_id' | 'chat_id'> {
  readonly session_id: string;
  readonly attempts?: InboundObject['attempts'];
  readonly issues?: InboundObject['issues'];
  readonly steps?: InboundObject['decision'];
  readonly sip_messages?: NonNullable<InboundObject['sip']>['messages'];
}

/** The session's id is shown as `call_id` or `chat_id`, whether or not a session came of it. */
export function describeInbound(parts: InboundParts): InboundObject {
  const { session_id, steps, sip_messages, attempts, issues, ...shown } = parts;
  return {
    ...shown,
    ...(parts.channel === 'call' ? { call_id: session_id } : { chat_id: session_id }),
    attempts: attempts ?? [],
    issues: issues ?? [],
    decision: steps ?? [],
    ...(sip_messages && { sip: { messages: sip_messages } }),
  };
}
