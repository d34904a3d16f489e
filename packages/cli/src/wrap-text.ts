/** Text in columns of a terminal: how wide it is, and where it breaks. */
import { printable } from './style.ts';

/** Scripts and pictures that take two cells. */
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO_WIDTH = /\p{M}|\p{Cf}/u;

/** Cells that the text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += cellsOf(char);
  return width;
}

function cellsOf(char: string): number {
  if (char <= '\u007f') return 1;
  if (ZERO_WIDTH.test(char)) return 0;
  return WIDE.test(char) ? 2 : 1;
}

/** Lines of at most `width` cells, broken at spaces where there are any. What a terminal would act on is made visible. */
export function wrapText(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = cutText(word, width);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1)!;
  }
  return [...lines, line];
}

/** Pieces of at most `width` cells, at least one. */
function cutText(text: string, width: number): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const char of text) {
    const cells = cellsOf(char);
    if (used + cells > width && piece !== '') {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += char;
    used += cells;
  }
  return [...pieces, piece];
}

/** Wrapped text behind a label; the lines that follow are indented to it. */
export function labelled(label: string, text: string, width: number): readonly string[] {
  const indent = widthOf(label);
  return wrapText(text, Math.max(20, width - indent)).map((line, index) =>
    index === 0 ? `${label}${line}` : `${' '.repeat(indent)}${line}`,
  );
}

/** The text with spaces up to `width` cells. */
export function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}
