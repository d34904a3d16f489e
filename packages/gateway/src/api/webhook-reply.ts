/** check-webhook-reply: what would become of a reply, without a call. */
import {
  type AgentVersionReference,
  CHECK_REPLY_FIELDS,
  type CheckReplyBody,
  fieldsSchema,
  type Issue,
  type JudgedReply,
  lintReply,
  type ParsedBody,
  parseCheckReply,
  parseReplyBody,
  replyGroupOf,
} from '@pickup/contract';
import { overrideReads } from '@pickup/core';
import type { ResolveResult } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { accept, badReference, invalid, unknownAsset } from './failure.ts';
import type { Route } from './route.ts';

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
      body: fieldsSchema(CHECK_REPLY_FIELDS, true),
      async handle({ body, warn }) {
        const { parsed, ...read } = readCheck(body, warn);
        const options = {
          channel: read.channel,
          catalogue: deps.catalogue,
          checkUrl: (url: string) => deps.checkUrl(url, 'agent_webhook'),
        };
        const base = await baseAgent(deps, read);
        if (!parsed.ok) return { reply: { kind: 'bad', issues: [parsed.issue] }, issues: [parsed.issue] };
        const alone = lintReply(parsed.value, options);
        const named = agentOf(alone.reply, base);
        if (named === undefined) return alone;
        const override = alone.reply.kind === 'overrides' ? alone.reply.agent_override : undefined;
        const resolved = await deps.store.resolveTarget({ ...named, ...overrideReads(override) });
        const missing = issueOf(resolved, read, alone.reply);
        if (missing !== undefined || !resolved.found) {
          return { ...alone, issues: [...alone.issues, ...(missing ? [missing] : [])] };
        }
        return lintReply(parsed.value, {
          ...options,
          target: resolved.target,
          knowledgeBases: resolved.knowledge_bases,
        });
      },
    },
  ];
}

type ReadCheck = Omit<CheckReplyBody, 'reply'> & { readonly parsed: ParsedBody };

/** The reply as JSON (`reply`), or as the endpoint's bytes (`reply_base64`), which D1 to D3 judge. Throws 400. */
function readCheck(body: unknown, warn: (message: string) => void): ReadCheck {
  const sent = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
  if (sent === undefined || !('reply_base64' in sent)) {
    const { reply, ...rest } = accept(parseCheckReply(body), warn);
    return { ...rest, parsed: { ok: true, value: reply } };
  }
  if ('reply' in sent) throw invalid('reply and reply_base64 exclude each other.');
  const { reply_base64: base64, ...others } = sent;
  const { reply: _, ...rest } = accept(parseCheckReply({ ...others, reply: null }), warn);
  return { ...rest, parsed: parseReplyBody(bytesOf(base64), { truncated: false }) };
}

function bytesOf(base64: unknown): Uint8Array {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
  if (bytes?.toString('base64') !== base64) throw invalid('reply_base64 must be base64, with padding.');
  return bytes as Buffer;
}

/** The reply's own agent (D4), else the one named beside it or the number's. */
function agentOf(reply: JudgedReply, base: Named | undefined): Named | undefined {
  if (reply.kind !== 'overrides') return base;
  const { override_agent_id: id, override_agent_version: version } = reply;
  if (id !== undefined) return { agent_id: id, reference: version ?? 'latest' };
  return base && { ...base, reference: version ?? base.reference };
}

/** The agent named beside the reply, else the number's first of the channel. Throws 422 for what does not exist. */
async function baseAgent(deps: ApiDeps, read: Omit<CheckReplyBody, 'reply'>): Promise<Named | undefined> {
  if (read.agent_id !== undefined) {
    const reference = read.agent_version ?? 'latest';
    if ((await deps.store.getAgent(read.agent_id, reference)) === undefined) {
      throw badReference(`There is no version ${reference} of an agent ${read.agent_id}.`);
    }
    return { agent_id: read.agent_id, reference };
  }
  if (read.to_number === undefined) return undefined;
  const number = await deps.store.getNumber(read.to_number);
  if (number === undefined) throw unknownAsset();
  const agents = read.channel === 'call' ? number.settings.inbound_agents : number.settings.inbound_sms_agents;
  const first = agents?.[0];
  return first && { agent_id: first.agent_id, reference: first.agent_version ?? 'latest' };
}

/** E1, E6: an agent that is not there, or is of the other channel. */
function issueOf(
  resolved: ResolveResult,
  read: Pick<CheckReplyBody, 'channel'>,
  reply: JudgedReply,
): Issue | undefined {
  const said = reply.kind === 'overrides' ? reply : undefined;
  const at = (field: string, isSaid: boolean) => (isSaid ? `/${replyGroupOf(read.channel)}/${field}` : '');
  const agent = at('override_agent_id', said?.override_agent_id !== undefined);
  const common = { severity: 'error', effect: 'refuses', pointer: agent } as const;
  if (!resolved.found) {
    const { missing, message } = resolved;
    if (missing === 'agent') return { ...common, code: 'unknown_agent', rule: 'E6', message };
    const engine = at('agent_override/agent/response_engine', said?.agent_override?.agent?.['response_engine'] != null);
    const version = at('override_agent_version', said?.override_agent_version !== undefined);
    const pointer = (missing === 'engine' ? engine : version) || agent;
    return { ...common, code: `unknown_${missing}`, rule: 'E6', pointer, message };
  }
  const { agent_id, channel } = resolved.target;
  if (channel === (read.channel === 'call' ? 'voice' : 'chat')) return undefined;
  const message = `${agent_id} is a ${channel} agent and cannot take a ${read.channel === 'call' ? 'call' : 'text'}.`;
  return { ...common, code: 'wrong_channel', rule: 'E1', message };
}
