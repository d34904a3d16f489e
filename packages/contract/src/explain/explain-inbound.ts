/**
 * What became of an inbound, in a sentence, and what to do: the first line that a person sees of a call or text.
 * Derived from the record's codes; no message is ever searched for words.
 */
import type { AttemptRecord, Outcome } from '../inbound.ts';
import { explainAttempt } from './explain-attempt.ts';
import { explainIssue, worstIssue } from './explain-issue.ts';
import type { ExplainedInbound, Explanation, Mistake } from './explanation.ts';

/** Pure, and never throws on a record of any age. */
export function explainInbound(recorded: ExplainedInbound): Explanation {
  // A late reply decided nothing (E8), wherever it stands among the attempts.
  const inbound = { ...recorded, attempts: recorded.attempts.filter(({ verdict }) => verdict !== 'late') };
  const { outcome } = inbound;
  if (outcome === null) return waiting(inbound);
  if (outcome === 'connected') return connected(inbound);
  const refused = refusedBecause(inbound, outcome);
  const joint = outcome === 'caller_abandoned' ? ' ' : ': ';
  return {
    headline: `${endingOf(inbound, outcome)}${joint}${refused.what}.`,
    ...(refused.fix && { fix: refused.fix }),
  };
}

/** What a caller got, or a text, in the words of its channel. */
function endingOf({ channel }: ExplainedInbound, outcome: Outcome): string {
  const isCall = channel === 'call';
  if (outcome === 'caller_abandoned') return 'The caller hung up';
  if (outcome === 'interrupted') return isCall ? 'Broken off' : 'Interrupted';
  if (outcome === 'opted_out') return 'Not answered';
  return isCall ? 'Refused' : 'Not answered';
}

function waiting({ channel, attempts }: ExplainedInbound): Explanation {
  const tried = attempts.length === 0 ? '' : ` after ${count(attempts.length, 'attempt')} of the webhook`;
  return { headline: channel === 'call' ? `Still ringing${tried}.` : `Not decided yet${tried}.` };
}

/** Connected as the reply asks, as far as it can be, or in spite of the webhook. */
function connected(inbound: ExplainedInbound): Explanation {
  const { agent_id, agent_version, attempts, channel } = inbound;
  const version = agent_version === undefined ? '' : ` version ${agent_version}`;
  const who = `${agent_id ?? 'an agent'}${version}`;
  const got = channel === 'call' ? 'Connected to' : 'Answered by';
  const last = attempts.at(-1);
  if (last && last.verdict !== 'accepted') {
    const { what, fix } = webhookMistake(inbound);
    return {
      headline: `${got} ${who}, the number's own agent, because the webhook failed: ${what}.`,
      ...(fix && { fix }),
    };
  }
  const worst = worstIssue(inbound.issues);
  if (worst) {
    const { what, fix } = explainIssue(worst, inbound);
    const more = inbound.issues.length - 1;
    const others = more === 0 ? '' : ` (and ${count(more, 'more issue')})`;
    return { headline: `${got} ${who}, but ${what}${others}.`, ...(fix && { fix }) };
  }
  return { headline: `${got} ${who}${manner(inbound, last)}.`, ...tip(inbound, last) };
}

/** How it came to that, where nothing is wrong. */
function manner({ attempts, settings }: ExplainedInbound, last: AttemptRecord | undefined): string {
  if (last === undefined) {
    return settings?.['webhook_url'] === undefined
      ? ', without asking a webhook'
      : ", the number's own agent: the ring budget was used up before the webhook could be asked (C4)";
  }
  if (isEmpty(last)) {
    const body = last.status === 204 ? '204, which has no body' : `${last.status} with an empty body`;
    return `, the number's own agent: the webhook answered ${body}, so it overrides nothing (D2)`;
  }
  const failed = attempts.slice(0, -1);
  if (failed.length === 0) return ', as the webhook replied';
  const simulated = failed.every((attempt) => attempt.simulated) ? ' (simulated)' : '';
  return `, as the webhook replied after ${count(failed.length, 'failed attempt')}${simulated}`;
}

const isEmpty = ({ status, bytes }: AttemptRecord) => status === 204 || bytes === 0;

/** Nothing is wrong, yet it may not be what was meant. */
function tip(inbound: ExplainedInbound, last: AttemptRecord | undefined): { readonly fix?: string } {
  if (last === undefined) return {};
  if (isEmpty(last)) {
    const group = inbound.channel === 'call' ? 'call_inbound' : 'chat_inbound';
    return { fix: `To choose an agent or set variables, answer 200 with {"${group}": {…}}.` };
  }
  const failed = inbound.attempts.find(({ verdict, simulated }) => verdict !== 'accepted' && !simulated);
  if (failed === undefined) return {};
  const { what, fix } = explainAttempt(inbound, failed);
  return { fix: `Before that, ${what}.${fix === undefined ? '' : ` ${fix}`}` };
}

