/** Engines: Retell LLMs and conversation flows. An unknown LLM is 422, an unknown flow 404, as Retell has it. */
import {
  apiError,
  checkAcross,
  checkKnown,
  checkSettings,
  parseEngineVersionQuery,
  type Settings,
  type SettingsGroup,
} from '@pickup/contract';
import type { EngineVersionRow } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, badReference, refuseFaults, unknownAsset } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import { type Ask, members, type Route } from './route.ts';

interface Kind {
  readonly kind: EngineVersionRow['kind'];
  readonly group: SettingsGroup;
  readonly idField: 'llm_id' | 'conversation_flow_id';
  readonly prefix: string;
  readonly required: string;
}

const KINDS: readonly Kind[] = [
  { kind: 'retell-llm', group: 'retell_llm', idField: 'llm_id', prefix: 'llm_', required: '' },
  {
    kind: 'conversation-flow',
    group: 'conversation_flow',
    idField: 'conversation_flow_id',
    prefix: 'conversation_flow_',
    required: 'model_choice! nodes! start_speaker!',
  },
];

/** The routes of engines. */
export function engineRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return KINDS.flatMap((of) => [createRoute(deps, of), getRoute(deps, of), updateRoute(deps, turns, of)]);
}

function createRoute(deps: ApiDeps, of: Kind): Route {
  return {
    method: 'POST',
    path: `/create-${of.kind}`,
    summary: `Create a ${of.kind}`,
    access: 'write',
    status: 201,
    body: members(of.required),
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
    summary: `Change a ${of.kind}; default its latest version, of which a new draft is made where it is published`,
    access: 'write',
    query: ['version'],
    body: members(''),
    handle: (ask) =>
      turns(`${of.kind} ${ask.params[of.idField]}`, async () => {
        const before = await findEngine(deps, of, ask);
        if (before.is_published && isNamed(ask)) throw published(before);
        const settings = await checkEngine(deps, of, ask, before.settings);
        const row = { ...before, settings, last_modification_timestamp: deps.clock.wallMs() };
        const outcome = before.is_published ? 'published' : await deps.store.updateEngine(row);
        if (outcome === 'published') return engineBody(of, await draftAfter(deps, row, isNamed(ask)));
        if (outcome === 'unknown') throw unknownEngine(of, row.id);
        return engineBody(of, row);
      }),
  };
}

/** The request names a version. */
function isNamed({ query }: Ask): boolean {
  return query['version'] !== undefined && query['version'] !== '';
}

/** The change of a published version as a draft of its own. Throws 422 where that very version was to change. */
async function draftAfter(deps: ApiDeps, row: EngineVersionRow, named: boolean): Promise<EngineVersionRow> {
  const draft = { ...row, version: row.version + 1, is_published: false };
  if (named || !(await deps.store.createEngine(draft))) throw published(row);
  return draft;
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
  refuseFaults([...issues, ...across]);
  const knownFaults = checkKnown({ engine, catalogue, knowledgeBases: await knowledgeBases(deps, value), pointerOf });
  const known = knownFaults.filter((issue) => issue.pointer.split('/')[1]! in value);
  const unknown = known.filter((issue) => issue.severity === 'error');
  if (unknown.length > 0) throw badReference(unknown.map((issue) => issue.message).join(' '));
  for (const issue of [...issues, ...across, ...known]) warn(issue.message);
  return settings;
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
  return new ApiFailure(apiError('published_version', { id, version }));
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
