/** Bodies of publish-agent-version and create-agent-version. */
import { field, integer, required, text } from '../settings/field.ts';
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
