/** What a search in knowledge bases looks for, the same in every driver. */

/** More words than anybody asks with; longer queries are cut. */
const MOST_TERMS = 32;
const MOST_CHARS = 4_000;
/** Marks belong to words, though an index may split at them. */
const WORDS = /[\p{L}\p{N}\p{M}]+/gu;
const NOT_ONLY_MARKS = /[\p{L}\p{N}]/u;
/** From this length on a word also finds longer ones: `open` finds `opening`. Shorter ones find their plural alone. */
const PREFIX_FROM = 4;

/** One word of a query. */
export interface Term {
  /** As it was asked. */
  readonly raw: string;
  /** Without case and accents. */
  readonly word: string;
  readonly isPrefix: boolean;
}

/** The query's words, each once, without a final s but in the shortest: `hours` finds `hour`, `dogs` finds `dog`. */
export function searchTerms(query: string): readonly Term[] {
  const terms = new Map<string, Term>();
  for (const asked of query.slice(0, MOST_CHARS).toWellFormed().normalize('NFC').match(WORDS) ?? []) {
    if (!NOT_ONLY_MARKS.test(asked)) continue;
    const raw = asked.length >= PREFIX_FROM ? asked.replace(/s$/i, '') : asked;
    const word = fold(raw);
    if (word !== '' && !terms.has(word)) terms.set(word, { raw, word, isPrefix: word.length >= PREFIX_FROM });
    if (terms.size === MOST_TERMS) break;
  }
  return [...terms.values()];
}

/** The part of the terms that the text has, 0 to 1, in thousandths. */
export function scoreOf(terms: readonly Term[], text: string): number {
  const words = new Set(wordsOf(text));
  const found = terms.filter((term) => words.has(term.word) || some(words, (word) => isFound(term, word)));
  return Math.round((found.length / terms.length) * 1_000) / 1_000;
}

/** How often the text has any of the terms. */
export function countOf(terms: readonly Term[], text: string): number {
  return wordsOf(text).filter((word) => terms.some((term) => isFound(term, word))).length;
}

/** As FTS5 takes it. Every word stands in quotes, so nothing of the query is syntax. */
export function matchExpression(terms: readonly Term[]): string {
  return terms.map(({ raw, isPrefix }) => (isPrefix ? `"${raw}"*` : `"${raw}" OR "${raw}s"`)).join(' OR ');
}

function isFound(term: Term, word: string): boolean {
  return term.isPrefix ? word.startsWith(term.word) : word === term.word || word === `${term.word}s`;
}

function wordsOf(text: string): readonly string[] {
  return fold(text).match(WORDS) ?? [];
}

function fold(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{Mn}/gu, '')
    .toLowerCase();
}

function some<T>(values: Iterable<T>, test: (value: T) => boolean): boolean {
  for (const value of values) if (test(value)) return true;
  return false;
}
