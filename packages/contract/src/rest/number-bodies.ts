/** Bodies of import-phone-number and update-phone-number: Retell's fields and our own. */

import { z } from 'zod';
import { type Issue, type Json, type JsonObject, OUTCOMES } from '../inbound.ts';
import type { PhoneNumberSettings, WeightedAgent } from '../phone-number.ts';
import type { UrlCheck } from '../reply/webhook-url.ts';
import {
  checkedText,
  choice,
  type Field,
  field,
  flag,
  integer,
  list,
  nonEmptyText,
  nullable,
  number,
  optional,
  required,
  shape,
  text,
} from '../settings/field.ts';
import { fault, pointerTo, warning } from '../settings/issue.ts';
import { type BodyResult, bodyResult, isE164, readBody, table, versionReference } from './body.ts';
import { isCountryCode } from './country-code.ts';
import { CALLER_FIELDS, checkCallers, type PeerReader, readPeers } from './number-callers.ts';

/** A number's body, read: what the store keeps, and what it keeps sealed. */
export interface NumberBody {
  /** Only on import. */
  readonly phone_number?: string;
  /** Fields that were sent. Null clears. */
  readonly settings: Readonly<
    Partial<
      Omit<
        PhoneNumberSettings,
        'phone_number' | 'phone_number_type' | 'last_modification_timestamp' | 'sip_outbound_trunk_config'
      >
    >
  >;
  readonly trunk: Readonly<
    Partial<{ termination_uri: string; auth_username: string; transport: 'TLS' | 'TCP' | 'UDP' | null }>
  >;
  /** In the clear, to be sealed; never returned. */
  readonly auth_password?: string;
  /** In the clear, to be sealed; never returned. Null clears. */
  readonly sip_inbound_password?: string | null;
}

const version = z.union([z.int().min(0), z.string().min(1)]);
const weightedAgents = list(
  shape({ agent_id: nonEmptyText(), weight: number({ min: 0, max: 1 }), agent_version: optional(version) }),
);
const countries = list(checkedText('an ISO 3166 country code such as US', isCountryCode));
const callerRule = checkedText(
  'a number in E.164 form, a prefix ending in *, or anonymous',
  (rule) => rule === 'anonymous' || /^\+?\d{1,15}\*?$/.test(rule) || rule === '*',
);
const refusals = OUTCOMES.filter(
  (outcome) => !['connected', 'caller_abandoned', 'interrupted', 'opted_out'].includes(outcome),
);
const webhookUrl = nullable(text());

const NEW: Readonly<Record<string, Field>> = {
  nickname: nullable(text()),
  inbound_agents: nullable(weightedAgents),
  outbound_agents: nullable(weightedAgents),
  inbound_sms_agents: nullable(weightedAgents),
  outbound_sms_agents: nullable(weightedAgents),
  inbound_webhook_url: webhookUrl,
  inbound_sms_webhook_url: webhookUrl,
  allowed_inbound_country_list: nullable(countries),
  allowed_outbound_country_list: nullable(countries),
  fallback_number: nullable(nonEmptyText()),
  // With less the endpoint would be asked with hardly a second to answer in, or not at all (C4).
  ring_budget_ms: field(integer({ min: 2000, max: 120_000, unit: 'ms' })),
  inbound_webhook_profile: field(choice(['seed', 'current'])),
  on_invalid_override: field(choice(['refuse', 'ignore'])),
  refusal_codes: field(
    shape(Object.fromEntries(refusals.map((outcome) => [outcome, optional(integer({ min: 400, max: 699 }))]))),
  ),
  blocked_callers: field(list(callerRule)),
  allowed_callers: field(list(callerRule)),
  redirects: field(flag()),
  outcome_header: field(flag()),
  ...CALLER_FIELDS,
};
const SHARED: Readonly<Record<string, Field>> = {
  ...NEW,
  termination_uri: field(nonEmptyText()),
  transport: nullable(choice(['TLS', 'TCP', 'UDP'])),
  ignore_e164_validation: field(flag()),
};

