/** The text of an HTML page. One pass over it, whatever it holds: pages come from anywhere. */

/** Elements whose content nobody reads. */
const SKIPPED = new Set(['script', 'style', 'noscript', 'template', 'svg', 'iframe', 'object', 'math']);
/** Elements that stand on lines of their own; those of 2 with a blank line around them. */
const BREAKS: Readonly<Record<string, 1 | 2>> = {
  ...of(2, ['title', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'ul', 'ol', 'dl', 'table', 'blockquote', 'pre']),
  ...of(2, ['section', 'article', 'main', 'header', 'footer', 'nav', 'aside', 'form', 'figure', 'hr']),
  ...of(1, ['div', 'li', 'dt', 'dd', 'tr', 'br', 'option', 'address', 'body', 'head', 'summary', 'figcaption']),
};
const NAMED: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', ndash: '–', mdash: '—', hellip: '…', shy: '' },
  ...{ lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', laquo: '«', raquo: '»', bull: '•', middot: '·', deg: '°' },
  ...{ euro: '€', pound: '£', yen: '¥', cent: '¢', copy: '©', reg: '®', trade: '™', times: '×', sect: '§' },
  ...{ auml: 'ä', ouml: 'ö', uuml: 'ü', Auml: 'Ä', Ouml: 'Ö', Uuml: 'Ü', szlig: 'ß', eacute: 'é', egrave: 'è' },
  ...{ ecirc: 'ê', agrave: 'à', aacute: 'á', acirc: 'â', ccedil: 'ç', ntilde: 'ñ', oacute: 'ó', iacute: 'í' },
  ...{ uacute: 'ú', ocirc: 'ô', ograve: 'ò', ugrave: 'ù', atilde: 'ã', otilde: 'õ', aring: 'å', oslash: 'ø' },
};

/** Title first; list entries begin with `- `. */
export function htmlToText(html: string): string {
  const text = new TextBuilder();
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    text.add(html.slice(at, open === -1 ? html.length : open));
    if (open === -1) break;
    at = afterMarkup(html, open, text);
  }
  return text.toString();
}

/** Reads what begins with `<` and says where it ends. */
function afterMarkup(html: string, open: number, text: TextBuilder): number {
  if (html.startsWith('<!--', open)) return endOf(html, html.indexOf('-->', open + 4), 3);
  if (!/[a-z/!?]/i.test(html.charAt(open + 1))) {
    text.add('<');
    return open + 1;
  }
  const end = tagEnd(html, open);
  const name = /^<\/?([a-z][a-z0-9-]*)/i.exec(html.slice(open, open + 40))?.[1]?.toLowerCase() ?? '';
  const closes = html.charAt(open + 1) === '/';
  if (SKIPPED.has(name) && !closes && html.charAt(end - 2) !== '/') return afterElement(html, end, name);
  const lines = BREAKS[name];
  if (lines !== undefined) text.break(lines);
  else if (name === 'td' || name === 'th') text.add(' ');
  if (name === 'li' && !closes) text.add('- ');
  return end;
}

/** Behind the tag's `>`; one in quotes is none. */
function tagEnd(html: string, open: number): number {
  let quote = '';
  for (let at = open + 1; at < html.length; at++) {
    const char = html[at]!;
    if (quote !== '') quote = char === quote ? '' : quote;
    else if (char === '>') return at + 1;
    else if ((char === '"' || char === "'") && html[at - 1] === '=') quote = char;
  }
  return html.length;
}

function afterElement(html: string, from: number, name: string): number {
  const closing = new RegExp(`</${name}`, 'gi');
  closing.lastIndex = from;
  const found = closing.exec(html);
  return found ? tagEnd(html, found.index) : html.length;
}

const endOf = (html: string, found: number, length: number) => (found === -1 ? html.length : found + length);

/** Text with its white space put in order. */
class TextBuilder {
  readonly #parts: string[] = [];
  #breaks = 0;
  #space = false;

  add(raw: string): void {
    if (raw === '') return;
    const words = decode(raw).replaceAll(/\s+/g, ' ');
    if (words.startsWith(' ')) this.#space = true;
    const plain = words.trim();
    if (plain === '') return;
    if (this.#parts.length > 0) this.#parts.push(this.#breaks > 0 ? '\n'.repeat(this.#breaks) : this.#space ? ' ' : '');
    this.#parts.push(plain);
    this.#breaks = 0;
    this.#space = words.endsWith(' ');
  }

  break(lines: 1 | 2): void {
    this.#breaks = Math.max(this.#breaks, lines);
  }

  toString(): string {
    return this.#parts.join('');
  }
}

function decode(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));?/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return Object.hasOwn(NAMED, name) ? NAMED[name]! : whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : ' ';
  });
}

function of(lines: 1 | 2, names: readonly string[]): Readonly<Record<string, 1 | 2>> {
  return Object.fromEntries(names.map((name) => [name, lines]));
}
