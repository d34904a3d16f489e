/** Attempts of a webhook as bars on one scale of time: what each waited for, and how long it was until the next. */
import type { AttemptPhases, AttemptRecord } from '@pickup/contract';
import type { Style } from '../style.ts';
import { duration, round } from '../timeline.ts';
import { labelled, padTo } from '../wrap-text.ts';

/** In the order in which an attempt goes through them; `b` is what is left of its time. */
const PHASES = [
  ['queue_ms', 'q', 'queue'],
  ['dns_ms', 'd', 'DNS'],
  ['connect_ms', 'c', 'connect'],
  ['tls_ms', 't', 'TLS'],
  ['first_byte_ms', 'w', 'wait for the first byte'],
] as const;
const BODY = ['b', 'body'] as const;
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
  return (
    ' '.repeat(Math.max(0, paused)) + PAUSE.repeat(Math.max(0, start - paused)) + lettersOf(attempt.phases, length)
  );
}

/** Each cell has the letter of what went on in its middle. */
function lettersOf(phases: AttemptPhases, length: number): string {
  let letters = '';
  for (let cell = 0; cell < length; cell++)
    letters += letterAt(phases, ((cell + 0.5) / length) * Math.max(0, phases.total_ms));
  return letters;
}

function letterAt(phases: AttemptPhases, ms: number): string {
  let end = 0;
  for (const [name, letter] of PHASES) {
    end += phases[name] ?? 0;
    if (ms < end) return letter;
  }
  return BODY[0];
}

function detailOf({ phases, resent, reason, message, fault, verdict }: AttemptRecord): string {
  const times = PHASES.flatMap(([name, , word]) => {
    const spent = phases[name];
    return spent === undefined ? [] : [`${word} ${round(spent)}`];
  });
  const why = [
    message?.replace(/\.$/, ''),
    reason && !message?.includes(reason) && reason.replaceAll('_', ' '),
    fault && verdict !== 'accepted' && `fault: ${fault}`,
    resent && 'sent once more on a fresh connection (C5)',
  ];
  return [times.length > 0 && `${times.join(', ')} ms`, ...why].filter(Boolean).join('; ') || 'not even queued';
}

function legendOf(attempts: readonly AttemptRecord[]): string {
  const words = PHASES.filter(([name]) => attempts.some(({ phases }) => phases[name] !== undefined));
  const pause = attempts.length > 1 ? [`${PAUSE} until the next attempt`] : [];
  return [...words.map(([, letter, word]) => `${letter} ${word}`), BODY.join(' '), ...pause].join('  ');
}
