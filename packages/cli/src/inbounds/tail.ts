/** `pickup inbounds tail`: inbounds as they happen, one event a line. */
import { explainInbound, type InboundObject } from '@pickup/contract';
import type { Client } from '../client.ts';
import type { Context, ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import type { Style } from '../style.ts';
import { duration } from '../timeline.ts';
import { labelled } from '../wrap-text.ts';
import { followStream } from './follow-stream.ts';

/** Inbounds whose lines are remembered while they last, at most. */
const MOST_OPEN = 10_000;
/** A line each, for whoever searches them. */
const WIDTH_OF_A_FILE = Number.POSITIVE_INFINITY;

export interface TailOptions {
  readonly to?: string | undefined;
  readonly channel?: string | undefined;
  readonly outcome?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Goes on until the operator stops it, over restarts of the gateway. */
export async function tail(context: Context, client: Client, options: TailOptions): Promise<ExitCode> {
  const { out, err, style, columns = WIDTH_OF_A_FILE, sleep, stopAsked } = context;
  const aborter = new AbortController();
  void stopAsked().then(() => aborter.abort());
  const lines = createTailLines(columns, style);
  let wasLost = false;
  await followStream({
    client,
    query: queryOf(options),
    onInbound(inbound) {
      if (options.json) out(`${jsonText(inbound, 0)}\n`);
      else for (const line of lines(inbound)) out(`${line}\n`);
    },
    onLine(said) {
      if (said === 'lost') err(`the line to ${client.url} is lost; trying again\n`);
      else
        err(
          wasLost ? 'connected again; what ended meanwhile follows\n' : `following ${client.url}; stop with Ctrl-C\n`,
        );
      wasLost = said === 'lost';
    },
    sleep,
    signal: aborter.signal,
  });
  return 0;
}

function queryOf({ to, channel, outcome }: TailOptions): string {
  const query = new URLSearchParams({
    ...(to !== undefined && { to_number: to }),
    ...(channel !== undefined && { channel }),
    ...(outcome !== undefined && { outcome }),
  });
  return query.size === 0 ? '' : `?${query}`;
}

/** What of an inbound is news: its arrival, each attempt, its end. A record that says nothing new gives no line. */
export function createTailLines(width: number, style: Style): (inbound: InboundObject) => readonly string[] {
  const told = new Map<string, number>();
  return (inbound) => {
    const { inbound_id: id, outcome, attempts } = inbound;
    const known = told.get(id);
    const news = attempts.slice(known ?? 0).flatMap((attempt) => attemptLines(inbound, attempt, width, style));
    const arrived = known === undefined && outcome === null ? arrivalLines(inbound, width, style) : [];
    if (outcome === null) {
      told.set(id, attempts.length);
      const oldest = told.size > MOST_OPEN ? told.keys().next().value : undefined;
      if (oldest !== undefined) told.delete(oldest);
      return [...arrived, ...news];
    }
    told.delete(id);
    // Of what ended out of sight its end is told: the attempts are in the record.
    return [...(known === undefined ? [] : news), ...endLines(inbound, width, style)];
  };
}

function arrivalLines(inbound: InboundObject, width: number, style: Style): readonly string[] {
  const { from_number, to_number, channel, inbound_id } = inbound;
  const what = `${channel === 'call' ? 'call' : 'text'} from ${from_number} to ${to_number}  ${inbound_id}`;
  return lineOf(inbound.arrival_timestamp, 'arrived', what, { width, paint: style.accent });
}

function attemptLines(
  inbound: InboundObject,
  attempt: InboundObject['attempts'][number],
  width: number,
  style: Style,
): readonly string[] {
  const { status, error, verdict, message, end_timestamp, phases } = attempt;
  const said = status ?? error?.replaceAll('_', ' ') ?? '';
  const why = message === undefined ? '' : `: ${message}`;
  const text = `${said} ${verdict.replace('_', ' ')} in ${duration(phases.total_ms)}${why}  ${inbound.inbound_id}`;
  const paint = verdict === 'accepted' ? style.good : style.bad;
  return lineOf(end_timestamp, `attempt ${attempt.attempt}`, text.trimStart(), { width, paint });
}

function endLines(inbound: InboundObject, width: number, style: Style): readonly string[] {
  const { outcome, outcome_timestamp, arrival_timestamp, from_number, to_number, inbound_id } = inbound;
  const at = outcome_timestamp ?? arrival_timestamp;
  const { headline } = explainInbound(inbound);
  const text = `${from_number} → ${to_number} after ${duration(at - arrival_timestamp)}. ${headline}  ${inbound_id}`;
  const connected = outcome === 'connected';
  const label = connected ? 'connected' : 'ended';
  return lineOf(at, label, text, { width, paint: connected ? style.good : style.bad });
}

function lineOf(
  at: number,
  label: string,
  text: string,
  { width, paint }: { readonly width: number; readonly paint: (text: string) => string },
): readonly string[] {
  const time = new Date(at).toISOString().slice(11, 23);
  const [first = '', ...more] = labelled(`${time}  ${label.padEnd(10)} `, text, width);
  return [paint(first), ...more];
}
