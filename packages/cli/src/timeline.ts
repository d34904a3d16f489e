/** An inbound's record as a timeline: pure. Polling calls it again and prints what is new, by key. */
import type { AttemptRecord, CallMediaStats, InboundObject, Issue, Json } from '@pickup/contract';
import { placeOf } from './issue-place.ts';
import { printable, type Style } from './style.ts';

/** The part of a call object (H4) the timeline shows. */
export interface TimelineCall {
  readonly call_status?: string;
  readonly disconnection_reason?: string;
  readonly start_timestamp?: number;
  readonly end_timestamp?: number;
  readonly media_stats?: CallMediaStats;
  /** `start`: seconds since the call's start. */
  readonly transcript_object?: readonly {
    readonly role?: string;
    readonly content?: string;
    readonly start?: number;
  }[];
}

/** One line of the timeline. */
export interface TimelineEntry {
  /** The same for the same event in every later record. */
  readonly key: string;
  /** Epoch ms, where the event has a time of its own. */
  readonly at?: number;
  readonly label: string;
  readonly text: string;
  readonly tone: 'plain' | 'good' | 'bad' | 'warn' | 'dim';
}

/** The record in the order of events: arrival, ringing, attempts, reply, issues, decision, outcome, talk, end. */
export function timelineOf(inbound: InboundObject, call?: TimelineCall): readonly TimelineEntry[] {
  return [
    arrival(inbound),
    ...ringing(inbound),
    ...inbound.attempts.map(attemptEntry),
    ...replyEntries(inbound.reply),
    ...inbound.issues.map(issueEntry),
    ...inbound.decision.map(
      (text, index): TimelineEntry => ({ key: `decision ${index}`, label: 'decided', text, tone: 'plain' }),
    ),
    ...outcomeEntries(inbound),
    ...(call ? callEntries(call) : []),
  ];
}

function arrival(inbound: InboundObject): TimelineEntry {
  const what = inbound.channel === 'call' ? 'call' : 'text';
  const text = `${what} from ${inbound.from_number} to ${inbound.to_number} (${inbound.edge}, ${inbound.inbound_id})`;
  return { key: 'arrival', at: inbound.arrival_timestamp, label: 'arrived', text, tone: 'plain' };
}

function ringing(inbound: InboundObject): readonly TimelineEntry[] {
  const entry = { key: 'ringing', label: 'ringing', tone: 'plain' } as const;
  const rung = inbound.sip?.messages.find((line) => line.direction === 'out' && /\b18[03]\b/.test(line.summary));
  if (rung) return [{ ...entry, at: rung.timestamp, text: 'the caller hears ringing' }];
  // The simulator sends no SIP: its caller rings for as long as somebody is asked.
  const waits = inbound.outcome === null || inbound.attempts.length > 0;
  if (inbound.channel !== 'call' || inbound.edge !== 'simulator' || !waits) return [];
  return [{ ...entry, at: inbound.arrival_timestamp, text: 'the caller would hear ringing' }];
}

function attemptEntry(attempt: AttemptRecord): TimelineEntry {
  const { phases } = attempt;
  const parts = (['queue_ms', 'dns_ms', 'connect_ms', 'tls_ms', 'first_byte_ms'] as const)
    .filter((phase) => phases[phase] !== undefined)
    .map((phase) => `${phase.slice(0, -3).replace('_', ' ')} ${round(phases[phase]!)}`);
  const status = attempt.status === undefined ? '' : `${attempt.status} `;
  const times = `in ${duration(phases.total_ms)}${parts.length > 0 ? ` (${parts.join(', ')})` : ''}`;
  const why = [
    attempt.verdict.replace('_', ' '),
    attempt.error,
    attempt.fault && `fault: ${attempt.fault}`,
    attempt.resent && 'resent once',
    attempt.simulated && 'simulated',
    attempt.message,
  ];
  return {
    key: `attempt ${attempt.attempt}`,
    at: attempt.end_timestamp,
    label: `attempt ${attempt.attempt}`,
    text: `${status}${times}: ${why.filter(Boolean).join(', ')}`,
    tone: attempt.verdict === 'accepted' ? 'good' : attempt.verdict === 'aborted' ? 'dim' : 'bad',
  };
}

const LONGEST_REPLY = 600;

function replyEntries(reply: Json | undefined): readonly TimelineEntry[] {
  if (reply === undefined) return [];
  const json = JSON.stringify(reply);
  const text =
    json.length > LONGEST_REPLY ? `${json.slice(0, LONGEST_REPLY)}… (whole: pickup inbounds show --json)` : json;
  return [{ key: 'reply', label: 'reply', text, tone: 'dim' }];
}

