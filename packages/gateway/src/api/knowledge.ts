/** Knowledge bases: Retell's routes. */
import {
  ADD_KNOWLEDGE_FIELDS,
  type AddKnowledgeSourcesBody,
  apiError,
  CREATE_KNOWLEDGE_FIELDS,
  fieldsSchema,
  KNOWLEDGE_FILES,
  parseAddKnowledgeSources,
  parseCreateKnowledgeBase,
} from '@pickup/contract';
import type { GivenKnowledge, Taken, UploadedFile } from '../knowledge/index.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, invalid, refuseFaults, unknownAsset } from './failure.ts';
import { knowledgeBaseBody } from './knowledge-body.ts';
import type { Turns } from './one-at-a-time.ts';
import type { Ask, Route } from './route.ts';

const MOST_FILES = 25;
/** Of a knowledge base. */
const MOST_SOURCES = 1_000;

/** The routes of knowledge bases. */
export function knowledgeRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/create-knowledge-base',
      summary: 'Make a knowledge base from texts, files and URLs; URLs are read afterwards',
      access: 'write',
      status: 201,
      form: true,
      body: fieldsSchema(CREATE_KNOWLEDGE_FIELDS, true),
      handle: (ask) => create(deps, ask),
    },
    {
      method: 'POST',
      path: '/add-knowledge-base-sources/{knowledge_base_id}',
      summary: 'Add texts, files and URLs',
      access: 'write',
      status: 201,
      form: true,
      body: fieldsSchema(ADD_KNOWLEDGE_FIELDS, true),
      handle: (ask) => turns(turnOf(ask), () => add(deps, ask)),
    },
    {
      method: 'GET',
      path: '/list-knowledge-bases',
      summary: 'List all knowledge bases, newest first',
      access: 'read',
      async handle() {
        const all = await deps.store.listKnowledgeBases();
        return all.map((view) => knowledgeBaseBody(view, deps.publicUrl()));
      },
    },
    {
      method: 'GET',
      path: '/get-knowledge-base/{knowledge_base_id}',
      summary: 'Read a knowledge base, and how far its sources were read',
      access: 'read',
      handle: ({ params }) => shown(deps, params['knowledge_base_id']!),
    },
    {
      method: 'DELETE',
      path: '/delete-knowledge-base/{knowledge_base_id}',
      summary: 'Delete a knowledge base; calls of agents that name it go on without it',
      access: 'write',
      status: 204,
      async handle({ params }) {
        if (!(await deps.library.delete(params['knowledge_base_id']!))) throw unknownAsset();
      },
    },
    {
      method: 'DELETE',
      path: '/delete-knowledge-base-source/{knowledge_base_id}/source/{source_id}',
      summary: 'Take a source out of a knowledge base',
      access: 'write',
      async handle({ params }) {
        const [baseId, sourceId] = [params['knowledge_base_id']!, params['source_id']!];
        if (!(await deps.library.deleteSource(baseId, sourceId))) throw unknownAsset();
        return shown(deps, baseId);
      },
    },
  ];
}

const turnOf = ({ params }: Ask) => `knowledge ${params['knowledge_base_id']}`;

async function create(deps: ApiDeps, { body, files, warn }: Ask) {
  const read = accept(parseCreateKnowledgeBase(body, { isForm: files !== undefined }), warn);
  const given = givenBy(deps, read, files ?? []);
  refuseMany(given, 0);
  const id = `knowledge_base_${deps.newId()}`;
  const { knowledge_base_name, enable_auto_refresh, max_chunk_size, min_chunk_size } = read;
  const base = { knowledge_base_id: id, knowledge_base_name, enable_auto_refresh, max_chunk_size, min_chunk_size };
  refuseUntaken(await deps.library.create(base, given));
  return shown(deps, id);
}

async function add(deps: ApiDeps, { params, body, files, warn }: Ask) {
  const id = params['knowledge_base_id']!;
  const view = await deps.store.getKnowledgeBase(id);
  if (view === undefined) throw unknownAsset();
  const given = givenBy(
    deps,
    accept(parseAddKnowledgeSources(body ?? {}, { isForm: files !== undefined }), warn),
    files ?? [],
  );
  refuseMany(given, view.sources.length);
  refuseUntaken(await deps.library.add(view.base, given));
  return shown(deps, id);
}

async function shown(deps: ApiDeps, id: string) {
  const view = await deps.store.getKnowledgeBase(id);
  if (view === undefined) throw unknownAsset();
  return knowledgeBaseBody(view, deps.publicUrl());
}

/** Throws 400 for files under other names and for URLs that may not be asked. */
function givenBy(deps: ApiDeps, body: AddKnowledgeSourcesBody, files: readonly UploadedFile[]): GivenKnowledge {
  const stray = files.find(({ field }) => field !== KNOWLEDGE_FILES);
  if (stray) throw invalid(`files are sent as ${KNOWLEDGE_FILES}, not as ${stray.field.slice(0, 100)}.`);
  if (files.length > MOST_FILES) throw invalid(`${KNOWLEDGE_FILES} takes at most ${MOST_FILES} files at once.`);
  const urls = body.knowledge_base_urls;
  refuseFaults(
    urls.flatMap((url, index) => {
      const verdict = deps.checkUrl(url, 'knowledge_page');
      if (verdict.ok) return [];
      const pointer = `/knowledge_base_urls/${index}`;
      const message = `knowledge_base_urls[${index}]: ${verdict.message}`;
      return [{ severity: 'error', effect: 'refuses', code: 'unsafe_url', rule: 'E5', pointer, message } as const];
    }),
  );
  return { texts: body.knowledge_base_texts, urls, files };
}

function refuseMany({ texts, urls, files }: GivenKnowledge, already: number): void {
  const all = texts.length + urls.length + files.length + already;
  if (all > MOST_SOURCES)
    throw invalid(`a knowledge base has at most ${MOST_SOURCES} sources; this one would have ${all}.`);
}

function refuseUntaken(taken: Taken): void {
  if (taken === 'unknown') throw unknownAsset();
  if (taken !== 'taken') throw new ApiFailure(apiError('invalid_request', { reason: taken.unreadable }));
}
