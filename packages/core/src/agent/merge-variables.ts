/** Which value a name has when several sources give one (E9). */
import type { Issue } from '@pickup/contract';
import { isSystemVariable } from './system-variables.ts';

/** Where values come from; absent ones give none. */
export interface VariableSources {
  /** The reply's `dynamic_variables`. */
  readonly reply?: Readonly<Record<string, string>> | undefined;
  /** The INVITE's headers; only those that E9 names become variables. */
  readonly sipHeaders?: Readonly<Record<string, string>> | undefined;
  /** Variables of the tag that named the agent's version. */
  readonly tag?: Readonly<Record<string, string>> | undefined;
  /** The engine's `default_dynamic_variables`. */
  readonly engineDefaults?: Readonly<Record<string, string>> | undefined;
  /** Names that cannot be shadowed; default `isSystemVariable`. */
  readonly isSystem?: (name: string) => boolean;
  /** Group of the reply, for the pointers; default `call_inbound`. */
  readonly group?: 'call_inbound' | 'chat_inbound';
}

/** Never copied, whoever sent them (D9). */
const HOSTILE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const NAMED_HEADERS: ReadonlySet<string> = new Set([
  'user-to-user',
  'diversion',
  'history-info',
  'p-asserted-identity',
]);

/** Reply over SIP headers over tag over engine defaults; "" counts as a value. One warning per shadowing reply name. */
export function mergeVariables(sources: VariableSources): {
  readonly variables: Readonly<Record<string, string>>;
  readonly warnings: readonly Issue[];
} {
  const isSystem = sources.isSystem ?? isSystemVariable;
  const variables: Record<string, string> = {};
  const rising = [sources.engineDefaults, sources.tag, headerVariables(sources.sipHeaders), sources.reply];
  for (const source of rising) {
    if (!source) continue;
    for (const name of Object.keys(source)) {
      if (!HOSTILE_NAMES.has(name) && !isSystem(name)) variables[name] = source[name]!;
    }
  }
  const warnings = Object.entries(sources.reply ?? {})
    .filter(([name]) => isSystem(name))
    .map(([name, value]) => shadowing(name, value, sources.group ?? 'call_inbound'));
  return { variables, warnings };
}

/** True for names that a caller's SIP headers become: `x-…` and the four named ones, in lower case. */
export function isHeaderVariable(name: string): boolean {
  return name.startsWith('x-') || NAMED_HEADERS.has(name);
}

function headerVariables(headers: Readonly<Record<string, string>> | undefined): Record<string, string> {
  if (!headers) return {};
  const lowered = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(lowered.filter(([name]) => isHeaderVariable(name)));
}

function shadowing(name: string, value: string, group: string): Issue {
  const token = name.replaceAll('~', '~0').replaceAll('/', '~1');
  return {
    severity: 'warning',
    effect: 'not_applied',
    code: 'shadows_system_variable',
    rule: 'E9',
    pointer: `/${group}/dynamic_variables/${token}`,
    message: `The variable ${name.slice(0, 100)} is set by Pickup itself and cannot be replaced.`,
    sent: value.length > 200 ? `${value.slice(0, 200)}…` : value,
  };
}
