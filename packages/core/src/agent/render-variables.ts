/**
 * `{{name}}` in prompts, first lines and URLs (E9).
 *
 * One pass over the template with a stack of openers: inner placeholders are replaced before the outer name is
 * read, values are never scanned again, and whatever names nothing stays as it was written, braces included.
 */

/** Answers a variable's value, or undefined where nothing has that name. */
export type VariableLookup = (name: string) => string | undefined;

/** A part of a rendered template: as written in it, or put in from a variable. */
export interface RenderedSpan {
  readonly text: string;
  readonly fromVariable: boolean;
}

/** Longer names, in UTF-16 units, are taken as plain text: it bounds the work of deep nesting. */
export const MAX_VARIABLE_NAME = 512;

/** Once a rendering has this many UTF-16 units, further placeholders stay literal (a value can be named often). */
export const MAX_RENDERED = 8 * 1024 * 1024;

type Opener = { readonly piece: number; readonly size: number };

/** The template with every known `{{ name }}` replaced. Linear in the template plus the result. */
export function renderTemplate(template: string, variables: Readonly<Record<string, string>> | VariableLookup): string {
  return renderSpans(template, variables)
    .map((span) => span.text)
    .join('');
}

/** As `renderTemplate`, but telling apart what the template says and what variables put in; no empty spans. */
export function renderSpans(
  template: string,
  variables: Readonly<Record<string, string>> | VariableLookup,
): readonly RenderedSpan[] {
  if (!template.includes('{{')) return template === '' ? [] : [{ text: template, fromVariable: false }];
  const rendering = new Rendering(typeof variables === 'function' ? variables : lookupIn(variables));
  const braces = /\{{2,}|\}\}/g;
  let from = 0;
  for (let found = braces.exec(template); found; found = braces.exec(template)) {
    rendering.literal(template.slice(from, found.index));
    from = braces.lastIndex;
    if (found[0] === '}}') rendering.close();
    else rendering.open(found[0].length);
  }
  rendering.literal(template.slice(from));
  return rendering.spans();
}

/** A lookup of own properties only, so that `{{constructor}}` names nothing. */
export function lookupIn(variables: Readonly<Record<string, string>>): VariableLookup {
  return (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined);
}

class Rendering {
  readonly #lookup: VariableLookup;
  readonly #pieces: string[] = [];
  readonly #fromVariable: boolean[] = [];
  readonly #openers: Opener[] = [];
  #size = 0;

  constructor(lookup: VariableLookup) {
    this.#lookup = lookup;
  }

  literal(text: string): void {
    this.#push(text, false);
  }

  /** A run of `count` braces: pairs open, and of an odd run the first is text, as in `{{{name}}}`. */
  open(count: number): void {
    if (count % 2 === 1) this.#push('{', false);
    for (let pair = 0; pair < count >> 1; pair++) {
      this.#openers.push({ piece: this.#pieces.length, size: this.#size });
      this.#push('{{', false);
    }
  }

  close(): void {
    const opener = this.#openers.pop();
    const value = opener && this.#valueSince(opener);
    if (!opener || value === undefined) {
      this.#push('}}', false);
      return;
    }
    this.#pieces.length = opener.piece;
    this.#fromVariable.length = opener.piece;
    this.#size = opener.size;
    this.#push(value, true);
  }

  /** Neighbours of one kind are joined, so that spans mean something to a reader. */
  spans(): readonly RenderedSpan[] {
    const spans: RenderedSpan[] = [];
    for (let start = 0; start < this.#pieces.length; ) {
      const fromVariable = this.#fromVariable[start] === true;
      let end = start + 1;
      while (end < this.#pieces.length && this.#fromVariable[end] === fromVariable) end++;
      spans.push({ text: this.#pieces.slice(start, end).join(''), fromVariable });
      start = end;
    }
    return spans;
  }

  #valueSince(opener: Opener): string | undefined {
    if (this.#size - opener.size > MAX_VARIABLE_NAME || opener.size > MAX_RENDERED) return undefined;
    const name = this.#pieces
      .slice(opener.piece + 1)
      .join('')
      .trim();
    return name === '' ? undefined : this.#lookup(name);
  }

  #push(text: string, fromVariable: boolean): void {
    if (text === '') return;
    this.#pieces.push(text);
    this.#fromVariable.push(fromVariable);
    this.#size += text.length;
  }
}