function isUser(text: string): boolean {
  return text.trim() !== '' && text.length <= 100;
}

const PAIRS = ['inbound', 'outbound', 'inbound_sms', 'outbound_sms'] as const;
const DEPRECATED: Readonly<Record<string, Field>> = Object.fromEntries(
  PAIRS.flatMap((kind) => [
    [`${kind}_agent_id`, nullable(text())],
    [`${kind}_agent_version`, nullable(versionReference)],
  ]),
);

/** The members that every new number may have, bought or imported. */
export const NEW_NUMBER_FIELDS: Readonly<Record<string, Field>> = { ...NEW, ...DEPRECATED };
/** The members of an import. */
export const IMPORT_NUMBER_FIELDS = table({
  ...SHARED,
  ...DEPRECATED,
  // The number is part of the paths of the routes.
  phone_number: required(field(checkedText('a number or user of 1 to 100 characters', isUser))),
  termination_uri: required(field(nonEmptyText())),
  sip_trunk_auth_username: field(text()),
  sip_trunk_auth_password: field(text()),
});
/** The members of a change of a number. */
export const UPDATE_NUMBER_FIELDS = table({
  ...SHARED,
  ...DEPRECATED,
  auth_username: field(text()),
  auth_password: field(text()),
});
const READ_ONLY: ReadonlySet<string> = new Set([
  'phone_number_type',
  'phone_number_pretty',
  'last_modification_timestamp',
  'sip_outbound_trunk_config',
  'area_code',
]);

type AgentLists = Pick<
  PhoneNumberSettings,
  'inbound_agents' | 'outbound_agents' | 'inbound_sms_agents' | 'outbound_sms_agents'
>;

function checkWeights(name: string, agents: Json | undefined): Issue[] {
  if (!Array.isArray(agents) || agents.length === 0) return [];
  const sum = (agents as readonly WeightedAgent[]).reduce((total, agent) => total + agent.weight, 0);
  if (Math.abs(sum - 1) < 1e-6) return [];
  const message = `The weights of ${name} must sum to 1; they sum to ${Number(sum.toFixed(6))}.`;
  return [fault({ code: 'weights', pointer: pointerTo('', name), message, allowed: { sum: 1 }, sent: agents })];
}

/** The faults of lists of agents whose weights do not sum to 1. */
export function checkWeightsOf(body: JsonObject): Issue[] {
  return PAIRS.flatMap((kind) => checkWeights(`${kind}_agents`, body[`${kind}_agents`]));
}

/**
 * The single agent of older SDKs as a one-entry list with weight 1; the list wins where both are sent. A version alone
 * is of the one agent that the number has.
 */
function migrate(body: Record<string, Json>, before: AgentLists, issues: Issue[]): void {
  for (const kind of PAIRS) {
    const [idName, versionName, listName] = [`${kind}_agent_id`, `${kind}_agent_version`, `${kind}_agents`] as const;
    const agentVersion = body[versionName];
    const kept = before[listName];
    const own = agentVersion !== undefined && kept?.length === 1 ? kept[0]?.agent_id : undefined;
    const id = body[idName] === undefined ? own : body[idName];
    delete body[idName];
    delete body[versionName];
    if (id === undefined && agentVersion === undefined) continue;
    const pointer = pointerTo('', id === undefined ? versionName : idName);
    if (body[listName] !== undefined) {
      issues.push(
        warning({ code: 'deprecated', pointer, message: `${idName} was ignored, for ${listName} was sent too.` }),
      );
    } else if (id === undefined) {
      const message = `${versionName} needs ${idName} beside it; use ${listName}.`;
      issues.push(fault({ code: 'required', pointer, message, sent: agentVersion }));
    } else {
      issues.push(
        warning({
          code: 'deprecated',
          pointer,
          message: `${idName} is deprecated; it was taken as ${listName} with weight 1.`,
        }),
      );
      const versionPart = agentVersion === undefined || agentVersion === null ? {} : { agent_version: agentVersion };
      body[listName] = id === null || id === '' ? null : [{ agent_id: id, weight: 1, ...versionPart }];
    }
  }
}

