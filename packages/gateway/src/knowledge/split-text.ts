/** Passages of a text: they are what a search finds, and together they are the text. */

/** Where a cut is best, best first; each is found with its end. */
const CUTS: readonly RegExp[] = [/\n\n(?=#)/g, /\n\n+/g, /\n/g, /[.!?。！？]["')\]]*\s/g, /\s/g];

/** Sizes in UTF-16 units. */
export interface PassageSizes {
  readonly maxChars: number;
  /** Shorter ones are joined with a neighbour where they fit; less than `maxChars`. */
  readonly minChars: number;
}

/** Cuts at headings, paragraphs, lines, sentences, words or, where there are none, anywhere but within a character. */
export function* splitText(text: string, { maxChars, minChars }: PassageSizes): Generator<string> {
  let at = 0;
  while (at < text.length) {
    const left = text.length - at;
    if (left <= maxChars) {
      yield text.slice(at);
      return;
    }
    // What would be left must not be too short either, where that can be had.
    const most = left - maxChars < minChars ? Math.max(minChars, left - minChars) : maxChars;
    const end = at + cutIn(text.slice(at, at + Math.min(most, maxChars)), minChars);
    yield text.slice(at, end);
    at = end;
  }
}

/** Where to end a passage that may be the whole of this window. */
function cutIn(window: string, minChars: number): number {
  for (const cut of CUTS) {
    let best = 0;
    for (const found of window.matchAll(cut)) {
      const end = found.index + found[0].length;
      if (end >= minChars) best = end;
    }
    if (best > 0) return best;
  }
  const last = window.charCodeAt(window.length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff && window.length > 1;
  return splitsPair ? window.length - 1 : window.length;
}
