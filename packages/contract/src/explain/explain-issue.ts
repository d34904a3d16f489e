/** Which of a record's issues matters most, and what to do about it: by code and effect, never by its message. */
import type { Issue, Json } from '../inbound.ts';
import { shortJson } from '../settings/short-json.ts';
import type { ExplainedInbound, Mistake } from './explanation.ts';

/** Of those that connect all the same: first what changes who answers or what is said, last what merely has no effect. */
const WORST_FIRST = [
  ...['misplaced_field', 'other_group', 'reject_not_boolean', 'wrong_engine_group', 'unknown_field'],
  ...['answers_differ', 'unset_variable', 'unknown_agent', 'unknown_version'],
];
const EFFECTS: readonly Issue['effect'][] = ['refuses', 'falls_back', 'degraded', 'ignored', 'not_applied'];

function rank({ effect, code, severity, pointer }: Issue): number {
  if (severity === 'error') return EFFECTS.indexOf(effect);
  const known = WORST_FIRST.indexOf(code);
  if (known >= 0) return 10 + known;
  // Without a pointer it is about the saved agent or the gateway, not about what the endpoint did.
  return (pointer === '' ? 50 : 30) + EFFECTS.indexOf(effect);
}

/** The issue a person should hear of first; the earliest of equals. */
export function worstIssue(issues: readonly Issue[]): Issue | undefined {
  let worst: Issue | undefined;
  for (const issue of issues) if (worst === undefined || rank(issue) < rank(worst)) worst = issue;
  return worst;
}

/** The issue as a clause with its remedy. */
export function explainIssue(issue: Issue, inbound: ExplainedInbound): Mistake {
  const fix = (FIXES[issue.code] ?? fallback)(issue, inbound);
  const quoted = issue.sent === undefined || !QUOTED.has(issue.code) ? '' : ` (sent: ${shortJson(issue.sent)})`;
  const clause = clauseOf(issue, inbound);
  return { what: `${clause}${quoted}`, ...(fix !== undefined && { fix }) };
}

/** The message in the middle of a sentence: without its full stop, and without the hint at its end that the fix repeats. */
function clauseOf({ message, nearest }: Issue, inbound: ExplainedInbound): string {
  const hints = [` Did you mean ${nearest}?`, ` It belongs inside ${groupOf(inbound)}.`];
  const hint = hints.find((one) => message.endsWith(one));
  const told = hint === undefined ? message : message.slice(0, -hint.length);
  return told.replace(/\.$/, '').replace(/^(?:The|There|Agent) /, (word) => word.toLowerCase());
}

/** Codes whose message does not show the value. */
const QUOTED = new Set(['out_of_range', 'not_allowed_value', 'bad_format', 'not_an_integer', 'wrong_type']);
type Fix = (issue: Issue, inbound: ExplainedInbound) => string | undefined;

const groupOf = ({ channel }: ExplainedInbound) => (channel === 'call' ? 'call_inbound' : 'chat_inbound');
const tokensOf = ({ pointer }: Issue) =>
  pointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