/** A version of digits is that number, as it is in a reply (D4): read as a tag it would never be found. */
function readVersions(body: Record<string, Json>, issues: Issue[]): void {
  for (const kind of PAIRS) {
    const [versionName, listName] = [`${kind}_agent_version`, `${kind}_agents`];
    const lone = body[versionName];
    if (lone !== undefined) body[versionName] = readDigits(lone, pointerTo('', versionName), issues);
    const agents = body[listName];
    if (!Array.isArray(agents)) continue;
    body[listName] = (agents as readonly WeightedAgent[]).map((agent, index) => {
      if (agent.agent_version === undefined) return { ...agent };
      const pointer = pointerTo('', listName, index, 'agent_version');
      return { ...agent, agent_version: readDigits(agent.agent_version, pointer, issues) };
    });
  }
}

function readDigits<T extends Json>(version: T, pointer: string, issues: Issue[]): T | number {
  if (typeof version !== 'string' || !/^[0-9]+$/.test(version)) return version;
  const number = Number(version);
  if (!Number.isSafeInteger(number)) return version;
  const message = `agent_version was sent as a string and is read as the number ${number}.`;
  issues.push(warning({ code: 'version_as_string', pointer, message, sent: version }));
  return number;
}

interface NumberContext {
  /** The number itself: a fallback number must differ. */
  readonly phone_number: string | undefined;
  readonly checkUrl?: UrlCheck | undefined;
  readonly hasLogin: boolean;
  /** The faults of single fields. */
  readonly found: readonly Issue[];
}

function checkNumber(body: JsonObject, context: NumberContext): Issue[] {
  const issues = checkWeightsOf(body);
  if (context.phone_number !== undefined && body['fallback_number'] === context.phone_number) {
    const message = 'fallback_number must be another number than the number itself.';
    issues.push(fault({ code: 'fallback_number', pointer: '/fallback_number', message, sent: context.phone_number }));
  }
  for (const name of ['inbound_webhook_url', 'inbound_sms_webhook_url']) {
    const url = body[name];
    const verdict = typeof url === 'string' && url !== '' ? context.checkUrl?.(url) : undefined;
    if (verdict === undefined || verdict.ok) continue;
    const message = `${name} must be an address that may be called: ${verdict.message}`;
    issues.push(fault({ code: 'unsafe_url', pointer: pointerTo('', name), message, sent: url }));
  }
  issues.push(...checkCallers(body, context));
  return issues;
}

const NOT_SETTINGS = new Set([
  'phone_number',
  'termination_uri',
  'transport',
  'ignore_e164_validation',
  'sip_trunk_auth_username',
  'sip_trunk_auth_password',
  'auth_username',
  'auth_password',
  'sip_inbound_password',
]);

function split(body: JsonObject): NumberBody {
  const settings: Record<string, Json> = {};
  for (const [name, value] of Object.entries(body)) {
    if (NOT_SETTINGS.has(name)) continue;
    // An empty URL is no URL.
    settings[name] = value === '' && name.endsWith('_webhook_url') ? null : value;
  }
  const username = body['auth_username'] ?? body['sip_trunk_auth_username'];
  const password = body['auth_password'] ?? body['sip_trunk_auth_password'];
  const trunk = {
    ...(body['termination_uri'] === undefined ? {} : { termination_uri: body['termination_uri'] }),
    ...(username === undefined ? {} : { auth_username: username }),
    ...(body['transport'] === undefined ? {} : { transport: body['transport'] }),
  };
  return {
    ...(typeof body['phone_number'] === 'string' ? { phone_number: body['phone_number'] } : {}),
    settings: settings as NumberBody['settings'],
    trunk: trunk as NumberBody['trunk'],
    ...(typeof password === 'string' ? { auth_password: password } : {}),
    ...inboundPassword(body),
  };
}

