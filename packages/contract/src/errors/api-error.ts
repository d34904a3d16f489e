/** The catalogue of API errors: stable code, HTTP status, message template, and whether the SDK should try again. */
import type { Issue } from '../inbound.ts';

interface Template {
  readonly status: number;
  /** `{name}` is filled from the parameters. */
  readonly message: string;
  /** `x-should-retry` of the answer: the SDK tries twice more by itself on 408, 409, 429 and 5xx. */
  readonly retry: boolean;
  /** For the documentation: when it is answered. */
  readonly when: string;
}

/** Every error the API answers with; docs/errors.md is proved equal to this table. */
export const API_ERRORS = {
  invalid_request: {
    status: 400,
    message: 'Invalid request: {reason}',
    retry: false,
    when: 'The body, query or path is not well-formed.',
  },
  no_credentials: {
    status: 400,
    message: 'This gateway has no {credentials}; {remedy}.',
    retry: false,
    when: 'What is asked for is done by another service, and nothing is set to log in there with.',
  },
  missing_setting: {
    status: 400,
    message: '{what} needs {settings}.',
    retry: false,
    when: 'What is asked for takes a setting that this gateway does not have; the message names it.',
  },
  none_on_sale: {
    status: 400,
    message: '{provider} has no number on sale {wish}.',
    retry: false,
    when: 'A number is to be bought and the provider has none like it.',
  },
  provider_refused: {
    status: 400,
    message: '{provider} refused: {reason}',
    retry: false,
    when: 'Twilio or Telnyx said no: wrong credentials, a number that is not for sale, a limit of the account.',
  },
  invalid_json: {
    status: 400,
    message: 'The request body is not JSON.',
    retry: false,
    when: 'The body cannot be parsed.',
  },
  unauthorized: {
    status: 401,
    message: 'API key is missing or invalid.',
    retry: false,
    when: 'No key, an unknown or a revoked one.',
  },
  forbidden: {
    status: 403,
    message: 'This API key may not do that.',
    retry: false,
    when: 'A read-only key asked for a change, or a webhook key for anything.',
  },
  webhook_not_proven: {
    status: 403,
    message: 'The request is not proven to come from {provider}: {reason}',
    retry: false,
    when: 'A webhook of a provider without its signature, or with one that does not fit (case 77).',
  },
  not_found: {
    status: 404,
    message: 'The requested resource was not found.',
    retry: false,
    when: 'No such route.',
  },
  not_offered: {
    status: 404,
    message: 'Pickup does not {feature}.',
    retry: false,
    when: 'A route of Retell that Pickup has not.',
  },
  flow_not_found: {
    status: 404,
    message: 'Conversation flow {id} was not found.',
    retry: false,
    when: 'Unknown conversation flow or flow component.',
  },
  version_not_found: {
    status: 404,
    message: 'Version {version} of {id} was not found.',
    retry: false,
    when: 'The agent exists, the version does not.',
  },
  method_not_allowed: {
    status: 405,
    message: 'Method not allowed.',
    retry: false,
    when: 'The route exists for other methods.',
  },
  request_timeout: {
    status: 408,
    message: 'The request took too long to arrive.',
    retry: true,
    when: 'The body did not come in time.',
  },
  conflict: { status: 409, message: '{reason}', retry: false, when: 'The change collides with what is there; final.' },
  body_too_large: {
    status: 413,
    message: 'The request body is too large.',
    retry: false,
    when: 'The body is over the limit.',
  },
  unsupported_media_type: {
    status: 415,
    message: 'The request body must be application/json.',
    retry: false,
    when: 'Another content type.',
  },
  not_found_asset: {
    status: 422,
    message: 'Cannot find requested asset under given api key.',
    retry: false,
    when: 'Unknown agent, chat agent, LLM, number, call, chat, voice or knowledge base.',
  },
  unknown_reference: {
    status: 422,
    message: '{reason}',
    retry: false,
    when: 'The body names an agent, engine, voice, model or knowledge base nobody has heard of.',
  },
  cannot_replay: {
    status: 422,
    message: '{reason}',
    retry: false,
    when: 'replay-inbound of a record that has no request, or of a number that has no webhook; the message says which.',
  },
  chat_over: {
    status: 400,
    message: 'Chat {id} is over and takes no more messages.',
    retry: false,
    when: 'A completion for a chat that has ended, be it by its silence.',
  },
  cannot_answer: {
    status: 422,
    message: '{reason}',
    retry: false,
    when: 'It takes what this gateway does not have, and the message says what: a model, a way to send texts.',
  },
  published_version: {
    status: 400,
    message: 'Version {version} of {id} is published and cannot be changed; {remedy}.',
    retry: false,
    when: 'A change of a published version.',
  },
  only_version: {
    status: 400,
    message: 'Version {version} is the only one of {id}; delete the agent instead.',
    retry: false,
    when: 'Deletion of the last version.',
  },
  number_exists: {
    status: 422,
    message: 'Phone number {id} exists already.',
    retry: false,
    when: 'Import of a number that is there.',
  },
  missing_provider_key: {
    status: 400,
    message:
      '{what} needs an API key of {provider}, and this gateway has none. A voice of that provider can be made known by its id in catalogue.json in the data folder.',
    retry: false,
    when: 'Adding, cloning or searching voices of a provider.',
  },
  in_use: {
    status: 400,
    message: '{id} is in use by {user}.',
    retry: false,
    when: 'Deletion of what something else needs.',
  },
  too_many_streams: {
    status: 429,
    message: 'There are {most} streams already; close one that is no longer read.',
    retry: false,
    when: 'stream-inbounds, while as many clients follow as may.',
  },
  internal: { status: 500, message: 'An unexpected server error occurred.', retry: true, when: 'A fault of Pickup.' },
  provider_silent: {
    status: 502,
    message: '{provider} did not answer: {reason}',
    retry: false,
    when: 'Twilio or Telnyx cannot be reached, failed, or its answer was lost. The message says what holds now.',
  },
  model_failed: {
    status: 502,
    message: '{id} was not answered: {reason}. Nothing of it was stored; the message can be sent again.',
    retry: false,
    when: "A chat agent's model, or its own server, did not answer after the retries that are worth it.",
  },
  overloaded: {
    status: 503,
    message: 'The gateway cannot take this request now.',
    retry: true,
    when: 'Draining, out of capacity, or the store cannot write.',
  },
} as const satisfies Readonly<Record<string, Template>>;

