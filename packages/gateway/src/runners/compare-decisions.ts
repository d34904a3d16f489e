/** What two decisions about one inbound have different, in sentences. */
import { type InboundObject, type Issue, type Json, jsonDifferences, shortJson } from '@pickup/contract';

/** The part of a record that says what was decided. */
export type Decided = Pick<InboundObject, 'outcome' | 'agent_id' | 'agent_version' | 'decision' | 'issues' | 'reply'>;

/** Fields of two replies that are told one by one, at most. */
const MOST_FIELDS = 20;
/** Of a value, UTF-16 units. */
const LONGEST_VALUE = 80;

/** In the order of weight: outcome, agent, reply, issues. Empty where the same was decided. Steps are not compared: they tell of times. */
export function compareDecisions(then: Decided, now: Decided): readonly string[] {
  return [
    ...changed('outcome', then.outcome, now.outcome),
    ...changed('agent_id', then.agent_id, now.agent_id),
    ...changed('agent_version', then.agent_version, now.agent_version),
    ...replyChanges(then.reply, now.reply),
    ...issueChanges(then.issues, now.issues),
  ];
}

function changed(what: string, then: Json | undefined, now: Json | undefined): readonly string[] {
  return then === now ? [] : [difference(what, then, now)];
}

function difference(what: string, then: Json | undefined, now: Json | undefined): string {
  return `${what} was ${shortJson(then, LONGEST_VALUE)}, is ${shortJson(now, LONGEST_VALUE)}`;
}

function replyChanges(then: Json | undefined, now: Json | undefined): readonly string[] {
  const fields = [...jsonDifferences(then, now)].map(({ pointer, first, second }) =>
    difference(`reply${pointer === '' ? '' : ` ${pointer}`}`, first, second),
  );
  const more = fields.length - MOST_FIELDS;
  return [...fields.slice(0, MOST_FIELDS), ...(more > 0 ? [`reply: ${more} more fields differ`] : [])];
}

function issueChanges(then: readonly Issue[], now: readonly Issue[]): readonly string[] {
  const known = (list: readonly Issue[]) => new Set(list.map(wording));
  const [before, after] = [known(then), known(now)];
  return [
    ...then.filter((issue) => !after.has(wording(issue))).map((issue) => `gone: ${told(issue)}`),
    ...now.filter((issue) => !before.has(wording(issue))).map((issue) => `new: ${told(issue)}`),
  ];
}

function wording({ code, pointer, message }: Issue): string {
  return `${code} ${pointer} ${message}`;
}

function told({ severity, pointer, message }: Issue): string {
  return `${severity} ${pointer === '' ? '' : `${pointer} `}${message}`;
}
