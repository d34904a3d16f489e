/** `pickup inbounds replay`: the recorded request once more, and the two decisions side by side. */
import type { Explanation, InboundObject, Issue, Json } from '@pickup/contract';
import type { Client } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { placeOf } from '../issue-place.ts';
import { jsonText } from '../json-text.ts';
import { printable, type Style } from '../style.ts';
import { labelled, padTo, wrapText } from '../wrap-text.ts';
import { readInbound } from './read-inbound.ts';
import { spacedJson } from './render-inbound.ts';

/** One of the two decisions in the answer of replay-inbound. */
interface Decided {
  readonly outcome: InboundObject['outcome'];
  readonly decision: readonly string[];
  readonly issues: readonly Issue[];
  readonly reply?: Json;
  readonly explanation: Explanation;
}

/** What replay-inbound answers. */
interface ReplayAnswer {
  readonly original: Decided;
  readonly replay: Decided;
  readonly differences: readonly string[];
  /** The test key that signed, where none was given. */
  readonly signing_key?: string;
}

export interface ReplayOptions {
  readonly webhook?: string | undefined;
  readonly signingKey?: string | undefined;
  readonly json?: boolean | undefined;
}

const MOST_REPLY_CHARS = 600;

/** 0 where the caller would be connected now, else 1. */
export async function replay(context: Context, client: Client, id: string, options: ReplayOptions): Promise<ExitCode> {
  const { out, style, columns = 100 } = context;
  if (options.signingKey !== undefined && options.webhook === undefined) {
    throw new CommandFault('--signing-key goes with --webhook: the own URL is sent what the API key signs');
  }
  await readInbound(client, id);
  const answer = (await client.post(`/replay-inbound/${encodeURIComponent(id)}`, {
    ...(options.webhook !== undefined && { webhook_url: options.webhook }),
    ...(options.signingKey !== undefined && { signing_key: options.signingKey }),
  })) as ReplayAnswer;
  if (options.json) out(`${jsonText(answer)}\n`);
  else out(`${renderReplay(answer, columns, style).join('\n')}\n`);
  return answer.replay.outcome === 'connected' ? 0 : 1;
}

/** What differs first, then the two in columns. */
function renderReplay(answer: ReplayAnswer, width: number, style: Style): readonly string[] {
  const { original, replay: now, differences, signing_key } = answer;
  const same = differences.length === 0;
  const verdict = same ? 'Decided as before.' : `${differences.length} difference${differences.length > 1 ? 's' : ''}:`;
  const cells = Math.max(20, Math.floor((width - 3) / 2));
  return [
    style.bold((same ? style.good : style.warn)(verdict)),
    ...differences.flatMap((text) => labelled('  - ', text, width)),
    '',
    ...sideBySide(columnOf('Original', original, cells), columnOf('Replay', now, cells), cells).map((line, index) =>
      index === 0 ? style.bold(line) : line,
    ),
    ...(signing_key === undefined ? [] : ['', ...wrapText(`Signed with the test key ${signing_key}`, width)]),
    '',
    ...wrapText('Nobody was connected and nothing was stored.', width).map(style.dim),
  ];
}

function columnOf(title: string, decided: Decided, cells: number): readonly string[] {
  const { decision, issues, reply, explanation } = decided;
  const text = reply === undefined ? 'none kept' : spacedJson(reply).slice(0, MOST_REPLY_CHARS);
  return [
    title,
    ...wrapText(explanation.headline, cells),
    '',
    'reply',
    ...wrapText(text, cells),
    '',
    'issues',
    ...(issues.length === 0 ? ['none'] : issues.flatMap((issue) => labelled('- ', issueText(issue), cells))),
    '',
    'decision',
    ...decision.flatMap((step, index) => labelled(`${index + 1}. `, step, cells)),
  ];
}

function issueText(issue: Issue): string {
  const { severity, message, code } = issue;
  return `${severity} ${placeOf(issue)}${message} [${code}]`;
}

/** Two columns of `cells` each; the sections of the shorter one end where they end. */
function sideBySide(left: readonly string[], right: readonly string[], cells: number): readonly string[] {
  const rows = alignSections(left, right);
  return rows.map(([one, other]) => `${padTo(one, cells)} │ ${other}`.trimEnd());
}

/** Sections, parted by empty lines, begin on one row. */
function alignSections(left: readonly string[], right: readonly string[]): readonly (readonly [string, string])[] {
  const [before, after] = [sectionsOf(left), sectionsOf(right)];
  return before.flatMap((section, index) => {
    const other = after[index] ?? [];
    const rows = Math.max(section.length, other.length);
    const lines = Array.from({ length: rows }, (_, row) => [section[row] ?? '', other[row] ?? ''] as const);
    return index === before.length - 1 ? lines : [...lines, ['', ''] as const];
  });
}

function sectionsOf(lines: readonly string[]): readonly (readonly string[])[] {
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line === '') sections.push([]);
    else sections.at(-1)!.push(printable(line));
  }
  return sections;
}
