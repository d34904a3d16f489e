/** The whole story of an inbound on one screen: what became of it first, then how it came to that. Pure. */
import { explainInbound, type InboundObject, type Issue, type Json } from '@pickup/contract';
import { placeOf } from '../issue-place.ts';
import { printable, type Style } from '../style.ts';
import { duration, type TimelineCall, timelineOf } from '../timeline.ts';
import { labelled, wrapText } from '../wrap-text.ts';
import { conversationLines, type ShownChat, sentLines } from './conversation.ts';
import { waterfall } from './waterfall.ts';

/** Lines that the JSON of a request or reply may take. */
const MOST_JSON_LINES = 8;
/** SIP messages and issues shown, at most. */
const MOST_ROWS = 20;

export interface RenderOptions {
  /** Cells of a line. */
  readonly width: number;
  readonly style: Style;
  /** The call that came of it, where there is one. */
  readonly call?: TimelineCall | undefined;
  /** The chat, likewise. */
  readonly chat?: ShownChat | undefined;
}

/** Lines without line breaks. */
export function renderInbound(inbound: InboundObject, options: RenderOptions): readonly string[] {
  const { width, style } = options;
  return [
    ...explanation(inbound, width, style),
    '',
    ...arrival(inbound, width, style),
    ...section('SIP', sipLines(inbound, width, style), style),
    ...section(attemptsTitle(inbound), waterfall(inbound.attempts, width, style), style),
    ...section('Request', jsonLines(inbound.request, width), style),
    ...section('Reply', jsonLines(inbound.reply, width), style),
    ...section('Issues', cutRows(inbound.issues.flatMap((issue) => issueLines(issue, width, style))), style),
    ...section('Decision', decisionLines(inbound, width), style),
    ...section(inbound.channel === 'call' ? 'Call' : 'Chat', sessionLines(inbound, options), style),
    ...section('Texts sent', sentOf(inbound, options), style),
  ];
}

/** The first lines: what became of it and what to do. */
export function explanation(inbound: InboundObject, width: number, style: Style): readonly string[] {
  const { headline, fix } = explainInbound(inbound);
  const paint = inbound.outcome === null ? style.accent : inbound.outcome === 'connected' ? style.good : style.bad;
  const said = wrapText(headline, width).map((line) => style.bold(paint(line)));
  return fix === undefined ? said : [...said, ...wrapText(fix, width)];
}

function section(title: string, lines: readonly string[], style: Style): readonly string[] {
  return lines.length === 0 ? [] : ['', style.bold(printable(title)), ...lines];
}

function arrival(inbound: InboundObject, width: number, style: Style): readonly string[] {
  const { inbound_id, channel, edge, from_number, to_number, arrival_timestamp, outcome, outcome_timestamp } = inbound;
  const when = new Date(arrival_timestamp).toISOString().replace('T', ' ').replace('Z', ' UTC');
  const over = outcome !== 'connected' ? 'over' : channel === 'call' ? 'connected' : 'answered';
  const end =
    outcome_timestamp === undefined ? '' : `, ${over} after ${duration(outcome_timestamp - arrival_timestamp)}`;
  const what = `${channel === 'call' ? 'Call' : 'Text'} from ${from_number} to ${to_number} at the ${edge} edge`;
  return [style.accent(printable(inbound_id)), ...wrapText(`${what}, ${when}${end}`, width)];
}

function sipLines({ sip, arrival_timestamp }: InboundObject, width: number, style: Style): readonly string[] {
  const lines = (sip?.messages ?? []).flatMap(({ timestamp, direction, summary }) => {
    const time = `+${duration(Math.max(0, timestamp - arrival_timestamp))}`.padStart(11);
    return labelled(`${time}  ${direction === 'in' ? '←' : '→'} `, summary, width);
  });
  return cutRows(lines).map(style.dim);
}

function attemptsTitle({ settings }: InboundObject): string {
  const url = settings?.['webhook_url'];
  return typeof url === 'string' ? `Attempts at ${url}` : 'Attempts';
}

function jsonLines(json: Json | undefined, width: number): readonly string[] {
  if (json === undefined) return [];
  // More than can be shown is not wrapped.
  const text = spacedJson(json).slice(0, (MOST_JSON_LINES + 1) * width);
  const lines = labelled('  ', text, width);
  if (lines.length <= MOST_JSON_LINES) return lines;
  return [...lines.slice(0, MOST_JSON_LINES - 1), '  … (whole: pickup inbounds show ID --json)'];
}

/** On one line, with spaces to break it at. */
export function spacedJson(json: Json): string {
  return JSON.stringify(json, null, 1).replaceAll(/\n */g, ' ');
}

function issueLines(issue: Issue, width: number, style: Style): readonly string[] {
  const place = placeOf(issue);
  const text = `${place}${issue.message} [${issue.code}, ${issue.rule}, ${issue.effect.replace('_', ' ')}]`;
  const [first = '', ...more] = labelled(`  ${issue.severity.padEnd(8)} `, text, width);
  return [(issue.severity === 'error' ? style.bad : style.warn)(first), ...more];
}

function decisionLines({ decision }: InboundObject, width: number): readonly string[] {
  return cutRows(decision.flatMap((step, index) => labelled(`  ${String(index + 1).padStart(2)}. `, step, width)));
}

/** What came of the call or text: who took it, what was said, how it ended. */
function sessionLines(inbound: InboundObject, options: RenderOptions): readonly string[] {
  const { width, style, call, chat } = options;
  if (inbound.outcome !== 'connected') return [];
  const lines = eventLines(inbound, { width, style, call });
  return chat ? [...lines, ...cutRows(conversationLines(chat, shownAt(inbound, options)))] : lines;
}

const shownAt = ({ arrival_timestamp: since }: InboundObject, { width, style }: RenderOptions) => ({
  since,
  width,
  style,
});

const sentOf = (inbound: InboundObject, options: RenderOptions) =>
  options.chat ? cutRows(sentLines(options.chat, shownAt(inbound, options))) : [];

function eventLines(inbound: InboundObject, { width, style, call }: RenderOptions): readonly string[] {
  return timelineOf(inbound, call)
    .filter(({ key }) => key === 'outcome' || key === 'end' || key === 'audio' || key.startsWith('said '))
    .flatMap((entry) => {
      const time = entry.at === undefined ? '' : `+${duration(Math.max(0, entry.at - inbound.arrival_timestamp))}`;
      const [first = '', ...more] = labelled(
        `${time.padStart(11)}  ${printable(entry.label).padEnd(10)} `,
        entry.text,
        width,
      );
      return [entry.tone === 'plain' ? first : style[entry.tone](first), ...more];
    });
}

function cutRows(lines: readonly string[]): readonly string[] {
  const over = lines.length - MOST_ROWS * 2;
  return over <= 0
    ? lines
    : [...lines.slice(0, MOST_ROWS * 2), `  … ${over} more lines (all: pickup inbounds show ID --json)`];
}
