/** Two answers to one request: a retry has the same webhook-id, so it must get the same reply (B3). */
import { type Issue, type Json, jsonDifferences, nestsDeeperThan, REPLY_MAX_DEPTH, shortJson } from '@pickup/contract';
import type { AttemptResult } from '../inbound/event.ts';

/** How the second answer differs, with the first place; undefined where it does not, or where the first is none. */
export function compareAnswers(first: AttemptResult, second: AttemptResult): Issue | undefined {
  if (!first.received) return undefined;
  if (!second.received) return differs('', `the second time no answer came (${second.error})`);
  if (first.status !== second.status) return differs('', `${first.status} the first time, ${second.status} the second`);
  const [difference] = jsonDifferences(jsonOrText(first.body), jsonOrText(second.body));
  if (difference === undefined) return undefined;
  const { pointer, first: was, second: became } = difference;
  return differs(pointer, `${pointer || 'the body'} was ${shortJson(was)}, then ${shortJson(became)}`);
}

function differs(pointer: string, how: string): Issue {
  return {
    severity: 'warning',
    effect: 'ignored',
    code: 'answers_differ',
    rule: 'B3',
    pointer,
    message: `The same request (the same webhook-id) was answered differently the second time: ${how}. The first answer counts.`,
  };
}

/** The JSON, else the text itself; JSON that no reply may be (D1) is text too. */
function jsonOrText(body: Uint8Array): Json {
  const text = new TextDecoder().decode(body);
  if (nestsDeeperThan(text, REPLY_MAX_DEPTH)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
