/** The route table. */

import { VERSION } from '../version.ts';
import { agentTagRoutes } from './agent-tags.ts';
import { agentVersionRoutes } from './agent-versions.ts';
import { agentRoutes } from './agents.ts';
import { callListRoutes } from './call-lists.ts';
import { callRoutes } from './calls.ts';
import { chatListRoutes } from './chat-lists.ts';
import { chatRoutes } from './chats.ts';
import type { ApiDeps } from './deps.ts';
import { engineRoutes } from './engines.ts';
import { inboundRoutes } from './inbounds.ts';
import { keyRoutes } from './keys.ts';
import { knowledgeRoutes } from './knowledge.ts';
import { knowledgeSearchRoutes } from './knowledge-search.ts';
import { createTurns } from './one-at-a-time.ts';
import { openApi } from './openapi.ts';
import { phoneNumberRoutes } from './phone-numbers.ts';
import { type ReferenceDocument, referencePage } from './reference-page.ts';
import { registerCallRoutes } from './register-call.ts';
import { repairRoutes } from './repair-agent.ts';
import { replayInboundRoutes } from './replay-inbound.ts';
import type { Route } from './route.ts';
import { simulateRoutes } from './simulate.ts';
import { smsChatRoutes } from './sms-chats.ts';
import { statusRoutes } from './status.ts';
import { streamInboundRoutes } from './stream-inbounds.ts';
import { telnyxMessageRoutes } from './telnyx-messages.ts';
import { twilioMessageRoutes } from './twilio-messages.ts';
import { twilioVoiceRoutes } from './twilio-voice.ts';
import { voiceProviderRoutes } from './voice-providers.ts';
import { voiceRoutes } from './voices.ts';
import { webhookReplyRoutes } from './webhook-reply.ts';

/** Every route, the document of them all included. */
export function apiRoutes(deps: ApiDeps): readonly Route[] {
  const turns = createTurns();
  const routes: Route[] = [
    ...phoneNumberRoutes(deps, turns),
    ...agentRoutes(deps, turns),
    ...agentVersionRoutes(deps, turns),
    ...agentTagRoutes(deps),
    ...repairRoutes(deps, turns),
    ...engineRoutes(deps, turns),
    ...voiceRoutes(deps),
    ...voiceProviderRoutes(),
    ...knowledgeRoutes(deps, turns),
    ...knowledgeSearchRoutes(deps),
    ...registerCallRoutes(deps),
    ...callRoutes(deps, turns),
    ...callListRoutes(deps),
    ...chatRoutes(deps, turns),
    ...chatListRoutes(deps),
    ...smsChatRoutes(deps),
    ...simulateRoutes(deps),
    ...inboundRoutes(deps),
    ...streamInboundRoutes(deps),
    ...replayInboundRoutes(deps),
    ...webhookReplyRoutes(deps),
    ...twilioMessageRoutes(deps),
    ...twilioVoiceRoutes(deps),
    ...telnyxMessageRoutes(deps),
    ...keyRoutes(deps, turns),
    ...statusRoutes(deps),
  ];
  routes.push(...documentRoutes(routes));
  return routes;
}

/** The document of every route, these two included, and the page made from it. */
function documentRoutes(routes: readonly Route[]): readonly Route[] {
  let document: ReturnType<typeof openApi> | undefined;
  const read = () => {
    document ??= openApi(routes, VERSION);
    return document;
  };
  return [
    { method: 'GET', path: '/openapi.json', summary: 'This document', access: 'public', handle: read },
    {
      method: 'GET',
      path: '/docs',
      summary: 'The same to read, as one page',
      access: 'public',
      handle({ header }) {
        header('content-type', 'text/html; charset=utf-8');
        header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
        return referencePage(read() as unknown as ReferenceDocument);
      },
    },
  ];
}