/** A code of the catalogue; stable. */
export type ApiErrorCode = keyof typeof API_ERRORS;

type Placeholder<T extends string> = T extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholder<Rest>
  : never;

/** What a message needs filled in. */
export type ApiErrorParams<C extends ApiErrorCode> = Readonly<
  Record<Placeholder<(typeof API_ERRORS)[C]['message']>, string | number>
>;

/** What every error's body looks like; Retell's two members first. */
export interface ApiErrorBody {
  readonly status: 'error';
  readonly message: string;
  /** Stable: branch on it, never on the message. */
  readonly code: ApiErrorCode;
  readonly issues?: readonly Issue[];
}

/** An answer to send. */
export interface ApiError {
  readonly code: ApiErrorCode;
  readonly status: number;
  /** Value of the `x-should-retry` header. */
  readonly should_retry: boolean;
  readonly body: ApiErrorBody;
}

/** Builds an error of the catalogue; the parameters are those of its message. */
export function apiError<C extends ApiErrorCode>(
  code: C,
  ...[params, issues]: [Placeholder<(typeof API_ERRORS)[C]['message']>] extends [never]
    ? [params?: Readonly<Record<string, never>>, issues?: readonly Issue[]]
    : [params: ApiErrorParams<C>, issues?: readonly Issue[]]
): ApiError {
  const template: Template = API_ERRORS[code];
  const values = (params ?? {}) as Readonly<Record<string, string | number>>;
  const message = template.message.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  const body = { status: 'error', message, code, ...(issues === undefined ? {} : { issues }) } as const;
  return { code, status: template.status, should_retry: template.retry, body };
}

/** `invalid_request` from the errors among these issues: the first is the message, all are in `issues`. */
export function invalidRequest(issues: readonly Issue[]): ApiError {
  const errors = issues.filter((issue) => issue.severity === 'error');
  const first = errors[0];
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const reason =
    first === undefined
      ? 'not well-formed.'
      : `${first.pointer === '' ? '' : `${first.pointer}: `}${first.message}${more}`;
  return apiError('invalid_request', { reason }, errors);
}
