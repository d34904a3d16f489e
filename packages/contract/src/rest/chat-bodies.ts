/** Bodies of the chat routes. */
import type { Catalogue } from '../agent.ts';
import type { Issue, JsonObject } from '../inbound.ts';
import type { AgentVersionReference } from '../phone-number.ts';
import { readMetadata, readVariables } from '../reply/envelope.ts';
import type { AgentOverride } from '../reply/judged-reply.ts';
import { checkOverrideGroups } from '../reply/override-groups.ts';
import type { UrlCheck } from '../reply/webhook-url.ts';
import { choice, field, nonEmptyText, nullable, required } from '../settings/field.ts';
import { isObject } from '../settings/issue.ts';
import { anything, type BodyResult, bodyResult, e164, readBody, table, versionReference } from './body.ts';
import { checkAttributes } from './call-bodies.ts';

/** `POST /create-chat`. */
export interface CreateChatBody {
  readonly agent_id: string;
  readonly agent_version?: AgentVersionReference;
  readonly metadata?: JsonObject;
  readonly retell_llm_dynamic_variables: Readonly<Record<string, string>>;
  /** Ours: as in a webhook's reply, for this chat only. */
  readonly agent_override?: AgentOverride;
}

/** The members of a new chat. */
export const CREATE_CHAT_FIELDS = table({
  agent_id: required(field(nonEmptyText())),
  agent_version: nullable(versionReference),
  metadata: field(anything()),
  retell_llm_dynamic_variables: field(anything()),
  agent_override: field(anything()),
});

/** Reads a new chat; the override is judged as a reply's is, but refuses here. */
export function parseCreateChat(
  value: unknown,
  options: { readonly catalogue?: Catalogue; readonly checkUrl?: UrlCheck } = {},
): BodyResult<CreateChatBody> {
  const read = readBody(value, CREATE_CHAT_FIELDS);
  const given = readSession(value);
  const override = checkOverrideGroups(sentAs('agent_override', value), '/agent_override', options);
  const body = {
    agent_id: read.value['agent_id'],
    ...versionOf(read.value['agent_version']),
    ...given.session,
    ...(override.override === undefined ? {} : { agent_override: override.override }),
  };
  const issues = [...read.issues, ...refusing([...given.issues, ...override.issues])];
  return bodyResult(body as unknown as CreateChatBody, issues);
}

/** `POST /create-chat-completion`. */
export interface ChatCompletionBody {
  readonly chat_id: string;
  readonly content: string;
}

/** The members of a completion. */
export const CHAT_COMPLETION_FIELDS = table({
  chat_id: required(field(nonEmptyText())),
  content: required(field(nonEmptyText())),
});

/** Reads a completion. */
export function parseChatCompletion(value: unknown): BodyResult<ChatCompletionBody> {
  const read = readBody(value, CHAT_COMPLETION_FIELDS);
  return bodyResult(read.value as unknown as ChatCompletionBody, read.issues);
}

/** `POST /create-sms-chat`. */
export interface CreateSmsChatBody {
  readonly from_number: string;
  readonly to_number: string;
  readonly override_agent_id?: string;
  readonly override_agent_version?: AgentVersionReference;
  readonly metadata?: JsonObject;
  readonly retell_llm_dynamic_variables: Readonly<Record<string, string>>;
}

/** The members of a chat that begins with a text of ours. */
export const CREATE_SMS_CHAT_FIELDS = table({
  from_number: required(field(nonEmptyText())),
  to_number: required(field(e164())),
  override_agent_id: nullable(nonEmptyText()),
  override_agent_version: nullable(versionReference),
  metadata: field(anything()),
  retell_llm_dynamic_variables: field(anything()),
});

/** Reads a chat that begins with a text of ours. */
export function parseCreateSmsChat(value: unknown): BodyResult<CreateSmsChatBody> {
  const read = readBody(value, CREATE_SMS_CHAT_FIELDS);
  const given = readSession(value);
  const plain = Object.entries(read.value).filter(
    ([name, sent]) => sent !== null && name !== 'metadata' && name !== 'retell_llm_dynamic_variables',
  );
  const body = { ...Object.fromEntries(plain), ...given.session };
  return bodyResult(body as unknown as CreateSmsChatBody, [...read.issues, ...refusing(given.issues)]);
}

/** `PATCH /update-chat/{id}`. */
export interface UpdateChatBody {
  readonly metadata?: JsonObject;
  readonly data_storage_setting?: 'everything' | 'everything_except_pii' | 'basic_attributes_only';
  readonly custom_attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Null removes the override. */
  readonly override_dynamic_variables?: Readonly<Record<string, string>> | null;
}

/** The members of a change of a chat. */
export const UPDATE_CHAT_FIELDS = table({
  metadata: field(anything()),
  data_storage_setting: field(choice(['everything', 'everything_except_pii', 'basic_attributes_only'])),
  custom_attributes: field(anything()),
  override_dynamic_variables: nullable(anything()),
});

/** Reads an update of a chat. */
export function parseUpdateChat(value: unknown): BodyResult<UpdateChatBody> {
  const read = readBody(value, UPDATE_CHAT_FIELDS);
  const issues: Issue[] = [];
  const metadata = readMetadata(sentAs('metadata', value), '/metadata', issues);
  const sent = sentAs('override_dynamic_variables', value);
  const override = readVariables(sent, '/override_dynamic_variables', issues);
  issues.push(...checkAttributes(sentAs('custom_attributes', value)));
  const { metadata: _metadata, override_dynamic_variables: _override, ...plain } = read.value;
  const body = {
    ...plain,
    ...(metadata === undefined ? {} : { metadata }),
    ...(sent === undefined ? {} : { override_dynamic_variables: sent === null ? null : override }),
  };
  return bodyResult(body as UpdateChatBody, [...read.issues, ...refusing(issues)]);
}

/** Metadata and variables, which stand in every body that begins a session. */
function readSession(value: unknown) {
  const issues: Issue[] = [];
  const metadata = readMetadata(sentAs('metadata', value), '/metadata', issues);
  const variables = readVariables(
    sentAs('retell_llm_dynamic_variables', value),
    '/retell_llm_dynamic_variables',
    issues,
  );
  return { issues, session: { ...(metadata && { metadata }), retell_llm_dynamic_variables: variables } };
}

function versionOf(version: unknown) {
  return version === undefined || version === null ? {} : { agent_version: version };
}

function sentAs(name: string, value: unknown): unknown {
  return isObject(value) ? value[name] : undefined;
}

function refusing(issues: readonly Issue[]): Issue[] {
  return issues.map((issue) => (issue.severity === 'error' ? { ...issue, effect: 'refuses' } : issue));
}
