/** Bodies of publish-agent-version, create-agent-version and assign-agent-tag. */
import { checkedText, field, integer, nullable, required, stringMap, text } from '../settings/field.ts';
import { type BodyResult, bodyResult, readBody, table } from './body.ts';

/** `POST /publish-agent-version/{id}`. */
export interface PublishBody {
  readonly version: number;
  readonly version_title?: string;
  readonly version_description?: string;
}

/** The members of a publication. */
export const PUBLISH_FIELDS = table({
  version: required(field(integer({ min: 0 }))),
  version_title: field(text()),
  version_description: field(text()),
});

/** Reads a publication. */
export function parsePublish(value: unknown): BodyResult<PublishBody> {
  const read = readBody(value, PUBLISH_FIELDS);
  return bodyResult(read.value as unknown as PublishBody, read.issues);
}

/** `POST /create-agent-version/{id}`. */
export interface CreateVersionBody {
  readonly base_version: number;
}

/** The members of the making of a draft. */
export const CREATE_VERSION_FIELDS = table({ base_version: required(field(integer({ min: 0 }))) });

/** Reads the making of a new draft. */
export function parseCreateVersion(value: unknown): BodyResult<CreateVersionBody> {
  const read = readBody(value, CREATE_VERSION_FIELDS);
  return bodyResult(read.value as unknown as CreateVersionBody, read.issues);
}

/** `POST /assign-agent-tag/{id}` (ours). */
export interface AssignTagBody {
  readonly tag: string;
  /** null: the tag exists, is unassigned and means the latest version. */
  readonly version: number | null;
  readonly dynamic_variables?: Readonly<Record<string, string>>;
}

/** Names that mean something else: versions, and keys that reach prototypes of the objects that tags are keys of. */
const TAKEN: ReadonlySet<string> = new Set(['latest', 'latest_published', '__proto__', 'constructor', 'prototype']);

function isTag(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name) && !TAKEN.has(name) && !/^\d+$/.test(name);
}

/** The members of a tag's assignment. */
export const ASSIGN_TAG_FIELDS = table({
  tag: required(
    field(checkedText('1 to 64 letters, digits, _ or -, not all of them digits, and not the name of a version', isTag)),
  ),
  version: required(nullable(integer({ min: 0 }))),
  dynamic_variables: field(stringMap()),
});

/** Reads a tag's assignment. */
export function parseAssignTag(value: unknown): BodyResult<AssignTagBody> {
  const read = readBody(value, ASSIGN_TAG_FIELDS);
  return bodyResult(read.value as unknown as AssignTagBody, read.issues);
}
