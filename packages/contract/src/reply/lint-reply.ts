/**
 * Judges a reply (D1–D9) and, with a target, what becomes of its override (E4–E7). The same function serves the
 * gateway, `POST /check-webhook-reply` and the command line. Never throws, whatever JSON it is given.
 */
import type { Catalogue, ResolvedTarget } from '../agent.ts';
import type { Channel, Issue } from '../inbound.ts';
import { forbiddenKey } from '../settings/faults.ts';
import { isForbiddenKey, isObject, kindOf, limitIssues, pointerTo, warning } from '../settings/issue.ts';
import { didYouMean } from '../settings/nearest.ts';
import { envelopeFault, readAgentId, readMetadata, readVariables, readVersion } from './envelope.ts';
import { checkAgainstTarget } from './fit-to-target.ts';
import type { JudgedReply, OverridesReply } from './judged-reply.ts';
import { checkGroups, readOverrideGroups, warnUnknown } from './override-groups.ts';
import type { UrlCheck } from './webhook-url.ts';

/** What the reply is judged against; only `channel` must be known. */
export interface LintOptions {
  readonly channel: Channel;
  /** The target the reply leads to, before any override (E4). Without it rules on merged settings stay silent. */
  readonly target?: ResolvedTarget;
  /** Without it rules about voices and models, and availability, stay silent. */
  readonly catalogue?: Catalogue;
  readonly knowledgeBases?: ReadonlySet<string>;
  /** Says whether a `webhook_url` or `llm_websocket_url` (as http) may be called; address rules live with those who open sockets. */
  readonly checkUrl?: UrlCheck;
  /** Renders `{{variables}}` of these URLs; without it URLs that hold some are not checked here. */
  readonly renderUrl?: (url: string) => string;
}

/** The verdict, and everything worth recording; a bad reply's faults and E6's are among `issues`. */
export interface LintResult {
  readonly reply: JudgedReply;
  readonly issues: readonly Issue[];
}

const GROUP_FIELDS = [
  'override_agent_id',
  'override_agent_version',
  'dynamic_variables',
  'metadata',
  'agent_override',
  'reject',
];

/** The key a reply to this channel is grouped under. */
export function replyGroupOf(channel: Channel): 'call_inbound' | 'chat_inbound' {
  return channel === 'call' ? 'call_inbound' : 'chat_inbound';
}

function badReply(found: readonly Issue[]): LintResult {
  const issues = limitIssues(found);
  return { reply: { kind: 'bad', issues: issues.filter((issue) => issue.severity === 'error') }, issues };
}

function warnAtRoot(root: Record<string, unknown>, own: string, other: string, issues: Issue[]): void {
  for (const key of Object.keys(root)) {
    if (key === own) continue;
    const place = { name: key.slice(0, 100), pointer: pointerTo('', key) };
    if (isForbiddenKey(key)) issues.push(forbiddenKey(place));
    else if (key === other) {
      // One answer to both events carries both groups: that is no mistake.
      if (root[own] !== undefined && root[own] !== null) continue;
      const message = `${other} is for the other channel and was ignored; this inbound's group is ${own}.`;
      issues.push(warning({ code: 'other_group', pointer: place.pointer, message }));
    } else {
      const inside = GROUP_FIELDS.includes(key);
      const { hint, nearest } = inside
        ? { hint: ` It belongs inside ${own}.`, nearest: own }
        : didYouMean(key, [own, ...GROUP_FIELDS], issues.length);
      const message = `${place.name} is not a known field and was ignored.${hint}`;
      issues.push(
        warning({
          code: inside ? 'misplaced_field' : 'unknown_field',
          pointer: place.pointer,
          message,
          sent: root[key],
          nearest,
        }),
      );
    }
  }
}

function judgeReject(group: Record<string, unknown>, pointer: string, issues: Issue[]): LintResult {
  const variables = readVariables(group['dynamic_variables'], pointerTo(pointer, 'dynamic_variables'), issues);
  const metadata = readMetadata(group['metadata'], pointerTo(pointer, 'metadata'), issues);
  if (issues.some((issue) => issue.severity === 'error')) return badReply(issues);
  return {
    reply: { kind: 'reject', dynamic_variables: variables, ...(metadata === undefined ? {} : { metadata }) },
    issues: limitIssues(issues),
  };
}

