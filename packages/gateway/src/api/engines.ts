/** Engines: Retell LLMs and conversation flows. An unknown LLM is 422, an unknown flow 404, as Retell has it. */
import {
  apiError,
  checkAcross,
  checkFlow,
  checkKnown,
  checkSettings,
  fieldsOf,
  fieldsSchema,
  parseEngineVersionQuery,
  type Settings,
  type SettingsGroup,
} from '@pickup/contract';
import type { EngineVersionRow, PageRequest } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, badReference, invalid, refuseDeletion, refuseFaults, unknownAsset } from './failure.ts';
import { oldPage } from './old-page.ts';
import type { Turns } from './one-at-a-time.ts';
import { PAGE_QUERY, pageOf, renderPage } from './page.ts';
import type { Ask, Route } from './route.ts';

interface Kind {
  readonly kind: EngineVersionRow['kind'];
  readonly group: SettingsGroup;
  readonly idField: 'llm_id' | 'conversation_flow_id';
  readonly prefix: string;
}

const KINDS: readonly Kind[] = [
  { kind: 'retell-llm', group: 'retell_llm', idField: 'llm_id', prefix: 'llm_' },
  {
    kind: 'conversation-flow',
    group: 'conversation_flow',
    idField: 'conversation_flow_id',
    prefix: 'conversation_flow_',
  },
];

/** The routes of engines. */
export function engineRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return KINDS.flatMap((of) => [
    createRoute(deps, of),
    getRoute(deps, of),
    updateRoute(deps, turns, of),
    deleteRoute(deps, turns, of),
    ...listRoutes(deps, of),
  ]);
}

function createRoute(deps: ApiDeps, of: Kind): Route {
  return {
    method: 'POST',
    path: `/create-${of.kind}`,
    summary: `Create a ${of.kind}`,
    access: 'write',
    status: 201,
    body: fieldsSchema(fieldsOf(of.group), true),
    async handle(ask) {
      const settings = await checkEngine(deps, of, ask, undefined);
      const row: EngineVersionRow = {
        kind: of.kind,
        id: `${of.prefix}${deps.newId()}`,
        version: 0,
        is_published: false,
        last_modification_timestamp: deps.clock.wallMs(),
        settings,
      };
      if (!(await deps.store.createEngine(row))) throw new Error('an engine id was given out twice');
      return engineBody(of, row);
    },
  };
}

function getRoute(deps: ApiDeps, of: Kind): Route {
  return {
    method: 'GET',
    path: `/get-${of.kind}/{${of.idField}}`,
    summary: `Read a ${of.kind}; default its latest version`,
    access: 'read',
    query: ['version'],
    handle: async (ask) => engineBody(of, await findEngine(deps, of, ask)),
  };
}

function updateRoute(deps: ApiDeps, turns: Turns, of: Kind): Route {
  return {
    method: 'PATCH',
    path: `/update-${of.kind}/{${of.idField}}`,
    summary: `Change a draft of a ${of.kind}; default the latest draft`,
    access: 'write',
    query: ['version'],
    body: fieldsSchema(fieldsOf(of.group), false),
    handle: (ask) =>
      turns(`${of.kind} ${ask.params[of.idField]}`, async () => {
        const asked = await findEngine(deps, of, ask);
        const isNamed = ask.query['version'] !== undefined && ask.query['version'] !== '';
        const before = isNamed ? asked : await deps.store.getEngine(of.kind, asked.id, 'latest_draft');
        if (before === undefined || before.is_published) throw published(asked);
        const settings = await checkEngine(deps, of, ask, before.settings);
        const row = { ...before, settings, last_modification_timestamp: deps.clock.wallMs() };
        const outcome = await deps.store.updateEngine(row);
        if (outcome === 'published') throw published(row);
        if (outcome === 'unknown') throw unknownEngine(of, row.id);
        return engineBody(of, row);
      }),
  };
}

function deleteRoute(deps: ApiDeps, turns: Turns, of: Kind): Route {
  return {
    method: 'DELETE',
    path: `/delete-${of.kind}/{${of.idField}}`,
    summary: `Delete a ${of.kind} with all its versions; refused while an agent uses it, unless force_delete is true`,
    access: 'write',
    status: 204,
    query: ['force_delete'],
    handle: ({ params, query }) =>
      turns(`${of.kind} ${params[of.idField]}`, async () => {
        const id = params[of.idField]!;
        const force = query['force_delete'];
        if (force !== undefined && force !== 'true' && force !== 'false') {
          throw invalid('force_delete must be true or false.');
        }
        const deletion = await deps.store.deleteEngine(of.kind, id, force === 'true');
        if (deletion === 'unknown') throw unknownEngine(of, id);
        refuseDeletion(id, deletion);
      }),
  };
}

