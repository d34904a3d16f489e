/** Making issues: pointers, printable values. */
import type { Issue, Json } from '../inbound.ts';
import { ruleOf } from './rules.ts';

const PRINTABLE_LENGTH = 200;
const PRINTABLE_ENTRIES = 20;
const PRINTABLE_DEPTH = 4;

/** Appends one reference token to an RFC 6901 pointer. */
export function pointerTo(base: string, ...tokens: readonly (string | number)[]): string {
  let pointer = base;
  for (const token of tokens) {
    pointer += `/${typeof token === 'number' ? token : token.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  }
  return pointer;
}

/** A value cut to what can be shown: 200 characters, 20 entries, 4 levels. Never throws, however deep the value. */
export function printable(value: unknown, depth = 0): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'string') {
    return value.length <= PRINTABLE_LENGTH ? value : `${value.slice(0, PRINTABLE_LENGTH).toWellFormed()}…`;
  }
  if (typeof value !== 'object') return typeof value;
  if (depth >= PRINTABLE_DEPTH) return '…';
  if (Array.isArray(value)) {
    const shown: Json[] = value.slice(0, PRINTABLE_ENTRIES).map((entry) => printable(entry, depth + 1));
    return value.length > PRINTABLE_ENTRIES ? [...shown, '…'] : shown;
  }
  const shown: [string, Json][] = [];
  for (const key of Object.keys(value)) {
    if (shown.length === PRINTABLE_ENTRIES) break;
    if (!isForbiddenKey(key)) shown.push([key, printable((value as Record<string, unknown>)[key], depth + 1)]);
  }
  return Object.fromEntries(shown);
}

/** Names that would reach an object's prototype in a merge (D9). */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What JSON calls the value: `null`, `a list`, `an object`, `a string`, `a number`, `true` or `false`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** What an issue says beside its severity and effect. */
export interface IssueText {
  readonly code: string;
  /** Default: that of the code. */
  readonly rule?: string;
  readonly pointer: string;
  readonly message: string;
  readonly allowed?: Json | undefined;
  readonly sent?: unknown;
  readonly nearest?: string | undefined;
}

function issue(severity: Issue['severity'], effect: Issue['effect'], text: IssueText): Issue {
  return {
    severity,
    effect,
    code: text.code,
    rule: text.rule ?? ruleOf(text.code),
    pointer: text.pointer,
    message: text.message,
    ...(text.allowed === undefined ? {} : { allowed: text.allowed }),
    ...(text.sent === undefined ? {} : { sent: printable(text.sent) }),
    ...(text.nearest === undefined ? {} : { nearest: text.nearest }),
  };
}

/** As many issues as a record takes. */
export const MAX_ISSUES = 300;

/** The issues, or where they are more than 300 the faults first and a warning that some are left out. */
export function limitIssues(issues: readonly Issue[]): readonly Issue[] {
  if (issues.length <= MAX_ISSUES) return issues;
  const faults = issues.filter((found) => found.severity === 'error');
  const warnings = issues.filter((found) => found.severity === 'warning');
  const kept = [...faults, ...warnings].slice(0, MAX_ISSUES);
  const message = 'There are more issues than are listed.';
  return [...kept, warning({ code: 'more_issues', pointer: '', message })];
}

/** A fault: by default it refuses (E6). */
export function fault(text: IssueText, effect: Issue['effect'] = 'refuses'): Issue {
  return issue('error', effect, text);
}

/** A warning: by default the thing is ignored (D9). */
export function warning(text: IssueText, effect: Issue['effect'] = 'ignored'): Issue {
  return issue('warning', effect, text);
}