/** Without a user name there is nothing a password could be for. */
function inboundPassword(body: JsonObject): Pick<NumberBody, 'sip_inbound_password'> {
  if (body['sip_inbound_username'] === null) return { sip_inbound_password: null };
  const password = body['sip_inbound_password'];
  return typeof password === 'string' || password === null ? { sip_inbound_password: password } : {};
}

/** What judges the parts of a body that need to know more than the body. */
export interface NumberChecks {
  readonly checkUrl?: UrlCheck;
  /** True for a number in E.164 form that can exist. Default: by its form alone. */
  readonly isNumber?: (text: string) => boolean;
  /** Default: peers are taken as they are. */
  readonly readPeer?: PeerReader;
}

/** Reads `POST /import-phone-number`. E.164 is asked for only with `ignore_e164_validation: false`; its default is true. */
export function parseImportNumber(value: unknown, options: NumberChecks = {}): BodyResult<NumberBody> {
  const read = readBody(value, IMPORT_NUMBER_FIELDS, { readOnly: READ_ONLY });
  const { body, issues } = readNewNumber(read, options);
  const { isNumber = isE164 } = options;
  const { phone_number: phoneNumber } = body;
  if (phoneNumber !== undefined && read.value['ignore_e164_validation'] === false && !isNumber(phoneNumber)) {
    const message = 'phone_number must be in E.164 form such as +12137771234, or ignore_e164_validation true.';
    issues.push(fault({ code: 'bad_format', pointer: '/phone_number', message, sent: phoneNumber }));
  }
  return bodyResult(body, issues);
}

/** What checked members say of a number that is new here, and every issue so far. */
export function readNewNumber(
  read: { readonly value: JsonObject; readonly issues: readonly Issue[] },
  options: NumberChecks,
): { readonly body: NumberBody; readonly issues: Issue[] } {
  const body: Record<string, Json> = { ...read.value };
  const issues = [...read.issues];
  readVersions(body, issues);
  migrate(body, {}, issues);
  issues.push(...readPeers(body, options.readPeer));
  const phoneNumber = typeof body['phone_number'] === 'string' ? body['phone_number'] : undefined;
  const { checkUrl } = options;
  issues.push(...checkNumber(body, { phone_number: phoneNumber, checkUrl, hasLogin: false, found: issues }));
  return { body: split(body), issues };
}

/** Reads `PATCH /update-phone-number/{phone_number}`. */
export function parseUpdateNumber(
  value: unknown,
  options: NumberChecks & {
    readonly phone_number: string;
    /** It has a user name and a password for its callers; default false. */
    readonly hasLogin?: boolean;
    /** The agents it has; default none. */
    readonly before?: AgentLists;
  },
): BodyResult<NumberBody> {
  const read = readBody(value, UPDATE_NUMBER_FIELDS, { readOnly: new Set([...READ_ONLY, 'phone_number']) });
  const body: Record<string, Json> = { ...read.value };
  const issues = [...read.issues];
  readVersions(body, issues);
  migrate(body, options.before ?? {}, issues);
  issues.push(...readPeers(body, options.readPeer));
  const { phone_number, checkUrl, hasLogin = false } = options;
  issues.push(...checkNumber(body, { phone_number, checkUrl, hasLogin, found: issues }));
  return bodyResult(split(body), issues);
}

/** `fallback_number` before the pickup works on the Twilio route and on trunks that follow a 302 (G). */
export function fallbackNumberWarning(
  settings: Pick<PhoneNumberSettings, 'fallback_number' | 'redirects' | 'phone_number_type'>,
): Issue | undefined {
  const reachable = settings.redirects === true || settings.phone_number_type === 'retell-twilio';
  if (typeof settings.fallback_number !== 'string' || reachable) return undefined;
  const message =
    'fallback_number cannot be used before the pickup on a trunk that does not follow redirects; callers hear busy (486).';
  return warning({ code: 'fallback_number_unreachable', pointer: '/fallback_number', message }, 'not_applied');
}
