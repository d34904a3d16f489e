/** Our own routes: API keys and the audit log, for full keys only. What a key is can be read once, in the answer that made it. */
import { apiError, CREATE_KEY_FIELDS, fieldsSchema, parseCreateKey } from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, unknownAsset } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import { PAGE_QUERY, pageOf, renderPage } from './page.ts';
import type { Route } from './route.ts';

const TURN = 'api keys';

/** The routes of API keys. */
export function keyRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/create-api-key',
      summary: 'Make an API key; the answer is the only place where it can be read. It does not sign until promoted',
      access: 'write',
      status: 201,
      body: fieldsSchema(CREATE_KEY_FIELDS, true),
      handle({ body, warn }) {
        const { role } = accept(parseCreateKey(body), warn);
        return turns(TURN, async () => ({ ...(await deps.keys.add(role)), role }));
      },
    },
    {
      method: 'GET',
      path: '/list-api-keys',
      summary: 'List the API keys, revoked ones too, without the keys themselves',
      access: 'write',
      audited: false,
      handle: async () => ({ items: await deps.keys.list(), has_more: false }),
    },
    {
      method: 'GET',
      path: '/list-audit-log',
      summary: 'List who changed what and when, newest first; ids and names of fields, no values',
      access: 'write',
      audited: false,
      query: PAGE_QUERY,
      handle: async (ask) => renderPage(await deps.store.listAudit(pageOf(ask)), (entry) => entry),
    },
    {
      method: 'POST',
      path: '/promote-api-key/{key_id}',
      summary: 'Sign webhooks with this key from the next attempt on; the one before still opens the API',
      access: 'write',
      status: 204,
      handle: ({ params }) =>
        turns(TURN, async () => {
          if (!(await deps.keys.promote(params['key_id']!))) throw unknownAsset();
        }),
    },
    {
      method: 'POST',
      path: '/revoke-api-key/{key_id}',
      summary: 'End a key; refused for the one that signs and for the last full one',
      access: 'write',
      status: 204,
      handle: ({ params }) => turns(TURN, () => revoke(deps, params['key_id']!)),
    },
  ];
}

async function revoke(deps: ApiDeps, keyId: string): Promise<void> {
  const outcome = await deps.keys.revoke(keyId);
  if (outcome === 'unknown') throw unknownAsset();
  if (outcome === 'signs') throw conflict(`${keyId} signs the webhooks; promote another key first.`);
  if (outcome === 'last_full') throw conflict(`${keyId} is the last full key; make another one first.`);
}

function conflict(reason: string): ApiFailure {
  return new ApiFailure(apiError('conflict', { reason }));
}
