/** What the endpoint is asked, as on the wire (inbound.md B1, B4). */

/** What a call and a text have in common. */
export interface InboundParty {
  /** E.164, or `anonymous`. */
  readonly from_number: string;
  readonly to_number: string;
  /** The number's own agent, where it has one for the channel. */
  readonly agent_id?: string;
  /** Where the number names a version. */
  readonly agent_version?: number;
}

/** A call that rings. */
export interface InboundCall extends InboundParty {
  /** The id the call will have; with `inbound_webhook_profile: "current"` only. */
  readonly call_id?: string;
  /** With `inbound_webhook_profile: "current"` only. */
  readonly custom_sip_headers?: Readonly<Record<string, string>>;
}

/** The first text of a chat. */
export interface InboundText extends InboundParty {
  /** The id the chat will have; with `inbound_webhook_profile: "current"` only. */
  readonly chat_id?: string;
}

/** What is known of the request beside what it asks. */
export interface InboundContext {
  readonly event: 'call_inbound' | 'chat_inbound';
  /** `webhook-id`: the same on every attempt. Absent where the sender does not say. */
  readonly inboundId?: string;
  /** From 1. */
  readonly attempt: number;
  /** Epoch ms, by this machine's clock, at which the attempt ends and nobody waits for the reply any more. */
  readonly deadlineAt: number;
  /** Aborted at the deadline: pass it to fetch() and database calls. */
  readonly signal: AbortSignal;
  /** The inbound this request repeats, where a person replays it: nobody is calling. */
  readonly replayOf?: string;
}

/** A request's body, read. */
export type InboundEvent = {
  readonly replayOf?: string;
  /** The body without `event_timestamp`, which is new on every attempt (B4): the same for all of one inbound. */
  readonly question: string;
} & (
  | { readonly event: 'call_inbound'; readonly party: InboundCall }
  | { readonly event: 'chat_inbound'; readonly party: InboundText }
);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a verified body; a text says what is wrong with it. */
export function readEvent(body: string): InboundEvent | string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return 'The body is not JSON.';
  }
  if (!isObject(value)) return 'The body is not a JSON object.';
  const { event, replay } = value;
  if (event !== 'call_inbound' && event !== 'chat_inbound')
    return `This endpoint answers call_inbound and chat_inbound, not ${JSON.stringify(event) ?? 'an event without a name'}.`;
  const party = value[event];
  if (!isObject(party) || typeof party['from_number'] !== 'string' || typeof party['to_number'] !== 'string')
    return `${event} has no from_number and to_number.`;
  const replayOf = isObject(replay) && typeof replay['inbound_id'] === 'string' ? replay['inbound_id'] : undefined;
  const question = JSON.stringify({ ...value, event_timestamp: undefined });
  return { event, party: party as unknown as InboundCall, question, ...(replayOf !== undefined && { replayOf }) };
}
