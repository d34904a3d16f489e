/** create-sms-chat: everything it needs is asked for, down to the text itself, which nothing here can send. */
import {
  type AgentVersionReference,
  apiError,
  CREATE_SMS_CHAT_FIELDS,
  type CreateSmsChatBody,
  fieldsSchema,
  parseCreateSmsChat,
} from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, badReference } from './failure.ts';
import type { Route } from './route.ts';

/** The route of chats that begin with a text of ours. */
export function smsChatRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/create-sms-chat',
      summary: 'Begin a chat by a text; refused, for this gateway sends no texts',
      access: 'write',
      audited: false,
      body: fieldsSchema(CREATE_SMS_CHAT_FIELDS, true),
      async handle({ body, warn }) {
        await findSender(deps, accept(parseCreateSmsChat(body), warn));
        const reason =
          'This gateway sends no texts: it has no SMS provider to send them through. A chat without a telephone begins ' +
          'with POST /create-chat.';
        throw new ApiFailure(apiError('cannot_answer', { reason }));
      },
    },
  ];
}

/** The number has to be here, and somebody has to write. Throws 422. */
async function findSender(deps: ApiDeps, read: CreateSmsChatBody): Promise<void> {
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
}
