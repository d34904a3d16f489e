/** What is written about the settings, all from the schema: help, documentation, sample file, summary, faults. */
import { KIND_LABELS } from './kinds.ts';
import type { Readings } from './load-config.ts';
import type { ConfigFault, ConfigWarning } from './read-settings.ts';
import { SETTING_NAMES, type Setting, type SettingName, settingOf } from './settings.ts';

const UNITS = { ms: 'milliseconds', s: 'seconds' } as const;

function groups(): ReadonlyMap<Setting['group'], readonly SettingName[]> {
  const found = new Map<Setting['group'], SettingName[]>();
  for (const name of SETTING_NAMES) {
    const list = found.get(settingOf(name).group) ?? [];
    found.set(settingOf(name).group, [...list, name]);
  }
  return found;
}

function typeOf(schema: Setting): string {
  const range = schema.kind !== 'integer' || schema.max === undefined ? '' : `, ${schema.min ?? 0} to ${schema.max}`;
  return `${KIND_LABELS[schema.kind]}${schema.unit ? `, ${UNITS[schema.unit]}` : ''}${range}`;
}

/** The settings as `pickup help settings` prints them, `width` columns wide. */
export function renderConfigHelp(width = 100): string {
  const lines: string[] = [];
  for (const [group, names] of groups()) {
    lines.push(`${group}:`);
    for (const name of names) {
      const schema = settingOf(name);
      const standard = schema.default === undefined ? '' : `, default ${schema.default}`;
      lines.push(`  ${name}  (${typeOf(schema).replaceAll('`', '')}${standard})`);
      lines.push(...wrap(schema.description, width - 6).map((line) => `      ${line}`));
      if (schema.unset) lines.push(...wrap(`Unset: ${schema.unset}.`, width - 6).map((line) => `      ${line}`));
    }
    lines.push('');
  }
  lines.push('Each can be read from a file: NAME_FILE=/path instead of NAME=value.');
  return lines.join('\n');
}

/** The text of docs/config.md. A test proves the file equal to it; `node scripts/write-docs.ts` writes it. */
export function renderConfigDocs(): string {
  const lines = [
    '# Settings',
    '',
    'Pickup is set up by environment variables. This page is written by `node scripts/write-docs.ts` from the schema',
    'the gateway reads them with.',
    '',
    'Each variable can be read from a file instead: `PICKUP_API_KEY_FILE=/run/secrets/key` stands for',
    '`PICKUP_API_KEY`. An empty variable counts as unset. Lists are separated by commas; `none` is the empty list.',
    'At start every fault is reported at once, and a `PICKUP_…` variable that is none of these is named with the',
    'nearest one that is.',
  ];
  for (const [group, names] of groups()) {
    lines.push('', `## ${group}`, '', '| variable | type | default | meaning |', '|---|---|---|---|');
    for (const name of names) {
      const schema = settingOf(name);
      const standard = schema.default === undefined ? '–' : `\`${schema.default}\``;
      const unset = schema.unset ? ` Unset: ${schema.unset}.` : '';
      const secret = schema.secret ? ' Secret: never shown.' : '';
      lines.push(`| \`${name}\` | ${typeOf(schema)} | ${standard} | ${schema.description}${unset}${secret} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** A sample environment file: every setting, commented out at its default. */
export function renderSampleEnv(): string {
  const lines = ['# Settings of Pickup. Uncomment what you change; docs/config.md explains each.'];
  for (const [group, names] of groups()) {
    lines.push('', `# ${group}`);
    for (const name of names) {
      const schema = settingOf(name);
      lines.push(...wrap(schema.description, 98).map((line) => `# ${line}`));
      lines.push(`#${name}=${schema.default ?? schema.example ?? ''}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** One line per setting that is not at its default, for the log of a start; secrets only say that they are set. */
export function renderConfigSummary(readings: Readings): readonly string[] {
  return SETTING_NAMES.flatMap((name) => {
    const { shown, source } = readings[name];
    if (source === 'default' || shown === undefined) return [];
    return `${name}=${shown} (${source})`;
  });
}

/** A fault as one line: `PICKUP_HTTP_PORT must be … ; given "x"`. */
export function renderFault(fault: ConfigFault): string {
  return `${fault.name} ${fault.rule}${fault.given === undefined ? '' : `; given ${fault.given}`}`;
}

/** A warning as one line. */
export function renderWarning(warning: ConfigWarning): string {
  return `${warning.name} ${warning.message}`;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
