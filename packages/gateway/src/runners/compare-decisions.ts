/** What two decisions about one inbound have different, in sentences. */
import type { InboundObject, Issue, Json, JsonObject } from '@pickup/contract';

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
  return then === now ? [] : [`${what} was ${shown(then)}, is ${shown(now)}`];
}

function replyChanges(then: Json | undefined, now: Json | undefined): readonly string[] {
  const fields = [...fieldChanges('', then, now)];
  const more = fields.length - MOST_FIELDS;
  return [...fields.slice(0, MOST_FIELDS), ...(more > 0 ? [`reply: ${more} more fields differ`] : [])];
}

function* fieldChanges(pointer: string, then: Json | undefined, now: Json | undefined): Generator<string> {
  if (isObject(then) && isObject(now)) {
    for (const name of new Set([...Object.keys(then), ...Object.keys(now)])) {
      const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
      yield* fieldChanges(`${pointer}/${token}`, own(then, name), own(now, name));
    }
  } else if (JSON.stringify(then) !== JSON.stringify(now)) {
    yield* changed(`reply${pointer === '' ? '' : ` ${pointer}`}`, then, now);
  }
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

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}

function shown(value: Json | undefined): string {
  const text = value === undefined ? 'absent' : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1).toWellFormed()}…` : text;
}
