/**
 * Cuts a rendered text into pieces to speak, so that what the template says is a piece of its own and can come
 * from a cache whoever is calling; only clauses with a variable in them differ from call to call.
 */
import type { RenderedSpan } from '@pickup/core';

export interface Clause {
  readonly text: string;
  /** No variable in it: the same for every caller. */
  readonly constant: boolean;
}

/** Longer pieces are cut at a clause's end: about half a minute of speech. */
const LONG_PIECE = 400;
/** Longest piece whatever its punctuation; below what the voice takes in one request. */
const MAX_PIECE = 2_000;

/** A sentence or clause ends: punctuation before white space, a line break, or full-width punctuation. */
const CLAUSE_END = /[.!?…]+["')\]]*\s+|[,;:]\s+|[。！？，、；：]|\n+/g;
/** `Dr. `, `p.m. `, `No. `: a full stop that more likely ends an abbreviation than a sentence. */
const ABBREVIATION = /(?:^|[^\p{L}])(?:\p{L}{1,2}|Mrs|Rev|Gen|Prof|Ave|Inc|Ltd|ext|approx)\.\s*$/u;

/** Neighbours of one kind are kept together, for their melody; pieces without anything to say are dropped. */
export function splitClauses(spans: readonly RenderedSpan[]): readonly Clause[] {
  const clauses = joinNeighbours(cutAtEnds(spans));
  return clauses.flatMap(cutLong).filter((clause) => /[\p{L}\p{N}\p{S}]/u.test(clause.text));
}

/** Ends are looked for in what the template says only: a comma in a value ends nothing. */
function cutAtEnds(spans: readonly RenderedSpan[]): Clause[] {
  const clauses: Clause[] = [];
  let text = '';
  let constant = true;
  const finish = () => {
    if (text !== '') clauses.push({ text, constant });
    text = '';
    constant = true;
  };
  for (const span of spans) {
    if (span.fromVariable) {
      text += span.text;
      constant = false;
      continue;
    }
    let from = 0;
    for (const end of span.text.matchAll(CLAUSE_END)) {
      const to = end.index + end[0].length;
      const start = from;
      from = to;
      text += span.text.slice(start, to);
      if (end[0].startsWith('.') && ABBREVIATION.test(text.slice(-12))) continue;
      finish();
    }
    text += span.text.slice(from);
  }
  finish();
  return clauses;
}

function joinNeighbours(clauses: readonly Clause[]): Clause[] {
  const joined: Clause[] = [];
  for (const clause of clauses) {
    const last = joined.at(-1);
    if (last && last.constant === clause.constant && last.text.length + clause.text.length <= LONG_PIECE) {
      joined[joined.length - 1] = { text: last.text + clause.text, constant: clause.constant };
    } else joined.push(clause);
  }
  return joined;
}

function cutLong(clause: Clause): Clause[] {
  const pieces: Clause[] = [];
  let rest = clause.text;
  while (rest.length > MAX_PIECE) {
    const space = rest.lastIndexOf(' ', MAX_PIECE);
    const cut = space > MAX_PIECE / 2 ? space + 1 : MAX_PIECE;
    pieces.push({ text: rest.slice(0, cut).trim(), constant: clause.constant });
    rest = rest.slice(cut);
  }
  pieces.push({ text: rest.trim(), constant: clause.constant });
  return pieces;
}

/** Silence after a piece, ms, by how it ends. */
export function pauseAfterMs(text: string): number {
  if (/[.!?…。！？]["')\]]*$/.test(text)) return 350;
  if (/[,;:，、；：]$/.test(text)) return 180;
  return 60;
}
