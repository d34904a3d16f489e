/**
 * The log: one event, one line. Events are wide: one per attempt and per finished call, not one per step.
 * Phone numbers, texts, variables and metadata stand under keys that begin with `pii.`, so that whoever
 * collects the lines can drop or protect them by name; find-unmarked-pii.test.ts scans the sources for others.
 */

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields of an event: snake_case keys, `pii.` in front of whatever belongs to a person. Absent values are left out. */
export type LogFields = { readonly [key: string]: unknown };

/** Writes events. Never throws: a field that cannot be written is replaced by a note. */
export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A log that adds these fields to every event. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  /** Takes one line, its line end included. */
  readonly write: (line: string) => void;
  /** The least level written; default `info`. */
  readonly level?: LogLevel;
  readonly clock: { wallMs(): number };
  /** `json` (default): one object per line. `human`: for a terminal. */
  readonly form?: 'json' | 'human';
  /** `drop` leaves `pii.` fields out; default `keep`. */
  readonly pii?: 'keep' | 'drop';
}

const LONGEST_TEXT = 4_096;

/** Creates a log. */
export function createLog(options: LogOptions): Log {
  const least = LOG_LEVELS.indexOf(options.level ?? 'info');
  const render = options.form === 'human' ? renderHuman : renderJson;
  const make = (base: LogFields): Log => {
    const at = (level: LogLevel) => {
      if (LOG_LEVELS.indexOf(level) < least) return () => {};
      return (event: string, fields?: LogFields) => {
        const shown = plainFields(fields ? { ...base, ...fields } : base, options.pii === 'drop');
        options.write(`${render(options.clock.wallMs(), level, event, shown)}\n`);
      };
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      with: (fields) => make({ ...base, ...fields }),
    };
  };
  return make({});
}

/** A log that writes nothing. */
export const silentLog: Log = createLog({ write: () => {}, clock: { wallMs: () => 0 } });

const RESERVED = new Set(['time', 'level', 'event']);

function plainFields(fields: LogFields, dropPii: boolean): LogFields {
  const plain: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value === undefined || (dropPii && key.startsWith('pii.'))) continue;
    plain[RESERVED.has(key) ? `field.${key}` : key] = typeof value === 'number' ? value : plainValue(value);
  }
  return plain;
}

/** JSON's types, cut to a length; errors by class, message and place. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'string') return value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) {
    const { code } = value as { readonly code?: unknown };
    return {
      name: value.name,
      message: value.message,
      ...(typeof code === 'string' && { code }),
      ...(value.stack && {
        stack: value.stack
          .split('\n')
          .slice(1, 9)
          .map((line) => line.trim()),
      }),
      ...(value.cause !== undefined && value.cause !== value && { cause: String(value.cause) }),
    };
  }
  if (typeof value !== 'object' || value === null) return value;
  try {
    const text = JSON.stringify(value);
    return text === undefined || text.length <= LONGEST_TEXT ? value : `${text.slice(0, LONGEST_TEXT)}…`;
  } catch {
    return '(cannot be written)';
  }
}

function renderJson(wallMs: number, level: LogLevel, event: string, fields: LogFields): string {
  return JSON.stringify({ time: new Date(wallMs).toISOString(), level, event, ...fields });
}

function renderHuman(wallMs: number, level: LogLevel, event: string, fields: LogFields): string {
  const time = new Date(wallMs).toISOString().slice(11, 23);
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${humanValue(value)}`);
  return [time, level.padEnd(5), escapeControls(event), ...rest].join(' ');
}

function humanValue(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=\p{C}]+$/u.test(value)) return value;
  return escapeControls(JSON.stringify(value) ?? String(value));
}

/** What came from a wire must not move the terminal's cursor. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
