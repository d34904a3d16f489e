/** Single calls: read, change, delete, stop. */
import { fieldsSchema, parseUpdateCall, UPDATE_CALL_FIELDS, type UpdateCallBody } from '@pickup/contract';
import { redactUrl } from '../runners/inbound-object.ts';
import { callBody } from '../stores/call-body.ts';
import type { CallRow, EventRow } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { accept, badReference, invalid, unknownAsset } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import type { Route } from './route.ts';

/** From the loosest to the tightest. */
const STORAGE = ['everything', 'everything_except_pii', 'basic_attributes_only'];

/** The routes of single calls. */
export function callRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/v2/get-call/{call_id}',
      summary: 'Read a call; while it goes on, with what was said so far',
      access: 'read',
      handle: async ({ params }) => callBody(withLive(deps, await findCall(deps, params['call_id']!))),
    },
    {
      method: 'PATCH',
      path: '/v2/update-call/{call_id}',
      summary: "Change a call's metadata or attributes, or tighten its data storage",
      access: 'write',
      body: fieldsSchema(UPDATE_CALL_FIELDS, true),
      handle: ({ params, body, warn }) =>
        turns(`call ${params['call_id']}`, async () => {
          const before = await findCall(deps, params['call_id']!);
          const change = changeOf(before, accept(parseUpdateCall(body), warn));
          const after = await deps.store.updateCall(before.call_id, change);
          if (after === undefined) throw unknownAsset();
          return callBody(after);
        }),
    },
    eventsRoute(deps),
    deleteRoute(deps),
    stopRoute(deps),
  ];
}

function eventsRoute(deps: ApiDeps): Route {
  return {
    method: 'GET',
    path: '/list-call-events/{call_id}',
    summary: 'List the event webhooks of a call, with every attempt to deliver them',
    access: 'read',
    async handle({ params }) {
      const call = await findCall(deps, params['call_id']!);
      const events = await deps.store.listEvents(call.call_id);
      return { items: events.map(eventBody), has_more: false };
    },
  };
}

/** An event as listed: without the body, which is the call or chat as it was. */
export function eventBody({ body: _body, url, attempts, next_timestamp, ...shown }: EventRow) {
  const last = attempts.at(-1)?.status ?? 0;
  const done = last >= 200 && last < 300 ? 'delivered' : 'failed';
  return {
    ...shown,
    url: redactUrl(url),
    status: next_timestamp === undefined ? done : 'waiting',
    attempts,
    ...(next_timestamp !== undefined && { next_timestamp }),
  };
}

function deleteRoute(deps: ApiDeps): Route {
  return {
    method: 'DELETE',
    path: '/v2/delete-call/{call_id}',
    summary: 'Delete a call that is over',
    access: 'write',
    status: 204,
    async handle({ params }) {
      const call = await findCall(deps, params['call_id']!);
      if (call.call_status === 'ongoing') throw badReference(`${call.call_id} is ongoing; stop it first.`);
      if (!(await deps.store.deleteCall(call.call_id))) throw unknownAsset();
    },
  };
}

function stopRoute(deps: ApiDeps): Route {
  return {
    method: 'POST',
    path: '/v2/stop-call/{call_id}',
    summary: 'End an ongoing call',
    access: 'write',
    status: 204,
    async handle({ params }) {
      const call = await findCall(deps, params['call_id']!);
      if (!(await deps.endCall(call.call_id))) throw badReference(`${call.call_id} is not ongoing here.`);
    },
  };
}

function withLive(deps: ApiDeps, row: CallRow): CallRow {
  if (row.call_status !== 'ongoing' || row.data_storage_setting === 'basic_attributes_only') return row;
  return { ...row, ...deps.liveCall(row.call_id) };
}

async function findCall(deps: ApiDeps, callId: string): Promise<CallRow> {
  const row = await deps.store.getCall(callId);
  if (row === undefined) throw unknownAsset();
  return row;
}

/** What is stored of a call narrows with its setting: the tightest empties what was kept before. */
function changeOf(before: CallRow, sent: UpdateCallBody): Partial<CallRow> {
  const { data_storage_setting: storage, metadata, custom_attributes } = sent;
  if (
    storage !== undefined &&
    STORAGE.indexOf(storage) < STORAGE.indexOf(before.data_storage_setting ?? 'everything')
  ) {
    throw invalid(`data_storage_setting may only be tightened; it is ${before.data_storage_setting}.`);
  }
  const basic = (storage ?? before.data_storage_setting) === 'basic_attributes_only';
  const unkept = basic && (['metadata', 'custom_attributes'] as const).find((name) => sent[name] !== undefined);
  if (unkept) throw invalid(`${unkept} is not kept with data_storage_setting basic_attributes_only.`);
  return {
    ...(metadata !== undefined && { metadata }),
    ...(custom_attributes !== undefined && { custom_attributes }),
    ...(storage !== undefined && { data_storage_setting: storage }),
    ...(basic && EMPTIED),
    ...(basic && before.transcript !== undefined && { transcript: '' }),
    ...(basic && before.transcript_object !== undefined && { transcript_object: [] }),
  };
}

const EMPTIED = { metadata: {}, custom_attributes: {}, retell_llm_dynamic_variables: {}, custom_sip_headers: {} };
