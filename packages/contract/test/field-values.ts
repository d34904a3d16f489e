/** Values for every field of Retell's override type, from the facts in test-data/override-fields.json: good and bad. */
import { readFileSync } from 'node:fs';
import type { SettingsGroup } from '../src/index.ts';

/** What the facts say of a field. */
export interface Spec {
  readonly type?: 'string' | 'number' | 'boolean' | 'array' | 'object';
  readonly enum?: readonly string[];
  readonly oneOf?: readonly Spec[];
  readonly items?: Spec;
  readonly shape?: Readonly<Record<string, Spec>>;
  readonly required?: boolean;
  readonly nullable?: boolean | 'unknown';
  readonly integer?: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly min_exclusive?: number;
  readonly maxLength?: number;
  readonly uniqueItems?: boolean;
}

const facts: Readonly<Record<SettingsGroup, Readonly<Record<string, Spec>>>> = JSON.parse(
  readFileSync(new URL('../test-data/override-fields.json', import.meta.url), 'utf8'),
);
/** The groups of `agent_override`. */
export const GROUPS: readonly SettingsGroup[] = ['agent', 'retell_llm', 'conversation_flow'];
/** Lists the operator extends (E5): an unknown value is well-formed. */
const OPEN = new Set(['voice_model', 'model', 's2s_model', 'post_call_analysis_model']);
const KNOWN_TEXT: Readonly<Record<string, string>> = {
  timezone: 'Europe/Vienna',
  llm_websocket_url: 'wss://llm.example/socket',
};

/** Values that are well-formed. */
export function valids(spec: Spec, name: string): unknown[] {
  if (spec.oneOf) return spec.oneOf.flatMap((one) => valids(one, name));
  if (spec.type === 'boolean') return [true, false];
  if (spec.type === 'number') return numbers(spec);
  if (spec.type === 'string') {
    const texts: string[] = [...(spec.enum ?? [KNOWN_TEXT[name] ?? 'some text'])];
    if (spec.maxLength !== undefined) texts.push('x'.repeat(spec.maxLength));
    if (OPEN.has(name)) texts.push('something-new-9');
    return texts;
  }
  if (spec.type === 'array')
    return valids(spec.items!, name)
      .slice(0, 8)
      .map((one) => [one]);
  const members = Object.entries(spec.shape!);
  const whole = Object.fromEntries(members.map(([key, of]) => [key, valids(of, key)[0]]));
  const least = Object.fromEntries(
    members.filter(([, of]) => of.required).map(([key, of]) => [key, valids(of, key)[0]]),
  );
  const each = members.flatMap(([key, of]) => valids(of, key).map((value) => ({ ...whole, [key]: value })));
  return [whole, least, ...each];
}

function numbers(spec: Spec): number[] {
  const low = spec.min ?? (spec.min_exclusive === undefined ? 500 : spec.min_exclusive + 0.5);
  return spec.max === undefined ? [low, 1_000_000] : [low, spec.max, Math.round((low + spec.max) / 2)];
}

const WRONG: Readonly<Record<string, unknown>> = {
  string: 7,
  number: '7',
  boolean: 'true',
  array: 'one',
  object: ['x'],
};

/** Values that break one rule each. */
export function faulty(spec: Spec, name: string): unknown[] {
  if (spec.oneOf) return oneOfFaults(spec.oneOf, name);
  const values: unknown[] = [WRONG[spec.type!]];
  if (spec.type === 'number') {
    if (spec.integer) values.push((valids(spec, name)[0] as number) + 0.5);
    if (spec.min !== undefined) values.push(spec.min - (spec.integer ? 1 : 0.01));
    if (spec.max !== undefined) values.push(spec.max + (spec.integer ? 1 : 0.01), 1e12);
    if (spec.min_exclusive !== undefined) values.push(spec.min_exclusive);
    values.push(Number.POSITIVE_INFINITY);
  }
  if (spec.enum && !OPEN.has(name)) values.push('no such value', '');
  if (spec.maxLength !== undefined) values.push('x'.repeat(spec.maxLength + 1));
  if (spec.type === 'array') {
    values.push(...faulty(spec.items!, name).map((one) => [one]), [null]);
    if (spec.uniqueItems) values.push([spec.items!.enum![0], spec.items!.enum![0]]);
  }
  if (spec.type === 'object') {
    const whole = valids(spec, name)[0] as Record<string, unknown>;
    for (const [key, of] of Object.entries(spec.shape!)) {
      values.push(...faulty(of, key).map((one) => ({ ...whole, [key]: one })));
      if (of.nullable !== true) values.push({ ...whole, [key]: null });
      if (of.required) values.push(Object.fromEntries(Object.entries(whole).filter(([member]) => member !== key)));
    }
  }
  return values;
}

function oneOfFaults(branches: readonly Spec[], name: string): unknown[] {
  if (name === 'language') return [7, 'xx-XX', {}, [], ['multi'], ['en-US', 'xx-XX'], [7]];
  const wrongTypes = branches.map((branch) => ({ ...(valids(branch, name)[0] as object), type: 'no such type' }));
  // The fault of a `type` is that no branch fits, which the line above covers.
  const inside = branches.flatMap((branch) => faulty(branch, name).filter((value) => !changesType(value, branch)));
  return ['text', 7, {}, ...wrongTypes, ...inside];
}

function changesType(value: unknown, branch: Spec): boolean {
  return (value as { type?: unknown } | null)?.type !== branch.shape?.['type']?.enum?.[0];
}

/** Every overridable field with what the facts say of it. */
export const FIELD_ROWS = GROUPS.flatMap((group) =>
  Object.entries(facts[group]).map(([name, spec]) => ({ group, name, spec })),
);
