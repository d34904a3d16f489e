/** From the environment to parsed values: `…_FILE`, defaults, unknown names. Knows no setting by name. */
import { readFileSync } from 'node:fs';
import type { Kind } from './kinds.ts';
import { PARSERS, type Parsed } from './kinds.ts';
import { nearestName } from './nearest-name.ts';
import { describeCertificates } from './pem.ts';
import { SETTING_NAMES, type Setting, type SettingName, type SettingValue, settingOf } from './settings.ts';

/** One thing wrong with the configuration. */
export interface ConfigFault {
  /** The variable, with `_FILE` where that was the one used. */
  readonly name: string;
  /** The rule it breaks, as a sentence's end: "must be a whole number from 0 to 65535". */
  readonly rule: string;
  /** What was given, cut and escaped; `(hidden)` for secrets; absent where nothing was. */
  readonly given?: string;
}

/** Something that works but probably is not meant. */
export interface ConfigWarning {
  readonly name: string;
  readonly message: string;
}

/** Where a value came from. */
export type Source = 'default' | 'environment' | 'file';

/** The environment, as `process.env` is. */
export type Env = Readonly<Record<string, string | undefined>>;

/** One setting as read, before any rule that spans several. */
export interface ReadSetting<N extends SettingName = SettingName> {
  readonly value: SettingValue<N> | undefined;
  /** The text before parsing, never shown for secrets. */
  readonly text: string | undefined;
  readonly source: Source;
  readonly fault?: ConfigFault;
  readonly warnings: readonly ConfigWarning[];
}

/** Reads a file of a `…_FILE` variable. Throws as `readFileSync` does. */
export type ReadFile = (path: string) => string;

const readText: ReadFile = (path) => readFileSync(path, 'utf8');

/**
 * Reads and parses one setting: `NAME`, else the file `NAME_FILE` names (line ends at its end cut off), else the
 * default. An empty variable counts as unset.
 */
export function readSetting<N extends SettingName>(env: Env, name: N, readFile: ReadFile = readText): ReadSetting<N> {
  const schema = settingOf(name);
  const found = findText(env, name, readFile);
  if ('fault' in found) {
    return { value: undefined, text: undefined, source: 'file', fault: found.fault, warnings: [] };
  }
  const { text, source, variable } = found;
  if (text === undefined) return { value: undefined, text, source, warnings: [] };
  const parsed = PARSERS[schema.kind](text, schema) as Parsed<SettingValue<N>>;
  if (!parsed.ok) {
    const fault = { name: variable, rule: parsed.rule, given: shown(schema, text) };
    return { value: undefined, text, source, fault, warnings: [] };
  }
  const warnings = (parsed.warnings ?? []).map((message) => ({ name: variable, message }));
  return { value: parsed.value, text, source, warnings };
}

type FoundText =
  | { readonly fault: ConfigFault }
  | { readonly text: string | undefined; readonly source: Source; readonly variable: string };

function findText(env: Env, name: SettingName, readFile: ReadFile): FoundText {
  const fileName = `${name}_FILE`;
  const direct = env[name]?.trim() || undefined;
  const path = env[fileName]?.trim() || undefined;
  if (direct !== undefined && path !== undefined) {
    return { fault: { name: fileName, rule: `must not be set together with ${name}`, given: printable(path) } };
  }
  if (direct !== undefined) return { text: direct, source: 'environment', variable: name };
  if (path === undefined) return { text: settingOf(name).default, source: 'default', variable: name };
  try {
    const text = readFile(path).trim();
    if (text !== '') return { text, source: 'file', variable: fileName };
    return { fault: { name: fileName, rule: 'must name a file that is not empty', given: printable(path) } };
  } catch (error) {
    const code = (error as { readonly code?: unknown }).code;
    const why = typeof code === 'string' ? ` (${code})` : '';
    return { fault: { name: fileName, rule: `must name a file that can be read${why}`, given: printable(path) } };
  }
}

/** `PICKUP_…` variables nobody reads, each with the name it probably was meant to be. */
export function unknownSettings(env: Env): readonly ConfigWarning[] {
  const known = SETTING_NAMES.flatMap((name) => [name, `${name}_FILE`]);
  return Object.keys(env)
    .filter((name) => name.startsWith('PICKUP_') && !known.includes(name))
    .sort()
    .map((name) => {
      const near = nearestName(name, known);
      return { name, message: `is not a setting and has no effect${near ? `; did you mean ${near}?` : ''}` };
    });
}

/** A setting's text as it may be shown: secrets and credentials in URLs hidden, PEM described, 80 characters at most. */
export function shown(schema: Setting<Kind>, text: string): string {
  if (schema.secret) return '(hidden)';
  // Whoever mixes up two files must not find a key in the log.
  if (schema.kind === 'certificates') return describeCertificates(text);
  if (schema.kind !== 'url') return printable(text);
  return printable(text.replace(/\/\/[^/]*@/, '//…@').replace(/[?#].*$/s, '?…'));
}

function printable(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return JSON.stringify(cut);
}
