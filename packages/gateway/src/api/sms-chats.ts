/** create-sms-chat: a chat that begins with a text of ours. What is missing is asked for, one after the other. */
import {
  type AgentVersionReference,
  apiError,
  CREATE_SMS_CHAT_FIELDS,
  type CreateSmsChatBody,
  fieldsSchema,
  parseCreateSmsChat,
} from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';
import { planChat } from '../chats/plan-chat.ts';
import { chatBody } from '../stores/chat-body.ts';
import { pairOf } from '../stores/texts-of-chat.ts';
import { modelFailure } from './chats.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, badReference } from './failure.ts';
import type { Route } from './route.ts';

/** The route of chats that begin with a text of ours. */
export function smsChatRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/create-sms-chat',
      summary: 'Begin a chat by a text, from a number whose provider sends texts; the answers to it continue the chat',
      access: 'write',
      audited: false,
      body: fieldsSchema(CREATE_SMS_CHAT_FIELDS, true),
      async handle({ body, warn }) {
        const read = accept(parseCreateSmsChat(body), warn);
        const agent = await findSender(deps, read);
        if (!(await deps.sendsTexts(read.from_number))) throw cannotSend(read.from_number);
        const pair = await deps.store.getTextPair(pairOf(read.from_number, read.to_number));
        if (pair?.opted_out) throw optedOut(read);
        const plan = await planned(deps, read, { agent, warn });
        // Stored as the person sees it: who writes to us is `from_number`.
        const parties = { chat_type: 'sms_chat', from_number: read.to_number, to_number: read.from_number } as const;
        const begun = await deps.chats.start(plan, parties);
        if (begun.kind === 'failed') throw modelFailure('The chat', begun.reason);
        if (begun.missing !== undefined) warn(`This chat cannot be answered here: ${begun.missing}.`);
        return chatBody(begun);
      },
    },
  ];
}

function cannotSend(from: string): ApiFailure {
  const reason =
    `${from} sends no texts: that takes a number at an SMS provider (Twilio or Telnyx) whose account is set up here. ` +
    'A chat without a telephone begins with POST /create-chat.';
  return new ApiFailure(apiError('cannot_answer', { reason }));
}

/** A8. */
function optedOut({ from_number: from, to_number: to }: CreateSmsChatBody): ApiFailure {
  const reason = `${to} has opted out of texts from ${from} (STOP); nothing is sent there until it has written START.`;
  return new ApiFailure(apiError('cannot_answer', { reason }));
}

type Agent = { readonly agent_id: string; readonly agent_version?: AgentVersionReference };

async function planned(
  deps: ApiDeps,
  read: CreateSmsChatBody,
  { agent, warn }: { readonly agent: Agent; readonly warn: (message: string) => void },
): Promise<SessionPlan> {
  const { store, catalogue, clock, newId } = deps;
  const checkUrl = (url: string) => deps.checkUrl(url, 'agent_webhook');
  const { metadata, retell_llm_dynamic_variables } = read;
  const request = { ...agent, retell_llm_dynamic_variables, ...(metadata && { metadata }) };
  const result = await planChat({ store, catalogue, checkUrl }, request, {
    id: `chat_${newId()}`,
    now: clock.wallMs(),
  });
  if (!result.planned)
    throw badReference(result.why === 'unfit' ? result.message : `${agent.agent_id} cannot be used.`);
  for (const { message } of result.warnings) warn(message);
  const { from_number, to_number } = read;
  return { ...result.plan, direction: 'outbound', from_number, to_number };
}

/** The number has to be here, and somebody has to write. Throws 422. */
async function findSender(deps: ApiDeps, read: CreateSmsChatBody): Promise<Agent> {
  const { from_number: from, override_agent_id: named } = read;
  const row = await deps.store.getNumber(from);
  if (row === undefined) {
    throw badReference(`from_number ${from} is not a number of this gateway; import it (POST /import-phone-number).`);
  }
  const drawn = row.settings.outbound_sms_agents?.[0];
  const agentId = named ?? drawn?.agent_id;
  if (agentId === undefined) {
    throw badReference(
      `${from} has no outbound_sms_agents; set them (PATCH /update-phone-number) or override_agent_id.`,
    );
  }
  const version: AgentVersionReference | undefined =
    read.override_agent_version ?? (named === undefined ? drawn?.agent_version : undefined);
  const found = await deps.store.resolveTarget({ agent_id: agentId, reference: version ?? 'latest' });
  if (!found.found) throw badReference(found.message);
  if (found.target.channel !== 'chat') throw badReference(`${agentId} is a voice agent; a text needs a chat agent.`);
  return { agent_id: agentId, ...(version !== undefined && { agent_version: version }) };
}
