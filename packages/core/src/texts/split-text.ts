/** One message as the parts that a provider takes. */

/** UTF-16 units of one part: the limit of the providers. */
export const LONGEST_PART = 1_600;

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });

/**
 * Parts of at most `longest` units, cut at the last sentence's end that fits, else between words, else between
 * graphemes. White space at a cut goes with it; a text of white space alone has no parts.
 */
export function splitText(text: string, longest = LONGEST_PART): readonly string[] {
  const parts: string[] = [];
  let rest = text.trim();
  while (rest.length > longest) {
    const at = cutAt(rest, longest);
    parts.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  return rest === '' ? parts : [...parts, rest];
}

/** Where the first part ends: above 0, at most `longest`. */
function cutAt(text: string, longest: number): number {
  // One more unit tells whether the last sentence or word that fits is whole.
  const head = text.slice(0, longest + 1);
  return (
    lastEnd(head, /\n\s*|[.!?…][\p{Pe}\p{Pf}"']*\s+|[。！？]/gu, longest) ??
    lastEnd(head, /\s+/gu, longest) ??
    wholeGraphemes(text, longest)
  );
}

/** The end of the last match whose words fit, unless that leaves less than a quarter of a part. */
function lastEnd(head: string, ends: RegExp, longest: number): number | undefined {
  let last: number | undefined;
  for (const match of head.matchAll(ends)) {
    const words = match.index + match[0].trimEnd().length;
    if (words <= longest && words >= longest / 4) last = Math.min(longest, match.index + match[0].length);
  }
  return last;
}

function wholeGraphemes(text: string, longest: number): number {
  let end = 0;
  // A grapheme can be longer than a part: then it is cut all the same, between its code points.
  for (const { index, segment } of graphemes.segment(text.slice(0, longest * 2))) {
    if (index + segment.length > longest) break;
    end = index + segment.length;
  }
  if (end > 0) return end;
  const code = text.charCodeAt(longest - 1);
  return longest > 1 && code >= 0xd800 && code < 0xdc00 ? longest - 1 : longest;
}
