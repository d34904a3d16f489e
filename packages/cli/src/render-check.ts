/** What `pickup check` found, as text for a person: the verdict first, then each issue with its place and its rule. */
import {
  type Channel,
  explainIssue,
  type Issue,
  type Json,
  type JudgedReply,
  locateInJson,
  type Outcome,
  worstIssue,
} from '@pickup/contract';
import { placeOf } from './issue-place.ts';
import { printable, type Style } from './style.ts';

/** The answer of `POST /check-webhook-reply`, or of the linter alone; outcome and decision only with a target. */
export interface CheckedReply {
  readonly reply: JudgedReply;
  readonly issues: readonly Issue[];
  readonly outcome?: Outcome;
  readonly agent_id?: string;
  readonly agent_version?: number;
  readonly decision?: readonly string[];
}

/** What was checked. */
export interface CheckedText {
  /** As the first line calls it. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly channel: Channel;
}

/** Outcomes that a reply without a fault may lead to: a caller may be turned away on purpose. */
const MEANT: ReadonlySet<Outcome | undefined> = new Set([undefined, 'connected', 'declined']);

/** No errors, and nothing in the way of the session. */
export function isGood({ issues, outcome }: CheckedReply): boolean {
  return MEANT.has(outcome) && issues.every(({ severity }) => severity !== 'error');
}

/** The whole text, with a line break at its end. */
export function renderCheck(found: CheckedReply, checked: CheckedText, style: Style): string {
  const text = new TextDecoder().decode(checked.bytes);
  const order = [...found.issues].sort((a, b) => rank(a) - rank(b));
  const lines = [
    verdictLine(found, checked, style),
    ...order.flatMap((issue) => ['', ...issueLines(issue, { text, channel: checked.channel }, style)]),
    ...decisionLines(found.decision, style),
  ];
  return `${lines.join('\n')}\n`;
}

const rank = ({ severity }: Issue): number => (severity === 'error' ? 0 : 1);

function verdictLine(found: CheckedReply, { name, channel }: CheckedText, style: Style): string {
  const { word, why, fault } = verdictOf(found, channel);
  const paint = !isGood(found) ? style.bad : found.issues.length > 0 || word === 'declined' ? style.warn : style.good;
  const because = fault === undefined ? '' : `: ${fault}`;
  return `${paint(style.bold(word))}: ${printable(`${name} ${why}${because}`)}${countOf(found.issues)}`;
}

/** One word for the eye, and what would become of the caller. */
function verdictOf(
  { reply, issues, outcome, agent_id, agent_version, decision }: CheckedReply,
  channel: Channel,
): { readonly word: string; readonly why: string; readonly fault?: string | undefined } {
  const caller = channel === 'call' ? 'caller' : 'sender of the text';
  const agent = `${agent_id ?? 'its agent'}${agent_version === undefined ? '' : ` version ${agent_version}`}`;
  const worst = worstIssue(issues);
  const fault = worst?.severity === 'error' ? explained(worst, channel).what : undefined;
  if (reply.kind === 'bad') {
    const then =
      outcome === 'connected'
        ? `; ${agent} takes the ${channel === 'call' ? 'call' : 'chat'}, with nothing of the reply`
        : outcome && `; the ${caller} is turned away (${outcome})`;
    return { word: 'bad', why: `counts as a failed webhook${then ?? ''}`, fault };
  }
  if (outcome === 'connected') return { word: 'good', why: `connects the ${caller} to ${agent}` };
  if (outcome === 'declined') {
    const by = reply.kind === 'reject' ? 'as reject asks' : 'for it names no agent and the number has none';
    return { word: 'declined', why: `turns the ${caller} away, ${by}` };
  }
  if (outcome !== undefined) {
    const said = decision?.at(-1)?.split(' → ')[0];
    return { word: 'refused', why: `turns the ${caller} away (${outcome})`, fault: fault ?? said };
  }
  if (issues.some(({ severity }) => severity === 'error')) {
    return { word: 'refused', why: `turns the ${caller} away`, fault };
  }
  const kind = reply.kind === 'reject' ? ' and turns the caller away' : '';
  return { word: 'good', why: `is a well-formed reply to a ${channel === 'call' ? 'call' : 'text'}${kind}` };
}

function countOf(issues: readonly Issue[]): string {
  const errors = issues.filter(({ severity }) => severity === 'error').length;
  const warnings = issues.length - errors;
  const counts = [
    ...(errors > 0 ? [`${errors} error${errors === 1 ? '' : 's'}`] : []),
    ...(warnings > 0 ? [`${warnings} warning${warnings === 1 ? '' : 's'}`] : []),
  ];
  return counts.length === 0 ? '' : ` (${counts.join(', ')})`;
}

const EFFECTS: Readonly<Record<Issue['effect'], string>> = {
  refuses: 'nobody is connected',
  falls_back: 'the reply counts as a failed webhook',
  degraded: 'the session goes on with something else',
  not_applied: 'it has no effect',
  ignored: 'nobody is turned away for it',
};

const INDENT = ' '.repeat(9);

/** What is wrong as a clause, and what to do. */
function explained(issue: Issue, channel: Channel) {
  return explainIssue(issue, { channel, outcome: null, attempts: [], issues: [issue], decision: [] });
}

function issueLines(
  issue: Issue,
  { text, channel }: { readonly text: string; readonly channel: Channel },
  style: Style,
): readonly string[] {
  const { severity, pointer, message, sent, allowed } = issue;
  const place = pointer === '' ? undefined : locateInJson(text, pointer);
  const where = [
    ...(pointer === '' ? [] : [printable(placeOf(issue).trimEnd())]),
    ...(place === undefined ? [] : [style.dim(`line ${place.line}, column ${place.column}`)]),
  ];
  const paint = severity === 'error' ? style.bad : style.warn;
  const head = where.length === 0 ? [printable(message)] : [where.join('  ')];
  const detail = (name: string, value: string) => `${INDENT}${style.dim(name.padEnd(8))} ${printable(value)}`;
  const { fix } = explained(issue, channel);
  const shown = allowed === undefined ? undefined : allowedText(allowed);
  return [
    `${paint(severity.padEnd(8))} ${head[0]}`,
    ...(where.length === 0 ? [] : [`${INDENT}${printable(message)}`]),
    ...(sent === undefined ? [] : [detail('sent', cut(JSON.stringify(sent)))]),
    ...(shown === undefined || message.includes(shown) ? [] : [detail('allowed', cut(shown))]),
    ...(fix === undefined ? [] : [detail('fix', fix)]),
    detail('effect', `${EFFECTS[issue.effect]} (${issue.rule}, ${issue.code})`),
  ];
}

/** `a, b, c` of a list, `minimum 0, maximum 2` of bounds. */
function allowedText(allowed: Json): string {
  if (typeof allowed !== 'object' || allowed === null) return String(allowed);
  if (Array.isArray(allowed)) return allowed.map((value: Json) => plain(value)).join(', ');
  return Object.entries(allowed)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${plain(value)}`)
    .join(', ');
}

const plain = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

const LONGEST = 400;

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).toWellFormed()}…` : text;
}

function decisionLines(decision: readonly string[] | undefined, style: Style): readonly string[] {
  if (decision === undefined || decision.length === 0) return [];
  const steps = decision.map((step, index) => `${String(index + 1).padStart(8)} ${printable(step)}`);
  return ['', style.dim('How it would be decided:'), ...steps];
}
