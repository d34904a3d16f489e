/**
 * Where something stands in JSON text: the first fault, in words for a person, and the place a pointer means.
 * Only asked where something is wrong already; the text nests at most as deep as a reply may (D1).
 */
import { pointerTo } from '../settings/issue.ts';

/** A place in a text; line and column from 1, columns in UTF-16 units. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with text that is no JSON, and where. */
export interface JsonFault extends TextPlace {
  /** Follows "line 3, column 5: ". */
  readonly what: string;
}

/** The first fault of text that JSON.parse refuses; undefined where this scanner finds none. */
export function findJsonFault(text: string): JsonFault | undefined {
  try {
    new Scanner(text).scan();
    return undefined;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ...placeOf(text, error.at), what: error.message };
  }
}

/** Where the member or entry that `pointer` means begins (a member at its name); undefined where it is not there. */
export function locateInJson(text: string, pointer: string): TextPlace | undefined {
  let found: number | undefined;
  try {
    new Scanner(text, (at, where) => {
      if (where === pointer) found ??= at;
    }).scan();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
  return found === undefined ? undefined : placeOf(text, found);
}

class Fault extends Error {
  readonly at: number;

  constructor(at: number, what: string) {
    super(what);
    this.at = at;
  }
}

function placeOf(text: string, at: number): TextPlace {
  const before = text.slice(0, at);
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n') };
}

/** What people write for JSON's words, from other languages. */
const FOREIGN_WORDS: Readonly<Record<string, string>> = {
  True: 'true',
  False: 'false',
  None: 'null',
  nil: 'null',
  undefined: 'null, or leave the member out',
  NaN: 'null',
  Infinity: 'a number',
};
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_$][\w$]*/y;
/** What a string holds without ado; never fails to match. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
/** Deeper than any reply may nest. */
const MOST_DEPTH = 64;

class Scanner {
  readonly #text: string;
  /** Absent: nobody wants the places, and no pointer is made. */
  readonly #tell: ((at: number, pointer: string) => void) | undefined;
  #at = 0;

  constructor(text: string, tell?: (at: number, pointer: string) => void) {
    this.#text = text;
    this.#tell = tell;
  }

  scan(): void {
    this.#blanks();
    this.#tell?.(this.#at, '');
    this.#value('', 0);
    this.#blanks();
    if (this.#at < this.#text.length) this.#fail('something follows the end of the JSON');
  }

  #value(pointer: string, depth: number): void {
    const first = this.#text[this.#at];
    if (depth > MOST_DEPTH) this.#fail('it nests too deep');
    if (first === '{') return this.#object(pointer, depth);
    if (first === '[') return this.#list(pointer, depth);
    if (first === '"') return this.#string();
    if (this.#take(NUMBER) === undefined) return this.#word();
    // What was sent is not quoted: it may be somebody's telephone number.
    if (/[\w.]/.test(this.#text[this.#at] ?? '')) this.#fail('no number is written like this');
  }

  #object(pointer: string, depth: number): void {
    this.#at++;
    this.#blanks();
    if (this.#text[this.#at] === '}') return void this.#at++;
    for (;;) {
      const start = this.#at;
      if (this.#text[start] !== '"') this.#noName();
      this.#string();
      const inside = this.#tell ? pointerTo(pointer, JSON.parse(this.#text.slice(start, this.#at)) as string) : '';
      this.#tell?.(start, inside);
      this.#blanks();
      if (this.#text[this.#at] !== ':') this.#fail('a colon must follow the name');
      this.#at++;
      this.#blanks();
      this.#value(inside, depth + 1);
      if (this.#closes('}')) return;
    }
  }

  #list(pointer: string, depth: number): void {
    this.#at++;
    this.#blanks();
    if (this.#text[this.#at] === ']') return void this.#at++;
    for (let index = 0; ; index++) {
      const inside = this.#tell ? pointerTo(pointer, index) : '';
      this.#tell?.(this.#at, inside);
      this.#value(inside, depth + 1);
      if (this.#closes(']')) return;
    }
  }

  /** After a value: true at the end, false after a comma that something follows. */
  #closes(end: '}' | ']'): boolean {
    this.#blanks();
    const next = this.#text[this.#at];
    if (next === end) {
      this.#at++;
      return true;
    }
    if (next !== ',') this.#fail(`a comma or ${end} must follow`);
    const comma = this.#at++;
    this.#blanks();
    if (this.#text[this.#at] === end) throw new Fault(comma, `a comma stands before ${end}`);
    return false;
  }

  #string(): void {
    const start = this.#at++;
    for (;;) {
      PLAIN.lastIndex = this.#at;
      PLAIN.test(this.#text);
      this.#at = PLAIN.lastIndex;
      const char = this.#text[this.#at];
      if (char === undefined) throw new Fault(start, 'a string begins here and never ends');
      if (char === '"') break;
      if (char < ' ') this.#fail('a string holds a line break or another control character; write \\n');
      this.#at++;
      if (char === '\\' && this.#take(ESCAPE) === undefined) {
        throw new Fault(this.#at - 1, 'no escape begins like this; a backslash itself is written \\\\');
      }
    }
    this.#at++;
  }

  #word(): void {
    const start = this.#at;
    const word = this.#take(WORD);
    if (word === 'true' || word === 'false' || word === 'null') return;
    this.#at = start;
    const meant = word !== undefined && Object.hasOwn(FOREIGN_WORDS, word) ? FOREIGN_WORDS[word] : undefined;
    if (meant !== undefined) this.#fail(`${word} is not JSON; write ${meant}`);
    this.#stranger('a value must stand here');
  }

  #noName(): never {
    const start = this.#at;
    if (this.#take(WORD) !== undefined) throw new Fault(start, 'names need double quotes');
    this.#stranger('a name in double quotes must stand here');
  }

  #stranger(otherwise: string): never {
    const next = this.#text[this.#at];
    if (next === "'") this.#fail('strings take double quotes, not single ones');
    if (next === '/') this.#fail('JSON has no comments');
    this.#fail(otherwise);
  }

  #fail(what: string): never {
    const ended = this.#at >= this.#text.length;
    throw new Fault(this.#at, ended ? 'the text ends too early' : what);
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return undefined;
    const taken = this.#text.slice(this.#at, pattern.lastIndex);
    this.#at = pattern.lastIndex;
    return taken;
  }

  #blanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }
}