/** An issue with its place, rule and effect. */
function issueEntry(issue: Issue, index: number): TimelineEntry {
  // Without a pointer it is not about the reply's own fields; the message names what it is about.
  const place = placeOf(issue);
  return {
    key: `issue ${index}`,
    label: issue.severity,
    text: `${place}${issue.message} [${issue.code}, ${issue.effect.replace('_', ' ')}]`,
    tone: issue.severity === 'error' ? 'bad' : 'warn',
  };
}

function outcomeEntries(inbound: InboundObject): readonly TimelineEntry[] {
  const { outcome } = inbound;
  if (outcome === null) return [];
  const at = inbound.outcome_timestamp === undefined ? {} : { at: inbound.outcome_timestamp };
  const session = inbound.call_id ?? inbound.chat_id;
  if (outcome === 'connected') {
    const version = inbound.agent_version === undefined ? '' : ` version ${inbound.agent_version}`;
    const who = `${inbound.agent_id ?? 'an agent'}${version}${session ? ` (${session})` : ''}`;
    const [label, text] = inbound.channel === 'call' ? ['connected', `to ${who}`] : ['answered', `by ${who}`];
    return [{ key: 'outcome', ...at, label, text, tone: 'good' }];
  }
  const turnedAway = !['caller_abandoned', 'interrupted', 'opted_out'].includes(outcome);
  const label = !turnedAway ? 'ended' : inbound.channel === 'call' ? 'refused' : 'silence';
  return [{ key: 'outcome', ...at, label, text: outcome, tone: 'bad' }];
}

function callEntries(call: TimelineCall): readonly TimelineEntry[] {
  const said = (call.transcript_object ?? []).map(
    (line, index): TimelineEntry => ({
      key: `said ${index}`,
      ...(call.start_timestamp !== undefined &&
        line.start !== undefined && { at: call.start_timestamp + line.start * 1_000 }),
      label: line.role === 'user' ? 'caller' : (line.role ?? 'agent'),
      text: `“${line.content ?? ''}”`,
      tone: 'plain',
    }),
  );
  if (!isOver(call)) return said;
  const end: TimelineEntry = {
    key: 'end',
    ...(call.end_timestamp !== undefined && { at: call.end_timestamp }),
    label: 'hung up',
    text: [call.call_status, call.disconnection_reason].filter(Boolean).join(', '),
    tone: call.call_status === 'error' ? 'bad' : 'plain',
  };
  return [...said, end, ...(call.media_stats ? [audioEntry(call.media_stats)] : [])];
}

/** Below this people complain. */
const POOR_MOS = 3.6;

function audioEntry(media: CallMediaStats): TimelineEntry {
  const parts = [
    `${media.codec}${media.srtp === null ? '' : ` under ${media.srtp}`}`,
    `${media.packets_received} packets heard, ${media.packets_lost} lost (${media.loss_percent} %)`,
    `jitter ${media.jitter_ms} ms`,
    ...(media.concealed_ms > 0 ? [`${media.concealed_ms} ms concealed`] : []),
    ...(media.round_trip_ms === null ? [] : [`round trip ${media.round_trip_ms} ms`]),
    ...(media.mos === null ? [] : [`MOS ${media.mos}`]),
    ...(media.caller === null ? [] : [`the caller's ${media.caller.mos}`]),
  ];
  const isPoor = Math.min(media.mos ?? POOR_MOS, media.caller?.mos ?? POOR_MOS) < POOR_MOS;
  return { key: 'audio', label: 'audio', text: parts.join(', '), tone: isPoor ? 'warn' : 'dim' };
}

/** A call that will not go on. */
export const isOver = (call: TimelineCall): boolean =>
  call.call_status === 'ended' || call.call_status === 'error' || call.call_status === 'not_connected';

/** One entry as a line: time since the arrival, label, text. */
export function formatEntry(entry: TimelineEntry, arrivalTimestamp: number, style: Style): string {
  const time = entry.at === undefined ? '' : `+${duration(Math.max(0, entry.at - arrivalTimestamp))}`;
  const paint = entry.tone === 'plain' ? style.accent : style[entry.tone];
  return `${style.dim(time.padStart(9))}  ${paint(printable(entry.label).padEnd(10))} ${printable(entry.text)}`;
}

/** Ms below 10 s, else seconds. */
export function duration(ms: number): string {
  return ms < 10_000 ? `${round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Ms with a tenth where that says something. */
export const round = (ms: number): string =>
  ms < 10 && !Number.isInteger(ms) ? ms.toFixed(1) : String(Math.round(ms));
