/** Whether a chosen agent can take the inbound, and if not, why, as an issue of the record (E1, E6). */
import { type Issue, type ResolvedTarget, replyGroupOf, ruleOf } from '@pickup/contract';
import type { InboundFacts, ResolvedKnowledge } from './facts.ts';
import { cut } from './move.ts';
import type { Choice } from './state.ts';

/** Of what was sent, UTF-16 units. */
const LONGEST_QUOTE = 200;

/** Where and how it is told: the pointer is '' where the reply names nothing of it. */
interface Missing {
  readonly code: string;
  /** Below the reply's group; undefined: not the reply's doing. */
  readonly field: string | undefined;
  readonly message: string;
  readonly sent: string | number;
}

/** The target to be used, or what is told of one that cannot be. */
export type JudgedTarget =
  | { readonly usable: true; readonly target: ResolvedTarget; readonly knowledge_bases: ReadonlySet<string> }
  | { readonly usable: false; readonly issue: Issue };

/** Whether what was read can take an inbound of this channel. */
export function judgeTarget(facts: InboundFacts, choice: Choice, found: ResolvedKnowledge): JudgedTarget {
  if (!found.found) return { usable: false, issue: issueOf(facts, notFound(choice, found)) };
  const { target, knowledge_bases } = found;
  const wrong = wrongChannel(facts, choice, target);
  return wrong ? { usable: false, issue: issueOf(facts, wrong) } : { usable: true, target, knowledge_bases };
}

function issueOf(facts: InboundFacts, { code, field, message, sent }: Missing): Issue {
  const pointer = field === undefined ? '' : `/${replyGroupOf(facts.channel)}/${field}`;
  const quoted = typeof sent === 'string' ? cut(sent, LONGEST_QUOTE) : sent;
  return {
    severity: 'error',
    effect: 'refuses',
    code,
    rule: ruleOf(code),
    pointer,
    message: cut(message),
    ...(field !== undefined && { sent: quoted }),
  };
}

function notFound(choice: Choice, found: ResolvedKnowledge & { readonly found: false }): Missing {
  const { message } = found;
  const { agent_id, reference, named } = choice;
  if (found.missing === 'version') {
    const field = named === 'nothing' ? undefined : 'override_agent_version';
    return { code: 'unknown_version', field, message, sent: reference };
  }
  if (found.missing === 'agent') {
    return { code: 'unknown_agent', field: agentField(choice), message, sent: agent_id };
  }
  const engine = choice.wishes.agent_override?.agent?.['response_engine'];
  if (engine === undefined) return { code: 'unknown_engine', field: agentField(choice), message, sent: agent_id };
  return {
    code: 'unknown_engine',
    field: 'agent_override/agent/response_engine',
    message,
    sent: JSON.stringify(engine),
  };
}

function wrongChannel(facts: InboundFacts, choice: Choice, target: ResolvedTarget): Missing | undefined {
  const wanted = facts.channel === 'call' ? 'voice' : 'chat';
  if (target.channel === wanted) return undefined;
  const whose = choice.named === 'agent' ? 'override_agent_id: ' : '';
  const message = `${whose}${choice.agent_id} is a ${target.channel} agent; a ${facts.channel} needs a ${wanted} agent (E1)`;
  return { code: 'wrong_channel', field: agentField(choice), message, sent: choice.agent_id };
}

function agentField(choice: Choice): string | undefined {
  return choice.named === 'agent' ? 'override_agent_id' : undefined;
}
