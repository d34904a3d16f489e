/**
 * The variables every session has (E9): who calls whom, and what time it is. Nothing here reads a clock: the
 * time is an input. They are looked up by name, because Intl is slow and a template mentions few of them.
 */
import type { SessionPlan } from '../session-plan.ts';
import { lookupIn, type VariableLookup } from './render-variables.ts';

/** What the system variables are made from. */
export interface SystemVariableInputs {
  /** Epoch ms that counts as now. */
  readonly wallMs: number;
  /** IANA name; default and, where unknown, `America/Los_Angeles`. */
  readonly timezone?: string | undefined;
  readonly channel: 'voice' | 'chat';
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound';
  readonly sessionId: string;
  /** Epoch ms at which the session began; default `wallMs`. */
  readonly startedAt?: number;
}

/** The zone of `{{current_time}}` when the agent names none. */
export const DEFAULT_TIMEZONE = 'America/Los_Angeles';

/** In a chat without telephone numbers these are names like any other. */
const PHONE_NAMES: ReadonlySet<string> = new Set(['user_number', 'agent_number', 'direction']);

const FIXED_NAMES: ReadonlySet<string> = new Set([
  'user_number',
  'agent_number',
  'direction',
  'call_id',
  'call_type',
  'chat_id',
  'session_type',
  'session_duration',
  'session_duration_ms',
  // Known to an engine while it runs; reserved so that no reply can pretend to be it.
  'current_agent_state',
  'previous_agent_state',
  'current_node',
  'previous_node',
]);
const TIMED_NAMES = ['current_time', 'current_hour', 'current_calendar'] as const;
type TimedName = (typeof TIMED_NAMES)[number];

const DAY_MS = 86_400_000;
const CALENDAR_DAYS = 14;
/** Distinct zones one lookup will try: a formatter costs about 50 µs. */
const MAX_ZONES = 64;
const ZONE_FORM = /^(?:[A-Za-z][A-Za-z0-9_+\-/]{0,63}|[+-]\d{2}:?\d{2})$/;

/** True for names a reply cannot shadow: fixed ones, `current_time` and its kind, and those with a zone appended. */
export function isSystemVariable(name: string): boolean {
  if (FIXED_NAMES.has(name)) return true;
  if (!name.startsWith('current_')) return false;
  return TIMED_NAMES.some((timed) => name === timed || name.startsWith(`${timed}_`));
}

/** Whose variables are asked about. */
type Parties = Pick<SystemVariableInputs, 'channel' | 'from' | 'to'>;

/** `isSystemVariable` for one session: who chats without a telephone has no numbers (retell-contract f: phone only). */
export function isSystemVariableOf(session: Parties): (name: string) => boolean {
  return hasPhone(session) ? isSystemVariable : (name) => isSystemVariable(name) && !PHONE_NAMES.has(name);
}

function hasPhone({ channel, from, to }: Parties): boolean {
  return channel === 'voice' || from !== '' || to !== '';
}

/** A lookup of the system variables; a name with an unknown zone is undefined and so stays literal. */
export function systemVariables(inputs: SystemVariableInputs): VariableLookup {
  const fixed = lookupIn(fixedValues(inputs));
  const zones = new Map<string, Zone | undefined>();
  const values = new Map<string, string | undefined>();
  const ownZone = once(() => openZone(inputs.timezone ?? DEFAULT_TIMEZONE) ?? openZone(DEFAULT_TIMEZONE));
  const namedZone = (name: string) => {
    if (!zones.has(name) && zones.size < MAX_ZONES) zones.set(name, openZone(name));
    return zones.get(name);
  };
  const timed = (name: string): string | undefined => {
    const kind = TIMED_NAMES.find((timedName) => name === timedName || name.startsWith(`${timedName}_`));
    if (!kind) return undefined;
    const zone = name === kind ? ownZone() : namedZone(name.slice(kind.length + 1));
    return zone && RENDER[kind](zone, inputs.wallMs);
  };
  return (name) => {
    const value = fixed(name);
    if (value !== undefined) return value;
    if (values.has(name)) return values.get(name);
    const made = timed(name);
    if (made !== undefined) values.set(name, made);
    return made;
  };
}

