/** Attempts of a webhook as bars on one scale of time: what each waited for, and how long it was until the next. */
import type { AttemptPhases, AttemptRecord } from '@pickup/contract';
import type { Style } from '../style.ts';
import { duration, round } from '../timeline.ts';
import { labelled, padTo } from '../wrap-text.ts';

interface Phase {
  readonly name: Exclude<keyof AttemptPhases, 'total_ms'>;
  readonly letter: string;
  readonly word: string;
  readonly ends: readonly (string | undefined)[];
}

/** In the order in which an attempt goes through them; `ends`: reasons and errors of those that ended in it. */
const PHASES: readonly Phase[] = [
  { name: 'queue_ms', letter: 'q', word: 'queue', ends: ['queue'] },
  { name: 'dns_ms', letter: 'd', word: 'DNS', ends: ['dns', 'dns_error'] },
  { name: 'connect_ms', letter: 'c', word: 'connect', ends: ['connect', 'connect_error'] },
  { name: 'tls_ms', letter: 't', word: 'TLS', ends: ['tls', 'tls_error'] },
  { name: 'first_byte_ms', letter: 'w', word: 'wait for the first byte', ends: ['sent'] },
];
const WAIT = PHASES[4]!;
const BODY = { letter: 'b', word: 'body' } as const;
/** What is left of an attempt's time is told from here on, in ms: clocks and rounding leave a little. */
const LEAST_REST_MS = 1;
const PAUSE = '·';

const LABEL_CELLS = 26;
const TIME_CELLS = 10;
const LEAST_BAR_CELLS = 10;

/** Lines of at most `width` cells, a legend of the letters used at the end; none where nobody was asked. */
export function waterfall(attempts: readonly AttemptRecord[], width: number, style: Style): readonly string[] {
  if (attempts.length === 0) return [];
  const from = Math.min(...attempts.map(({ start_timestamp }) => start_timestamp));
  const to = Math.max(...attempts.map(({ end_timestamp }) => end_timestamp), from + 1);
  const cells = Math.max(LEAST_BAR_CELLS, width - LABEL_CELLS - TIME_CELLS - 2);
  const scale = cells / (to - from);
  const rows = attempts.flatMap((attempt, index) => {
    const before = attempts[index - 1];
    const bar = barOf(attempt, { from, scale, cells, pausedFrom: before?.end_timestamp });
    const paint = attempt.verdict === 'accepted' ? style.good : attempt.verdict === 'aborted' ? style.dim : style.bad;
    const label = padTo(`  ${attempt.attempt}  ${statusOf(attempt)}`, LABEL_CELLS);
    const time = duration(attempt.phases.total_ms).padStart(TIME_CELLS);
    return [
      `${paint(label)} ${padTo(bar, cells)} ${time}`,
      ...labelled('     ', detailOf(attempt), width).map(style.dim),
    ];
  });
  return [...rows, ...labelled('  ', legendOf(attempts), width).map(style.dim)];
}

function statusOf({ status, error, verdict }: AttemptRecord): string {
  const said = verdict.replace('_', ' ');
  if (status !== undefined) return `${status} ${said}`;
  return error === undefined ? said : error.replaceAll('_', ' ');
}

interface Scale {
  readonly from: number;
  /** Cells per ms. */
  readonly scale: number;
  readonly cells: number;
  /** The end of the attempt before. */
  readonly pausedFrom: number | undefined;
}

function barOf(attempt: AttemptRecord, { from, scale, cells, pausedFrom }: Scale): string {
  const start = Math.min(cells - 1, Math.floor((attempt.start_timestamp - from) * scale));
  const lasted = Math.round((attempt.end_timestamp - attempt.start_timestamp) * scale);
  const length = Math.max(1, Math.min(cells - start, lasted));
  const paused = pausedFrom === undefined ? start : Math.min(start, Math.floor((pausedFrom - from) * scale));
  return ' '.repeat(Math.max(0, paused)) + PAUSE.repeat(Math.max(0, start - paused)) + lettersOf(attempt, length);
}

interface Span {
  readonly letter: string;
  readonly word: string;
  readonly ms: number;
}

/** What an attempt's time was spent on, in order; what no phase accounts for is the one that it ended in. */
function spansOf(attempt: AttemptRecord): readonly Span[] {
  const { phases } = attempt;
  const known = PHASES.flatMap(({ name, letter, word }) => {
    const ms = phases[name];
    return ms === undefined ? [] : [{ letter, word, ms }];
  });
  const rest = phases.total_ms - known.reduce((sum, { ms }) => sum + ms, 0);
  return rest < LEAST_REST_MS ? known : [...known, { ...lastPhaseOf(attempt), ms: rest }];
}

/** The body once a byte had come; before that the phase whose deadline it was, else the wait. */
function lastPhaseOf({ phases, status, reason, error }: AttemptRecord): Omit<Span, 'ms'> {
  if (status !== undefined || phases.first_byte_ms !== undefined) return BODY;
  const { letter, word } = PHASES.find(({ ends }) => ends.includes(reason ?? error) || ends.includes(error)) ?? WAIT;
  return { letter, word };
}

/** Each cell has the letter of what went on in its middle. */
function lettersOf(attempt: AttemptRecord, length: number): string {
  const spans = spansOf(attempt);
  const totalMs = Math.max(0, attempt.phases.total_ms);
  let letters = '';
  for (let cell = 0; cell < length; cell++) letters += letterAt(spans, ((cell + 0.5) / length) * totalMs);
  return letters;
}

function letterAt(spans: readonly Span[], ms: number): string {
  let end = 0;
  for (const span of spans) {
    end += span.ms;
    if (ms < end) return span.letter;
  }
  return (spans.at(-1) ?? WAIT).letter;
}

function detailOf(attempt: AttemptRecord): string {
  const { resent, reason, message, fault, verdict } = attempt;
  const times = spansOf(attempt).map(({ word, ms }) => `${word} ${round(ms)}`);
  const why = [
    message?.replace(/\.$/, ''),
    reason && !message?.includes(reason) && reason.replaceAll('_', ' '),
    fault && verdict !== 'accepted' && `fault: ${fault}`,
    resent && 'sent once more on a fresh connection (C5)',
  ];
  return [times.length > 0 && `${times.join(', ')} ms`, ...why].filter(Boolean).join('; ') || 'not even queued';
}

function legendOf(attempts: readonly AttemptRecord[]): string {
  const used = new Set(attempts.flatMap((attempt) => spansOf(attempt).map(({ letter }) => letter)));
  const words = [...PHASES, BODY].filter(({ letter }) => used.has(letter));
  const pause = attempts.length > 1 ? [`${PAUSE} until the next attempt`] : [];
  return [...words.map(({ letter, word }) => `${letter} ${word}`), ...pause].join('  ');
}