function listRoutes(deps: ApiDeps, of: Kind): readonly Route[] {
  return [
    {
      method: 'GET',
      path: `/v2/list-${of.kind}s`,
      summary: `List every ${of.kind} with its latest version`,
      access: 'read',
      query: PAGE_QUERY,
      handle: async (ask) =>
        renderPage(await deps.store.listEngines(of.kind, pageOf(ask)), (row) => engineBody(of, row)),
    },
    {
      method: 'GET',
      path: `/list-${of.kind}s`,
      summary: `List every ${of.kind} as a bare array (older SDKs); \`pagination_key\` is the last one's id`,
      access: 'read',
      query: PAGE_QUERY,
      async handle(ask) {
        const list = (request: PageRequest) => deps.store.listEngines(of.kind, request);
        const rows = await oldPage(ask, { list, seek: list, idOf: (row) => row.id });
        return rows.map((row) => engineBody(of, row));
      },
    },
  ];
}

/** The settings with the body laid over them. 400 with all faults of form; 422 for what nobody has heard of. */
async function checkEngine(deps: ApiDeps, of: Kind, { body, warn }: Ask, before: Settings | undefined) {
  const mode = before === undefined ? 'create' : 'update';
  const { value, issues } = checkSettings(of.group, body ?? {}, { pointer: '', mode });
  const settings: Settings = { ...before, ...value };
  const engine = { type: of.kind, settings };
  const pointerOf = (field: string) => `/${field.slice(field.indexOf('.') + 1)}`;
  const touched = new Set(Object.keys(value).map((name) => `${of.group}.${name}`));
  const { catalogue } = deps;
  // The agent is not known here: rules that concern its fields stay silent.
  const across = checkAcross({ agent: {}, engine, catalogue, pointerOf, only: touched, partial: true });
  const graph = of.kind === 'conversation-flow' && touchesGraph(value) ? checkFlow(settings) : [];
  refuseFaults([...issues, ...across, ...graph]);
  const knownFaults = checkKnown({ engine, catalogue, knowledgeBases: await knowledgeBases(deps, value), pointerOf });
  const known = knownFaults.filter((issue) => issue.pointer.split('/')[1]! in value);
  const unknown = known.filter((issue) => issue.severity === 'error');
  if (unknown.length > 0) throw badReference(unknown.map((issue) => issue.message).join(' '));
  for (const issue of [...issues, ...across, ...graph, ...known]) warn(issue.message);
  return settings;
}

const GRAPH_FIELDS = ['nodes', 'start_node_id', 'components'];

/** What was saved before it was checked this way does not block other changes. */
function touchesGraph(value: Settings): boolean {
  return GRAPH_FIELDS.some((name) => name in value);
}

async function knowledgeBases(deps: ApiDeps, value: Settings): Promise<ReadonlySet<string>> {
  const ids = value['knowledge_base_ids'];
  return Array.isArray(ids) ? deps.store.knowledgeBasesExist(ids as string[]) : new Set();
}

async function findEngine(deps: ApiDeps, of: Kind, { params, query, warn }: Ask): Promise<EngineVersionRow> {
  const given = query['version'];
  const version = accept(parseEngineVersionQuery(typeof given === 'string' ? given : undefined), warn);
  const id = params[of.idField]!;
  const row = await deps.store.getEngine(of.kind, id, version);
  if (row === undefined) throw unknownEngine(of, id);
  return row;
}

function unknownEngine(of: Kind, id: string): ApiFailure {
  return of.kind === 'retell-llm' ? unknownAsset() : new ApiFailure(apiError('flow_not_found', { id }));
}

function published({ id, version }: EngineVersionRow): ApiFailure {
  const remedy = 'a draft of it is made with POST /create-agent-version/{agent_id} of an agent that uses it';
  return new ApiFailure(apiError('published_version', { id, version, remedy }));
}

function engineBody(of: Kind, row: EngineVersionRow): Record<string, unknown> {
  return {
    [of.idField]: row.id,
    ...row.settings,
    version: row.version,
    is_published: row.is_published,
    last_modification_timestamp: row.last_modification_timestamp,
  };
}
