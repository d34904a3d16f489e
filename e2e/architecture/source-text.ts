/**
 * What a guard reads in a source: its imports, and its code without comments and texts. A scanner, not a
 * parser: it knows comments, quotes, templates and regular expressions, which is enough to judge names.
 */

/** The code with comments and the contents of texts and regular expressions blanked; line numbers stay. */
export function codeOf(source: string): string {
  let code = '';
  let at = 0;
  const blank = (end: number) => {
    code += source.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  /** Depths of braces at which a template's expression ends. */
  const templates: number[] = [];
  let depth = 0;
  while (at < source.length) {
    const char = source[at]!;
    const pair = source.slice(at, at + 2);
    if (pair === '//') blank(endOf(source, '\n', at));
    else if (pair === '/*') blank(endOf(source, '*/', at + 2) + 2);
    else if (char === "'" || char === '"') blank(endOfText(source, at + 1, char));
    else if (char === '/' && startsRegex(code)) blank(endOfRegex(source, at + 1));
    else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const end = endOfTemplatePart(source, at + 1);
      if (source.slice(end - 2, end) === '${') templates.push(depth);
      code += ' ';
      at += 1;
      blank(end);
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      code += char;
      at++;
    }
  }
  return code;
}

export interface Import {
  readonly from: string;
  /** `import type`: erased before anything runs. */
  readonly typeOnly: boolean;
}

const IMPORT =
  /^[ \t]*(?:import|export)\s+(type\s+)?(?:[\w*${}\s,]+?\s+from\s+)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/gm;

/** Every module the source names. */
export function importsOf(source: string): readonly Import[] {
  const bare = source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...bare.matchAll(IMPORT)].map((found) => ({
    from: found[2] ?? found[3] ?? '',
    typeOnly: found[1] !== undefined,
  }));
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from);
  return end < 0 ? source.length : end;
}

function endOfText(source: string, from: number, quote: string): number {
  let at = from;
  while (at < source.length && source[at] !== quote && source[at] !== '\n') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

function endOfTemplatePart(source: string, from: number): number {
  let at = from;
  while (at < source.length && source[at] !== '`') {
    if (source.slice(at, at + 2) === '${') return at + 2;
    at += source[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}

function endOfRegex(source: string, from: number): number {
  let inClass = false;
  let at = from;
  while (at < source.length && source[at] !== '\n' && (inClass || source[at] !== '/')) {
    if (source[at] === '[') inClass = true;
    if (source[at] === ']') inClass = false;
    at += source[at] === '\\' ? 2 : 1;
  }
  return at + 1;
}

/** A slash is a division only behind a value. */
function startsRegex(before: string): boolean {
  const word = before.trimEnd().match(/(?:\b(?:return|typeof|case|in|of)|[=(,:[!&|?{};+]|=>|^)$/);
  return word !== null || before.trim() === '';
}
