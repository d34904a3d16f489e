/** A reply given by hand, played to the decision it would lead to: for a number's call, or one to an agent. */
import type { AgentVersionReference, Channel, Issue, Outcome, PhoneNumberSettings } from '@pickup/contract';
import { type AttemptResult, rehearsalFacts, rehearse } from '@pickup/core';
import type { ApiDeps } from './deps.ts';
import { badReference, unknownAsset } from './failure.ts';

/** Whose call it is: that of a number of this gateway, or one that would reach an agent. */
export type ReplyTarget =
  | { readonly to_number: string }
  | { readonly agent_id: string; readonly agent_version?: AgentVersionReference };

/** What would become of the call; issues and steps are those of the record. */
export interface RehearsedReply {
  readonly issues: readonly Issue[];
  readonly outcome: Outcome;
  readonly agent_id?: string;
  readonly agent_version?: number;
  readonly decision: readonly string[];
}

type Deps = Pick<ApiDeps, 'catalogue' | 'checkUrl' | 'clock' | 'rehearseStart' | 'store'>;

/** Throws 422 for a number or an agent that is not there. */
export async function rehearseReply(
  deps: Deps,
  reply: { readonly channel: Channel; readonly body: Uint8Array },
  target: ReplyTarget,
): Promise<RehearsedReply> {
  const { channel } = reply;
  const { agent, number, to_number } = await whose(deps, channel, target);
  const wallMs = deps.clock.wallMs();
  const arrived = { monoMs: wallMs, wallMs };
  const facts = rehearsalFacts({
    ...{ channel, from_number: 'anonymous', to_number, arrived, number },
    ...(agent && { agent, resolved: await deps.store.resolveTarget(readOf(agent)) }),
    catalogue: deps.catalogue,
    checkUrl: (url) => deps.checkUrl(url, 'agent_webhook'),
  });
  const answered: AttemptResult = {
    ...{ started: arrived, ended: arrived, phases: { total_ms: 0 }, resent: false },
    ...{ received: true, status: 200, body: reply.body, truncated: false },
  };
  const { ledger, outcome, plan } = await rehearse(facts, {
    // A reply that is there already is never waited for.
    clock: { monoMs: () => wallMs, wallMs: () => wallMs, after: () => () => {} },
    chance: () => 0,
    ask: async () => answered,
    resolve: (request) => deps.store.resolveTarget(request),
    start: deps.rehearseStart,
  });
  return {
    issues: ledger.issues,
    outcome,
    ...(plan && { agent_id: plan.agent_id, agent_version: plan.agent_version }),
    // The first step tells of the caller, and nobody called.
    decision: ledger.steps.slice(1),
  };
}

type Agent = { readonly agent_id: string; readonly agent_version?: AgentVersionReference };

const readOf = ({ agent_id, agent_version }: Agent) => ({ agent_id, reference: agent_version ?? 'latest' });

/** The agent of the call, and the number's settings without those that turn callers away before anybody is asked. */
async function whose(deps: Deps, channel: Channel, target: ReplyTarget) {
  if ('agent_id' in target) {
    const { agent_id, reference } = readOf(target);
    if ((await deps.store.getAgent(agent_id, reference)) === undefined) {
      throw badReference(`There is no version ${reference} of an agent ${agent_id}.`);
    }
    return { agent: target, number: {}, to_number: 'anonymous' };
  }
  const found = await deps.store.getNumber(target.to_number);
  if (found === undefined) throw unknownAsset();
  const { blocked_callers, allowed_callers, allowed_inbound_country_list, ...number } = found.settings;
  const agents = channel === 'call' ? number.inbound_agents : number.inbound_sms_agents;
  const settings: Partial<PhoneNumberSettings> = number;
  return { agent: agents?.[0], number: settings, to_number: target.to_number };
}