/** The webhook brought no usable reply: its bad reply, else the failure of its last attempt. */
function webhookMistake(inbound: ExplainedInbound): Mistake {
  const { attempts, issues } = inbound;
  const last = attempts.at(-1);
  if (last === undefined) return { what: 'the ring budget was used up before it could be asked (C4)' };
  if (last.verdict === 'bad_reply') {
    const worst = worstIssue(issues.filter(({ effect }) => effect === 'falls_back')) ?? worstIssue(issues);
    if (worst) return asSimulated(explainIssue(worst, inbound), last);
    return { what: `its reply of ${last.bytes ?? 0} bytes cannot be used (D3)` };
  }
  const { what, ...more } = asSimulated(explainAttempt(inbound, last), last);
  const tries = attempts.length === 1 ? '' : ` (${attempts.length} attempts)`;
  return { what: `${what}${tries}`, ...more };
}

/** What was simulated is called so, and nobody is told to mend it. */
function asSimulated(mistake: Mistake, { simulated }: AttemptRecord): Mistake {
  return simulated ? { what: `${mistake.what} (simulated)` } : mistake;
}

function refusedBecause(inbound: ExplainedInbound, outcome: Exclude<Outcome, 'connected'>): Mistake {
  const number = inbound.to_number ?? 'the number';
  switch (outcome) {
    case 'webhook_failed': {
      const { what, fix } = webhookMistake(inbound);
      return { what: `${what}; and ${number} has no agent of its own to fall back on`, ...(fix && { fix }) };
    }
    case 'invalid_override':
    case 'unknown_agent':
      return badWish(inbound);
    case 'declined':
      return declined(inbound, number);
    case 'caller_abandoned':
      return abandoned(inbound);
    default:
      return TEXTS[outcome](number, inbound.channel === 'call');
  }
}

function badWish(inbound: ExplainedInbound): Mistake {
  const errors = inbound.issues.filter(({ severity }) => severity === 'error');
  const worst = worstIssue(errors);
  if (!worst) return { what: 'the reply asks for what cannot be' };
  const { what, fix } = explainIssue(worst, inbound);
  const others = errors.length === 1 ? '' : ` (and ${count(errors.length - 1, 'more fault')})`;
  return { what: `${what}${others}`, ...(fix && { fix }) };
}

function declined(inbound: ExplainedInbound, number: string): Mistake {
  const group = inbound.channel === 'call' ? 'call_inbound' : 'chat_inbound';
  const reply = inbound.reply as { readonly [name: string]: { readonly reject?: unknown } | undefined } | undefined;
  if (reply?.[group]?.reject === true) return { what: 'the webhook asked for it with reject: true' };
  const worst = worstIssue(inbound.issues);
  const none = `the reply names no agent and ${number} has none`;
  if (!worst) return { what: none, fix: `Answer with override_agent_id, or give ${number} an agent.` };
  const { what, fix } = explainIssue(worst, inbound);
  return { what: `${none}; ${what}`, ...(fix && { fix }) };
}

function abandoned(inbound: ExplainedInbound): Mistake {
  const failed = inbound.attempts.find(({ verdict }) => verdict === 'failed' || verdict === 'bad_reply');
  if (!failed) return { what: 'before anybody answered' };
  const { what, fix } = explainAttempt(inbound, failed);
  return { what: `while the webhook was asked again, because ${what}`, ...(fix && { fix }) };
}

type Told = (number: string, isCall: boolean) => Mistake;

const TEXTS: Readonly<
  Record<
    Exclude<
      Outcome,
      'connected' | 'webhook_failed' | 'invalid_override' | 'unknown_agent' | 'declined' | 'caller_abandoned'
    >,
    Told
  >
> = {
  no_agent: (number, isCall) => ({
    what: `${number} has neither a webhook nor an agent${isCall ? '' : ' for texts'}`,
    fix: `Set ${isCall ? 'inbound_webhook_url or inbound_agents' : 'inbound_sms_webhook_url or inbound_sms_agents'} of ${number}.`,
  }),
  blocked_caller: (number, isCall) => ({
    what: `blocked_callers or allowed_callers of ${number} keep this ${isCall ? 'caller' : 'sender'} out`,
  }),
  blocked_country: (number, isCall) => ({
    what: `the ${isCall ? 'caller' : 'sender'}'s country is not in allowed_inbound_country_list of ${number}`,
  }),
  concurrency_limit: (_, isCall) => ({
    what: `no slot came free ${isCall ? 'in time' : 'within an hour'}`,
    fix: 'Raise PICKUP_CONCURRENCY, or let the endpoint answer faster: ringing calls hold slots too.',
  }),
  media_rejected: () => ({
    what: "the caller's phone offers no codec that Pickup speaks",
    fix: 'Allow PCMU or PCMA on the trunk.',
  }),
  agent_failed: (_, isCall) =>
    isCall
      ? { what: "the agent could not start within 2 s, Pickup's own fault", fix: "Look in the gateway's log." }
      : {
          what: 'its agent could not say a word',
          fix: "Read the last step of the decision: it names what the agent lacks, such as its model's key.",
        },
  overloaded: (_, isCall) => ({
    what: `Pickup was stopping, ${isCall ? 'out of audio ports, ' : ''}or could not write to its store`,
    fix: "Look at GET /ready and in the gateway's log.",
  }),
  interrupted: () => ({
    what: 'Pickup was stopped at once, or a fault of its own ended it',
    fix: "Look in the gateway's log.",
  }),
  opted_out: () => ({ what: 'it is the word STOP, START or HELP, or its sender asked for no more texts (A8)' }),
  unknown_number: (number) => ({
    what: `nobody owns ${number} here`,
    fix: `Import ${number} first; pickup numbers list shows what there is.`,
  }),
};

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
