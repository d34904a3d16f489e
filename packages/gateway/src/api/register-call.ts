/** register-phone-call (A3): whole answer of what a webhook would have said, for a call that dials `sip:{call_id}@host`. */
import {
  fieldsSchema,
  type JsonObject,
  lintReply,
  parseRegisterCall,
  REGISTER_CALL_FIELDS,
  type RegisterCallBody,
} from '@pickup/contract';
import { overrideReads } from '@pickup/core';
import { callBody } from '../stores/call-body.ts';
import type { CallRow, ResolveResult } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { accept, badReference, refuseFaults, unknownAsset } from './failure.ts';
import type { Route } from './route.ts';

const LIFE_MS = 300_000;

type Target = Extract<ResolveResult, { found: true }>;

/** The route of registration. */
export function registerCallRoutes(deps: ApiDeps): readonly Route[] {
  const checkUrl = (url: string) => deps.checkUrl(url, 'agent_webhook');
  return [
    {
      method: 'POST',
      path: '/v2/register-phone-call',
      summary: 'Register a call that will dial sip:{call_id}@host within five minutes',
      access: 'write',
      audited: false,
      status: 201,
      body: fieldsSchema(REGISTER_CALL_FIELDS, true),
      async handle({ body, warn }) {
        const read = accept(parseRegisterCall(body, { catalogue: deps.catalogue, checkUrl }), warn);
        const found = await resolve(deps, read);
        checkOverride(deps, read, found, warn);
        const row = callRow(deps, read, found);
        await deps.store.registerCall(row);
        return callBody(row);
      },
    },
  ];
}

async function resolve(deps: ApiDeps, read: RegisterCallBody): Promise<Target> {
  const found = await deps.store.resolveTarget({
    agent_id: read.agent_id,
    reference: read.agent_version ?? 'latest',
    ...overrideReads(read.agent_override),
  });
  if (!found.found) throw found.missing === 'agent' ? unknownAsset() : badReference(found.message);
  if (found.target.channel !== 'voice')
    throw badReference(`${read.agent_id} is a chat agent; a call needs a voice agent.`);
  return found;
}

/** Rules between the override and the agent's settings: judged as a reply's would be, before the call rings. */
function checkOverride(deps: ApiDeps, read: RegisterCallBody, found: Target, warn: (message: string) => void): void {
  if (read.agent_override === undefined) return;
  const { issues } = lintReply(
    { call_inbound: { agent_override: read.agent_override } },
    { channel: 'call', target: found.target, catalogue: deps.catalogue, knowledgeBases: found.knowledge_bases },
  );
  const root = '/call_inbound';
  refuseFaults(issues.map((issue) => ({ ...issue, pointer: issue.pointer.replace(root, '') })));
  for (const issue of issues) warn(issue.message);
}

function callRow(deps: ApiDeps, read: RegisterCallBody, { target }: Target): CallRow {
  const now = deps.clock.wallMs();
  const name = target.settings['agent_name'];
  const storage = target.settings['data_storage_setting'];
  const agent = { ...target.settings, ...read.agent_override?.agent };
  const hook = deps.eventHook(agent, { ...target.tag_variables, ...read.retell_llm_dynamic_variables });
  return {
    call_id: `call_${deps.newId()}`,
    call_status: 'registered',
    agent_id: target.agent_id,
    agent_version: target.version,
    ...(typeof name === 'string' && { agent_name: name }),
    ...(target.tag !== undefined && { agent_tag: target.tag }),
    direction: read.direction,
    from_number: read.from_number ?? '',
    to_number: read.to_number ?? '',
    ...(read.metadata && { metadata: read.metadata }),
    ...(read.retell_llm_dynamic_variables && { retell_llm_dynamic_variables: read.retell_llm_dynamic_variables }),
    ...(typeof storage === 'string' && { data_storage_setting: storage }),
    registration: {
      expires_timestamp: now + LIFE_MS,
      ...(read.agent_override && { agent_override: read.agent_override as JsonObject }),
    },
    ...(hook && { event_hook: hook }),
    created_timestamp: now,
  };
}