const LONGEST_NAME = 100;
/** Names are the endpoint's own: one may be as long as the reply. */
const nameOf = (issue: Issue) => shortened(tokensOf(issue).at(-1) ?? 'the reply');
const shortened = (name: string) =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1).toWellFormed()}…` : name;
const orNearest = ({ nearest }: Issue) => (nearest === undefined ? '' : `, such as ${nearest}`);

const RANGES: readonly (readonly [string, string])[] = [
  ['minimum', 'at least'],
  ['exclusive_minimum', 'above'],
  ['maximum', 'at most'],
  ['max_length', 'no longer than'],
  ['min_length', 'no shorter than'],
];

/** `{minimum: 0, maximum: 2}` → `at least 0 and at most 2`; a list → `a, b or c`. */
function allowedWords(allowed: Json | undefined): string | undefined {
  if (Array.isArray(allowed)) {
    if (allowed.length === 0 || allowed.length > 12) return undefined;
    const words = allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    return words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  }
  if (typeof allowed !== 'object' || allowed === null) return undefined;
  const bounds = allowed as { readonly [name: string]: Json };
  const words = RANGES.flatMap(([name, text]) =>
    bounds[name] === undefined ? [] : [`${text} ${String(bounds[name])}`],
  );
  return words.length === 0 ? undefined : words.join(' and ');
}

const fallback: Fix = (issue) => {
  if (issue.severity !== 'error' || issue.pointer === '') return undefined;
  const words = allowedWords(issue.allowed);
  if (issue.nearest !== undefined) return `Send ${issue.nearest} instead.`;
  return words === undefined ? `Correct ${nameOf(issue)} in the reply.` : `Send ${nameOf(issue)} as ${words}.`;
};

const ranged: Fix = (issue, inbound) => {
  const words = allowedWords(issue.allowed);
  return words === undefined ? fallback(issue, inbound) : `Send ${nameOf(issue)} as ${words}.`;
};

/** The number or boolean inside a string, where the rule wants one: `"1.2"`, `"true"`. */
function withoutQuotes(sent: string, allowed: Json | undefined): string | undefined {
  const text = sent.trim();
  if (Array.isArray(allowed))
    return allowed.some((one) => one === (text === 'true') && /^(true|false)$/.test(text)) ? text : undefined;
  return /^-?\d+(\.\d+)?$/.test(text) ? `the number ${text}` : undefined;
}

const wrongType: Fix = (issue, inbound) => {
  const [, part, name] = tokensOf(issue);
  if (part === 'dynamic_variables' && name !== undefined) {
    return `Send each value inside ${shortened(name)} as a variable of its own, with a string; a whole object can go into metadata.`;
  }
  if (part === 'metadata') return 'Send metadata as an object, such as {"note": "…"}, not as JSON inside a string.';
  if (tokensOf(issue).length === 0) return `Answer an object: {"${groupOf(inbound)}": {…}}.`;
  const { sent } = issue;
  const meant = typeof sent === 'string' ? withoutQuotes(sent, issue.allowed) : undefined;
  return meant === undefined ? fallback(issue, inbound) : `Send ${meant} without quotes.`;
};

const FIXES: Readonly<Record<string, Fix>> = {
  wrong_type: wrongType,
  out_of_range: ranged,
  not_allowed_value: (issue, inbound) =>
    issue.nearest === undefined ? ranged(issue, inbound) : `Send ${issue.nearest} instead.`,
  not_json: () => 'Answer one JSON object and nothing else, written by a JSON library (JSON.stringify, json.dumps).',
  html_reply: (_, { settings }) =>
    `Look at the webhook's URL in a browser: it leads to a page, not to your handler${typeof settings?.['webhook_url'] === 'string' ? `; now it is ${settings['webhook_url']}` : ''}.`,
  not_utf8: () => "Write it as UTF-8 without BOM: encoding='utf-8' in Python, new UTF8Encoding(false) in .NET.",
  reply_too_large: () => 'Send less: large texts belong into the saved agent or a knowledge base.',
  too_large: (issue) => `Send less in ${nameOf(issue)}; keep an id there and look the rest up later.`,
  too_deep: () => 'Flatten the reply.',
  misplaced_field: (issue, inbound) => `Move it inside: {"${groupOf(inbound)}": {"${nameOf(issue)}": …}}.`,
  other_group: (_, inbound) =>
    `Group the reply to a ${inbound.channel === 'call' ? 'call' : 'text'} under ${groupOf(inbound)}; the request's event says which it is.`,
  reject_not_boolean: () => 'Send reject: true, the boolean without quotes, to turn callers away.',
  wrong_engine_group: () =>
    'Put them into the group of the engine that answers, or leave the group out: agent_override.agent holds what every engine has.',
  unknown_field: ({ nearest }) =>
    nearest === undefined ? 'Remove it, or look up its name in docs/webhook.md.' : `Rename it to ${nearest}.`,
  unknown_agent: (issue, inbound) =>
    issue.pointer === ''
      ? `Give ${inbound.to_number ?? 'the number'} an agent that exists.`
      : `Send the id of an agent that exists here${orNearest(issue)}; GET /list-agents lists them.`,
  unknown_version: (issue) => {
    const number = typeof issue.sent === 'string' ? /^v(\d+)$/i.exec(issue.sent)?.[1] : undefined;
    const plain = number === undefined ? 'a number of a version that exists' : `the number ${number}`;
    return `Send ${plain}, a tag of the agent, latest or latest_published; or leave override_agent_version out.`;
  },
  wrong_channel: () => 'Name a voice agent for a call and a chat agent for a text.',
  unknown_engine: () => 'Name an engine that exists here, or leave response_engine out.',
  unknown_knowledge_base: (issue) =>
    `Send the id of a knowledge base that exists here${orNearest(issue)}; GET /list-knowledge-bases lists them.`,
  unknown_voice: (issue) => `Send a voice_id that GET /list-voices lists${orNearest(issue)}.`,
  unknown_voice_model: (issue) => `Send a voice_model of the voice's provider${orNearest(issue)}.`,
  unknown_model: (issue) => `Send a model that the catalogue lists${orNearest(issue)}.`,
  unset_variable: () =>
    'Set it in dynamic_variables of the reply, or give it a default in default_dynamic_variables of the engine.',
  version_as_string: ({ sent }) => `Send the number ${String(Number(sent))} without quotes.`,
  variable_not_string: (issue) => `Send ${nameOf(issue)} as a string, in quotes.`,
  shadows_system_variable: () => 'Choose another name for the variable.',
  not_overridable: () => 'Leave it out of the reply, and change the saved agent instead.',
  forbidden_key: () => 'Leave it out.',
  answers_differ: () =>
    'Keep each reply for some minutes by its webhook-id, and answer a repeated request with it; @pickup/receiver does so.',
  unsafe_url: () => 'Send a public https URL.',
};
