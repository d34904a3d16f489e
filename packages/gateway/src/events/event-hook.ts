/** Where the events of a call go: its agent's webhook, else the one for all (retell-contract.md, section e). */
import type { AgentChannel, Settings } from '@pickup/contract';
import { planVariables, renderTemplate, type SessionPlan, type VariableLookup } from '@pickup/core';
import type { EventHook } from '../stores/port.ts';

const DEFAULT_EVENTS: Readonly<Record<AgentChannel, readonly string[]>> = {
  voice: ['call_started', 'call_ended', 'call_analyzed'],
  chat: ['chat_started', 'chat_ended', 'chat_analyzed'],
};
const DEFAULT_TIMEOUT_MS = 10_000;

/** `url` of all agents without one; absent: their events go nowhere. */
export interface EventHookOptions {
  readonly url?: string;
}

/** Of a connected call, or a chat: the settings and variables of its session, the reply's included. */
export function hookOfPlan(plan: SessionPlan, options: EventHookOptions, wallMs: number): EventHook | undefined {
  return hookOf(plan.agent, planVariables(plan, wallMs), { ...options, channel: plan.channel });
}

/** Of an agent's settings; `variables` fill the URL's `{{names}}`. */
export function hookOf(
  agent: Settings,
  variables: VariableLookup | Readonly<Record<string, string>>,
  { url: common, channel = 'voice' }: EventHookOptions & { readonly channel?: AgentChannel },
): EventHook | undefined {
  const { webhook_url: own, webhook_events: events, webhook_timeout_ms: timeout } = agent;
  const url = typeof own === 'string' && own !== '' ? own : common;
  if (url === undefined) return undefined;
  return {
    url: renderTemplate(url, variables),
    events: Array.isArray(events) ? events.map(String) : DEFAULT_EVENTS[channel],
    timeout_ms: typeof timeout === 'number' ? timeout : DEFAULT_TIMEOUT_MS,
  };
}