function judgeGroup(
  group: Record<string, unknown>,
  pointer: string,
  options: LintOptions,
  issues: Issue[],
): LintResult {
  if (group['reject'] === true) return judgeReject(group, pointer, issues);
  if (group['reject'] !== undefined && group['reject'] !== null && group['reject'] !== false) {
    const message = `reject must be the boolean true to refuse, not ${kindOf(group['reject'])}; it was ignored.`;
    issues.push(
      warning({ code: 'reject_not_boolean', pointer: pointerTo(pointer, 'reject'), message, sent: group['reject'] }),
    );
  }
  const at = (name: string): string => pointerTo(pointer, name);
  const agentId = readAgentId(group['override_agent_id'], at('override_agent_id'), issues);
  const version = readVersion(group['override_agent_version'], at('override_agent_version'), issues);
  const variables = readVariables(group['dynamic_variables'], at('dynamic_variables'), issues);
  const metadata = readMetadata(group['metadata'], at('metadata'), issues);
  const groups = readOverrideGroups(group['agent_override'], at('agent_override'), issues);
  warnUnknown(group, GROUP_FIELDS, pointer, issues);
  if (issues.some((issue) => issue.severity === 'error')) return badReply(issues);
  const checked = groups === undefined ? undefined : checkGroups(groups, at('agent_override'), options);
  const found = limitIssues(checked === undefined ? issues : [...issues, ...checked.issues]);
  const reply: OverridesReply = {
    kind: 'overrides',
    ...(agentId === undefined ? {} : { override_agent_id: agentId }),
    ...(version === undefined ? {} : { override_agent_version: version }),
    dynamic_variables: variables,
    ...(metadata === undefined ? {} : { metadata }),
    ...(checked === undefined ? {} : { agent_override: checked.override }),
    override_faults: found.filter((issue) => issue.severity === 'error'),
  };
  return options.target === undefined ? { reply, issues: found } : fit(reply, found, options.target, options);
}

function fit(
  reply: OverridesReply,
  issues: readonly Issue[],
  target: ResolvedTarget,
  options: LintOptions,
): LintResult {
  const fitted = checkAgainstTarget(reply, {
    channel: options.channel,
    target,
    ...(options.catalogue === undefined ? {} : { catalogue: options.catalogue }),
    ...(options.knowledgeBases === undefined ? {} : { knowledgeBases: options.knowledgeBases }),
  });
  const dropped = new Set(fitted.dropped);
  return { reply: fitted.reply, issues: [...issues.filter((issue) => !dropped.has(issue)), ...fitted.issues] };
}

/** Judges a reply's parsed JSON; undefined is an empty body (D2). Pointers run from the reply's root. */
export function lintReply(value: unknown, options: LintOptions): LintResult {
  const issues: Issue[] = [];
  const own = replyGroupOf(options.channel);
  const other = own === 'call_inbound' ? 'chat_inbound' : 'call_inbound';
  if (value === undefined) return { reply: { kind: 'none' }, issues };
  if (!isObject(value)) {
    const message = `The reply must be an object, not ${kindOf(value)}.`;
    return badReply([envelopeFault({ code: 'wrong_type', rule: 'D3', pointer: '', message, sent: value })]);
  }
  warnAtRoot(value, own, other, issues);
  const group = Object.hasOwn(value, own) ? value[own] : undefined;
  if (group === undefined || group === null) return { reply: { kind: 'none' }, issues: limitIssues(issues) };
  if (!isObject(group)) {
    const message = `${own} must be an object, not ${kindOf(group)}.`;
    issues.push(envelopeFault({ code: 'wrong_type', rule: 'D3', pointer: pointerTo('', own), message, sent: group }));
    return badReply(issues);
  }
  return judgeGroup(group, pointerTo('', own), options, issues);
}
