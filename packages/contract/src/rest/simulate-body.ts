/** Bodies of the routes that try things out: simulate-inbound-call, simulate-inbound-sms, check-webhook-reply. */
import type { Channel, Issue, Json } from '../inbound.ts';
import type { AgentVersionReference } from '../phone-number.ts';
import { choice, field, nonEmptyText, required, stringMap, text } from '../settings/field.ts';
import { fault, isObject } from '../settings/issue.ts';
import { anything, type BodyResult, bodyResult, readBody, table, versionReference } from './body.ts';
import { type SimulatedFault, simulatedFault } from './simulated-fault.ts';

/** A call or text that did not come from a carrier. */
export interface SimulateBody {
  readonly from_number: string;
  readonly to_number: string;
  /** SIP headers of the imagined INVITE. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The text's words; '' on a call. */
  readonly text: string;
  /** What is to go wrong. */
  readonly fault?: SimulatedFault;
}

/** The members of a simulation. */
export const SIMULATE_FIELDS = table({
  from_number: required(field(nonEmptyText())),
  to_number: required(field(nonEmptyText())),
  headers: field(stringMap()),
  text: field(text(10_000)),
  fault: field(simulatedFault),
});

/** Reads a simulation's body. */
export function parseSimulate(value: unknown): BodyResult<SimulateBody> {
  const read = readBody(value, SIMULATE_FIELDS);
  return bodyResult({ text: '', ...read.value } as unknown as SimulateBody, read.issues);
}

/** A reply to judge, and the target to judge it against where one is named. */
export interface CheckReplyBody {
  readonly channel: Channel;
  readonly reply: Json;
  readonly to_number?: string;
  readonly agent_id?: string;
  readonly agent_version?: AgentVersionReference;
}

/** The members of a reply to check. */
export const CHECK_REPLY_FIELDS = table({
  channel: field(choice(['call', 'sms'])),
  reply: field(anything()),
  to_number: field(nonEmptyText()),
  agent_id: field(nonEmptyText()),
  agent_version: field(versionReference),
});

/** Reads `POST /check-webhook-reply`. `channel` defaults to `call`; `reply` may be anything, also null. */
export function parseCheckReply(value: unknown): BodyResult<CheckReplyBody> {
  const read = readBody(value, CHECK_REPLY_FIELDS);
  const issues: Issue[] = [...read.issues];
  const reply = isObject(value) ? value['reply'] : undefined;
  if (isObject(value) && reply === undefined) {
    issues.push(
      fault({ code: 'required', pointer: '', message: 'reply is required: the JSON the endpoint answers with.' }),
    );
  }
  return bodyResult({ channel: 'call', ...read.value, reply } as CheckReplyBody, issues);
}
