/** check-webhook-reply: what would become of a reply, without a call. */
import {
  type AgentVersionReference,
  type CheckReplyBody,
  lintReply,
  parseCheckReply,
  replyGroupOf,
} from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { accept, badReference, unknownAsset } from './failure.ts';
import { members, type Route } from './route.ts';

interface Named {
  readonly agent_id: string;
  readonly reference: AgentVersionReference;
}

/** The route that checks replies. */
export function webhookReplyRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/check-webhook-reply',
      summary: "Judge a webhook's reply, against a number's or an agent's settings where one is named",
      access: 'read',
      body: members('reply! channel to_number agent_id agent_version'),
      async handle({ body, warn }) {
        const read = accept(parseCheckReply(body), warn);
        const named = await agentOf(deps, read);
        const resolved = named && (await deps.store.resolveTarget(named));
        if (named && resolved?.found === false && read.agent_id !== undefined) throw badReference(resolved.message);
        return lintReply(read.reply, {
          channel: read.channel,
          catalogue: deps.catalogue,
          checkUrl: (url) => deps.checkUrl(url, 'agent_webhook'),
          ...(resolved?.found && { target: resolved.target, knowledgeBases: resolved.knowledge_bases }),
        });
      },
    },
  ];
}

/** The reply's own agent, else the one named beside it, else the number's first of the channel. */
async function agentOf(deps: ApiDeps, read: CheckReplyBody): Promise<Named | undefined> {
  const group = member(read.reply, replyGroupOf(read.channel));
  const override = member(group, 'override_agent_id');
  const version = member(group, 'override_agent_version');
  if (typeof override === 'string' && override !== '') {
    return { agent_id: override, reference: referenceOf(version) ?? 'latest' };
  }
  const base = await baseAgent(deps, read);
  return base && { ...base, reference: referenceOf(version) ?? base.reference };
}

async function baseAgent(deps: ApiDeps, read: CheckReplyBody): Promise<Named | undefined> {
  if (read.agent_id !== undefined) return { agent_id: read.agent_id, reference: read.agent_version ?? 'latest' };
  if (read.to_number === undefined) return undefined;
  const number = await deps.store.getNumber(read.to_number);
  if (number === undefined) throw unknownAsset();
  const agents = read.channel === 'call' ? number.settings.inbound_agents : number.settings.inbound_sms_agents;
  const first = agents?.[0];
  return first && { agent_id: first.agent_id, reference: first.agent_version ?? 'latest' };
}

/** A string of digits is that number (D4). */
function referenceOf(version: unknown): AgentVersionReference | undefined {
  if (typeof version === 'number' && Number.isInteger(version)) return version;
  if (typeof version !== 'string' || version === '') return undefined;
  return /^\d{1,9}$/.test(version) ? Number(version) : version;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
