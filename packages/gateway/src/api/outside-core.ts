/**
 * Routes of Retell's SDKs that Pickup has not. They are told apart from mistyped ones, and keys are checked first, so
 * that a client hears what is missing and not that it is wrong. They are no routes: the document has none of them.
 */

const OUTSIDE: readonly (readonly [doesNot: string, routes: readonly string[]])[] = [
  [
    'keep apps; a tool of an agent names its own URL',
    [
      'POST /create-app',
      'PATCH /update-app/{}',
      'GET /list-apps',
      'DELETE /delete-app/{}',
      'GET /get-app/{}',
      'GET /list-app-usages/{}',
      'POST /test-app-auth/{}',
    ],
  ],
  ['keep assets', ['POST /create-asset']],
  ['place batch calls', ['POST /create-batch-call']],
  ['place outbound calls', ['POST /v2/create-phone-call']],
  ['take web calls; calls come in by telephone', ['POST /v3/create-web-call', 'POST /v2/create-web-call']],
  [
    'let anyone listen to, take over or change a call that goes on; POST /v2/stop-call/{call_id} ends one',
    ['POST /v2/listen-live-call/{}', 'POST /v2/take-over-live-call/{}', 'PATCH /v2/update-live-call/{}'],
  ],
  ['analyse a call anew', ['PUT /rerun-call-analysis/{}']],
  [
    'keep contacts',
    [
      'POST /create-contact',
      'PATCH /update-contact/{}',
      'POST /list-contacts',
      'DELETE /delete-contact/{}',
      'POST /backfill-contact-analysis-data',
      'POST /create-contact-import',
      'GET /get-contact/{}',
      'GET /get-backfill-contact-job-status',
      'GET /get-contact-by-phone/{}',
      'GET /get-contact-import',
      'GET /list-contact-conversations/{}',
      'POST /upload-contact-import-file',
    ],
  ],
  [
    'keep components that flows share; a flow has its own in `components`',
    [
      'POST /create-conversation-flow-component',
      'GET /get-conversation-flow-component/{}',
      'PATCH /update-conversation-flow-component/{}',
      'GET /v2/list-conversation-flow-components',
      'GET /list-conversation-flow-components',
      'DELETE /delete-conversation-flow-component/{}',
    ],
  ],
  [
    'sync with a CRM',
    [
      'GET /get-crm-config',
      'GET /get-crm-schema',
      'GET /get-sync-job-status',
      'POST /run-sync-job',
      'POST /update-crm-config',
    ],
  ],
  ['make exports; the lists give the same, page by page', ['GET /v2/list-export-requests']],
  ['tell a key about itself; GET /list-api-keys has them all', ['GET /get-api-key-info']],
  ['list the tools of MCP servers', ['GET /get-mcp-tools/{}']],
  ['have a playground; POST /simulate-inbound-call tries an agent', ['POST /agent-playground-completion/{}']],
  [
    'keep or run test cases; POST /simulate-inbound-call tries an agent',
    [
      'POST /create-batch-test',
      'POST /create-test-case-definition',
      'DELETE /delete-test-case-definition/{}',
      'GET /get-batch-test/{}',
      'GET /get-test-case-definition/{}',
      'GET /get-test-run/{}',
      'GET /v2/list-batch-tests',
      'GET /list-batch-tests',
      'GET /v2/list-test-case-definitions',
      'GET /list-test-case-definitions',
      'GET /v2/list-test-runs/{}',
      'GET /list-test-runs/{}',
      'PUT /update-test-case-definition/{}',
    ],
  ],
];

const BY_ROUTE: ReadonlyMap<string, string> = new Map(
  OUTSIDE.flatMap(([doesNot, routes]) => routes.map((route) => [route, doesNot] as const)),
);

/**
 * What Pickup does not do where this is a route of Retell outside its core, as the rest of a sentence that begins with
 * "Pickup does not"; else undefined. `path` is without the query.
 */
export function outsideCore(method: string, path: string): string | undefined {
  return BY_ROUTE.get(`${method} ${path}`) ?? BY_ROUTE.get(`${method} ${path.replace(/\/[^/]+$/, '/{}')}`);
}