/**
 * All variables of a session: the system's, then `plan.variables`. `wallMs` is the now of `current_time`, `startedAt`
 * the epoch ms at which the session began, default `wallMs`.
 */
export function planVariables(plan: SessionPlan, wallMs: number, startedAt = wallMs): VariableLookup {
  const own = lookupIn(plan.variables);
  let system: VariableLookup | undefined;
  return (name) => {
    // Most templates name none of the system's, so these are made when one is asked for.
    if (!isSystemVariable(name)) return own(name);
    system ??= planSystemVariables(plan, wallMs, startedAt);
    return system(name) ?? own(name);
  };
}

function planSystemVariables(plan: SessionPlan, wallMs: number, startedAt: number): VariableLookup {
  const timezone = plan.agent['timezone'];
  return systemVariables({
    wallMs,
    timezone: typeof timezone === 'string' ? timezone : undefined,
    channel: plan.channel,
    from: plan.from_number,
    to: plan.to_number,
    direction: plan.direction,
    sessionId: plan.session_id,
    startedAt,
  });
}

function fixedValues(inputs: SystemVariableInputs): Record<string, string> {
  const inbound = inputs.direction === 'inbound';
  const durationMs = Math.max(0, inputs.wallMs - (inputs.startedAt ?? inputs.wallMs));
  const values: Record<string, string> = {
    session_type: inputs.channel,
    session_duration: durationText(durationMs),
    session_duration_ms: String(Math.round(durationMs)),
  };
  if (hasPhone(inputs)) {
    values['user_number'] = inbound ? inputs.from : inputs.to;
    values['agent_number'] = inbound ? inputs.to : inputs.from;
    values['direction'] = inputs.direction;
  }
  if (inputs.channel === 'voice') {
    values['call_id'] = inputs.sessionId;
    values['call_type'] = 'phone_call';
  } else values['chat_id'] = inputs.sessionId;
  return values;
}

function durationText(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1_000);
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 3_600), 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ];
  const said = units.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`);
  return said.length > 0 ? said.join(' ') : '0 seconds';
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

type Zone = (wallMs: number) => Readonly<Record<string, string>>;

function openZone(timeZone: string): Zone | undefined {
  if (!ZONE_FORM.test(timeZone)) return undefined;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'long',
      month: 'long',
      day: 'numeric',
      year: 'numeric',
      hour: 'numeric',
      minute: '2-digit',
      hourCycle: 'h23',
      timeZoneName: 'short',
    });
    return (wallMs) => Object.fromEntries(format.formatToParts(wallMs).map((part) => [part.type, part.value]));
  } catch {
    return undefined;
  }
}

/** Put together by hand: what Intl writes between date and time changes with the ICU version. */
const RENDER: Readonly<Record<TimedName, (zone: Zone, wallMs: number) => string>> = {
  current_time: (zone, wallMs) => {
    const parts = zone(wallMs);
    const hour = Number(parts['hour']);
    const half = hour < 12 ? 'AM' : 'PM';
    return `${dateText(parts)} at ${hour % 12 || 12}:${parts['minute']} ${half} ${parts['timeZoneName']}`;
  },
  current_hour: (zone, wallMs) => {
    const parts = zone(wallMs);
    return String(Math.round((Number(parts['hour']) + Number(parts['minute']) / 60) * 100) / 100);
  },
  current_calendar: (zone, wallMs) => {
    const today = zone(wallMs);
    // From noon, so that a day of 23 or 25 hours neither skips nor repeats a date.
    const noon = wallMs + (12 - Number(today['hour'])) * 3_600_000;
    const days = Array.from({ length: CALENDAR_DAYS }, (_, day) => dateText(zone(noon + day * DAY_MS)));
    return days.map((day, index) => (index === 0 ? `${day} (today)` : day)).join('\n');
  },
};

function dateText(parts: Readonly<Record<string, string>>): string {
  return `${parts['weekday']}, ${parts['month']} ${parts['day']}, ${parts['year']}`;
}
