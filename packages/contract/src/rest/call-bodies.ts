/** Bodies of register-phone-call and update-call. */

import type { Catalogue } from '../agent.ts';
import type { Issue, JsonObject } from '../inbound.ts';
import type { AgentVersionReference } from '../phone-number.ts';
import { METADATA_MAX_BYTES, readMetadata, readVariables, utf8Length } from '../reply/envelope.ts';
import type { AgentOverride } from '../reply/judged-reply.ts';
import { checkOverrideGroups } from '../reply/override-groups.ts';
import type { UrlCheck } from '../reply/webhook-url.ts';
import { choice, field, flag, nonEmptyText, number, required, text } from '../settings/field.ts';
import { fault, isObject, kindOf, pointerTo } from '../settings/issue.ts';
import { anything, type BodyResult, bodyResult, readBody, table, versionReference } from './body.ts';

/** `POST /v2/register-phone-call` (A3): the whole of what a webhook would have said. */
export interface RegisterCallBody {
  readonly agent_id: string;
  readonly agent_version?: AgentVersionReference;
  readonly direction: 'inbound' | 'outbound';
  readonly from_number?: string;
  readonly to_number?: string;
  readonly metadata?: JsonObject;
  readonly retell_llm_dynamic_variables?: Readonly<Record<string, string>>;
  readonly agent_override?: AgentOverride;
}

/** The members of a registration. */
export const REGISTER_CALL_FIELDS = table({
  agent_id: required(field(nonEmptyText())),
  agent_version: field(versionReference),
  direction: field(choice(['inbound', 'outbound'])),
  from_number: field(text()),
  to_number: field(text()),
  metadata: field(anything()),
  retell_llm_dynamic_variables: field(anything()),
  agent_override: field(anything()),
});

function sentAs(name: string, value: unknown): unknown {
  return isObject(value) ? value[name] : undefined;
}

function refusing(issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => (issue.severity === 'error' ? { ...issue, effect: 'refuses' } : issue));
}

/** Reads a registration. `direction` defaults to `inbound`; the override is judged as a reply's is, but refuses here. */
export function parseRegisterCall(
  value: unknown,
  options: { readonly catalogue?: Catalogue; readonly checkUrl?: UrlCheck } = {},
): BodyResult<RegisterCallBody> {
  const read = readBody(value, REGISTER_CALL_FIELDS);
  const issues: Issue[] = [];
  const metadata = readMetadata(sentAs('metadata', value), '/metadata', issues);
  const sentVariables = sentAs('retell_llm_dynamic_variables', value);
  const variables = readVariables(sentVariables, '/retell_llm_dynamic_variables', issues);
  const override = checkOverrideGroups(sentAs('agent_override', value), '/agent_override', options);
  issues.push(...override.issues);
  const {
    agent_override: _override,
    metadata: _metadata,
    retell_llm_dynamic_variables: _variables,
    ...plain
  } = read.value;
  const body = {
    direction: 'inbound',
    ...plain,
    ...(metadata === undefined ? {} : { metadata }),
    ...(sentVariables === undefined || sentVariables === null ? {} : { retell_llm_dynamic_variables: variables }),
    ...(override.override === undefined ? {} : { agent_override: override.override }),
  };
  return bodyResult(body as unknown as RegisterCallBody, [...read.issues, ...refusing(issues)]);
}

/** `PATCH /v2/update-call/{id}`; no other property is allowed. */
export interface UpdateCallBody {
  readonly metadata?: JsonObject;
  readonly data_storage_setting?: 'everything' | 'everything_except_pii' | 'basic_attributes_only';
  readonly custom_attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** The members of a change of a call. */
export const UPDATE_CALL_FIELDS = table({
  metadata: field(anything()),
  data_storage_setting: field(choice(['everything', 'everything_except_pii', 'basic_attributes_only'])),
  custom_attributes: field(anything()),
});

const attribute: Readonly<Record<string, { safeParse(value: unknown): { readonly success: boolean } }>> = {
  string: text(),
  number: number(),
  boolean: flag(),
};

/** `custom_attributes`: texts, numbers, true and false by name; at most as large as metadata. */
export function checkAttributes(value: unknown): Issue[] {
  if (value === undefined) return [];
  const pointer = '/custom_attributes';
  if (!isObject(value)) {
    return [
      fault({
        code: 'wrong_type',
        pointer,
        message: `custom_attributes must be an object, not ${kindOf(value)}.`,
        sent: value,
      }),
    ];
  }
  if (utf8Length(JSON.stringify(value)) > METADATA_MAX_BYTES) {
    const message = `custom_attributes must not exceed ${METADATA_MAX_BYTES} bytes of JSON.`;
    return [fault({ code: 'too_large', pointer, message, allowed: { max_bytes: METADATA_MAX_BYTES } })];
  }
  return Object.keys(value)
    .filter((name) => attribute[typeof value[name]]?.safeParse(value[name]).success !== true)
    .map((name) =>
      fault({
        code: 'wrong_type',
        pointer: pointerTo(pointer, name),
        message: `custom_attributes.${name} must be a string, a number, true or false, not ${kindOf(value[name])}.`,
        sent: value[name],
      }),
    );
}

/** Reads an update of a call; an unknown property is an error here. */
export function parseUpdateCall(value: unknown): BodyResult<UpdateCallBody> {
  const read = readBody(value, UPDATE_CALL_FIELDS, { strict: true });
  const issues: Issue[] = [];
  const metadata = readMetadata(sentAs('metadata', value), '/metadata', issues);
  issues.push(...checkAttributes(sentAs('custom_attributes', value)));
  const { metadata: _metadata, ...plain } = read.value;
  const body = { ...plain, ...(metadata === undefined ? {} : { metadata }) };
  return bodyResult(body as UpdateCallBody, [...read.issues, ...refusing(issues)]);
}
