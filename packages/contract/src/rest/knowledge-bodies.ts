/** Bodies of knowledge bases. They come as forms from the SDK, and may come as JSON where there are no files. */
import type { Issue } from '../inbound.ts';
import {
  checkedText,
  field,
  flag,
  integer,
  list,
  nonEmptyText,
  number,
  required,
  shape,
  text,
} from '../settings/field.ts';
import { fault, isObject } from '../settings/issue.ts';
import { anything, type BodyResult, bodyResult, readBody, table } from './body.ts';
import { type FormKinds, type FormTexts, formValues } from './form-values.ts';

/** A text with its title. */
export interface KnowledgeText {
  readonly title: string;
  readonly text: string;
}

/** `POST /add-knowledge-base-sources/{id}`, but for the files, which are parts of the form. */
export interface AddKnowledgeSourcesBody {
  readonly knowledge_base_texts: readonly KnowledgeText[];
  readonly knowledge_base_urls: readonly string[];
}

/** `POST /create-knowledge-base`, likewise. */
export interface CreateKnowledgeBaseBody extends AddKnowledgeSourcesBody {
  readonly knowledge_base_name: string;
  /** Default false. */
  readonly enable_auto_refresh: boolean;
  /** In characters; default 2,000. */
  readonly max_chunk_size: number;
  /** Default 400. */
  readonly min_chunk_size: number;
}

/** `POST /search-knowledge-base/{id}` (ours). */
export interface SearchKnowledgeBody {
  readonly query: string;
  /** Default 3. */
  readonly top_k: number;
  /** Default 0. */
  readonly filter_score: number;
}

/** The names of parts that are files. */
export const KNOWLEDGE_FILES = 'knowledge_base_files';

const SOURCES = {
  knowledge_base_texts: field(list(shape({ title: text(), text: nonEmptyText() }))),
  knowledge_base_urls: field(list(checkedText('an http or https URL', isWebUrl))),
  [KNOWLEDGE_FILES]: field(anything()),
};

/** The members of further sources. */
export const ADD_KNOWLEDGE_FIELDS = table(SOURCES);

/** The members of a new knowledge base. */
export const CREATE_KNOWLEDGE_FIELDS = table({
  knowledge_base_name: required(
    field(checkedText('a string of 1 to 39 characters', (name) => name !== '' && name.length < 40)),
  ),
  ...SOURCES,
  enable_auto_refresh: field(flag()),
  max_chunk_size: field(integer({ min: 100, max: 10_000, unit: 'characters' })),
  min_chunk_size: field(integer({ min: 0, max: 9_999, unit: 'characters' })),
});

/** The members of a search. */
export const SEARCH_KNOWLEDGE_FIELDS = table({
  query: required(field(nonEmptyText())),
  top_k: field(integer({ min: 1, max: 10 })),
  filter_score: field(number({ min: 0, max: 1 })),
});

const KINDS: FormKinds = {
  lists: ['knowledge_base_texts', 'knowledge_base_urls'],
  numbers: ['max_chunk_size', 'min_chunk_size'],
  flags: ['enable_auto_refresh'],
};

/** Reads a new knowledge base. */
export function parseCreateKnowledgeBase(
  value: unknown,
  options: { readonly isForm: boolean },
): BodyResult<CreateKnowledgeBaseBody> {
  const sent = options.isForm ? formValues(value as FormTexts, KINDS) : value;
  const read = readBody(sent, CREATE_KNOWLEDGE_FIELDS);
  const defaults = { enable_auto_refresh: false, max_chunk_size: 2_000, min_chunk_size: 400 };
  const body = { ...NO_SOURCES, ...defaults, ...read.value } as unknown as CreateKnowledgeBaseBody;
  return bodyResult(body, [...read.issues, ...fileFaults(sent), ...sizeFaults(body, read.issues)]);
}

/** Reads further sources. */
export function parseAddKnowledgeSources(
  value: unknown,
  options: { readonly isForm: boolean },
): BodyResult<AddKnowledgeSourcesBody> {
  const sent = options.isForm ? formValues(value as FormTexts, KINDS) : value;
  const read = readBody(sent, ADD_KNOWLEDGE_FIELDS);
  const body = { ...NO_SOURCES, ...read.value } as unknown as AddKnowledgeSourcesBody;
  return bodyResult(body, [...read.issues, ...fileFaults(sent)]);
}

/** Reads a search. */
export function parseSearchKnowledge(value: unknown): BodyResult<SearchKnowledgeBody> {
  const read = readBody(value, SEARCH_KNOWLEDGE_FIELDS);
  return bodyResult({ top_k: 3, filter_score: 0, ...read.value } as unknown as SearchKnowledgeBody, read.issues);
}

const NO_SOURCES = { knowledge_base_texts: [], knowledge_base_urls: [] };

/** Files are parts with a file name; a text of that name, or a member of JSON, is none. */
function fileFaults(sent: unknown): Issue[] {
  if (!isObject(sent) || sent[KNOWLEDGE_FILES] === undefined) return [];
  // The SDK sends a list without files as text.
  if (sent[KNOWLEDGE_FILES] === '[]' || (Array.isArray(sent[KNOWLEDGE_FILES]) && sent[KNOWLEDGE_FILES].length === 0)) {
    return [];
  }
  const message = `${KNOWLEDGE_FILES} must be sent as files, in a body of the type multipart/form-data.`;
  return [fault({ code: 'wrong_type', pointer: `/${KNOWLEDGE_FILES}`, message })];
}

function sizeFaults(body: CreateKnowledgeBaseBody, issues: readonly Issue[]): Issue[] {
  const { max_chunk_size, min_chunk_size } = body;
  const isJudged = issues.some(({ pointer }) => pointer === '/max_chunk_size' || pointer === '/min_chunk_size');
  if (isJudged || min_chunk_size < max_chunk_size) return [];
  const message = `min_chunk_size must be less than max_chunk_size, which is ${max_chunk_size}.`;
  return [fault({ code: 'out_of_range', pointer: '/min_chunk_size', message, sent: min_chunk_size })];
}

function isWebUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/.test(new URL(value).protocol);
}
