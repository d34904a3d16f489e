/** The route table. */

import { VERSION } from '../version.ts';
import { agentTagRoutes } from './agent-tags.ts';
import { agentVersionRoutes } from './agent-versions.ts';
import { agentRoutes } from './agents.ts';
import { callListRoutes } from './call-lists.ts';
import { callRoutes } from './calls.ts';
import type { ApiDeps } from './deps.ts';
import { engineRoutes } from './engines.ts';
import { inboundRoutes } from './inbounds.ts';
import { keyRoutes } from './keys.ts';
import { createTurns } from './one-at-a-time.ts';
import { openApi } from './openapi.ts';
import { phoneNumberRoutes } from './phone-numbers.ts';
import { registerCallRoutes } from './register-call.ts';
import { repairRoutes } from './repair-agent.ts';
import type { Route } from './route.ts';
import { statusRoutes } from './status.ts';
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
    ...registerCallRoutes(deps),
    ...callRoutes(deps, turns),
    ...callListRoutes(deps),
    ...inboundRoutes(deps),
    ...webhookReplyRoutes(deps),
    ...keyRoutes(deps, turns),
    ...statusRoutes(deps),
  ];
  let document: Record<string, unknown> | undefined;
  routes.push({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    access: 'public',
    handle: () => {
      document ??= openApi(routes, VERSION);
      return document;
    },
  });
  return routes;
}
