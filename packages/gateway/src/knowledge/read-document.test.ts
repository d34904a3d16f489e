import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { htmlToText } from './html-text.ts';
import { charsetOf, kindOfFile, kindOfType, readDocument, tidy } from './read-document.ts';

describe('pages', () => {
  test('text, title first, without what nobody reads', () => {
    const page = `<!doctype html><html><head><title>Opening &amp; closing</title>
      <style>p > a { color: red }</style><script>if (1 < 2) document.write("</p>")</script></head>
      <body><!-- <p>not this</p> --><h1>Hours</h1><p>We are open from<br>nine&nbsp;to <b>fi</b>ve.</p>
      <ul><li>Monday</li><li>Tues&shy;day</li></ul><table><tr><td>Price</td><td>&euro;30</td></tr></table>
      <a title="1 > 0" href='x'>More</a></body></html>`;
    expect(htmlToText(page)).toBe(
      'Opening & closing\n\nHours\n\nWe are open from\nnine to five.\n\n- Monday\n- Tuesday\n\nPrice €30\n\nMore',
    );
  });

  test.each([
    ['2 < 3 and 5 > 4', '2 < 3 and 5 > 4'],
    ['&#8364; &#x20AC; &lt;b&gt; &unknown; &#0; &#xD800; &#9999999;', '€ € <b> &unknown;'],
    ['<script>never closed', ''],
    ['<svg/>after', 'after'],
    ['text <p unclosed', 'text'],
    ['<!-- never closed', ''],
    ['it\'s <i>don\'t</i> "quoted"', 'it\'s don\'t "quoted"'],
  ])('%s', (html, text) => {
    expect(htmlToText(html)).toBe(text);
  });

  test('any page is read, in time that grows with its length alone', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '=',
      '<script',
      '</script',
      '<!--',
      '-->',
      '&',
      '&#',
      'a',
      ' ',
      '/',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (parts) => typeof htmlToText(parts.join('')) === 'string'),
    );
    for (const hostile of ['<', '<a ', '<a b="', '<!--', '<script>', '</', '&#', '<svg>', ' ', '<p>']) {
      const startedMs = performance.now();
      htmlToText(hostile.repeat(200_000));
      expect(performance.now() - startedMs, hostile).toBeLessThan(3_000);
    }
  });
});

describe('documents', () => {
  const plain = (bytes: Uint8Array, charset?: string) =>
    readDocument({ kind: 'plain', bytes, ...(charset !== undefined && { charset }) });

  test('a file is known by its ending, or without one by its type', () => {
    expect(kindOfFile('prices.CSV', '')).toBe('plain');
    expect(kindOfFile('page.html', 'text/plain')).toBe('html');
    expect(kindOfFile('README', 'text/markdown')).toBe('plain');
    for (const name of ['prices.pdf', 'letter.docx', 'scan.png', 'noending']) {
      expect(kindOfFile(name, name === 'noending' ? '' : 'text/plain')).toBeUndefined();
    }
    expect(kindOfType('text/HTML; charset=utf-8')).toBe('html');
    expect(kindOfType('application/ld+json')).toBe('plain');
    for (const type of ['', 'application/pdf', 'image/svg', 'textual/html']) expect(kindOfType(type)).toBeUndefined();
    expect(charsetOf('text/html; Charset="ISO-8859-1"')).toBe('ISO-8859-1');
  });

  test('encodings: stated, marked, UTF-8, else Latin', () => {
    const text = { ok: true, text: 'café' };
    expect(plain(Buffer.from('café'))).toEqual(text);
    expect(plain(Buffer.from('\ufeffcafé'))).toEqual(text);
    expect(plain(Buffer.from('caf\xe9', 'latin1'))).toEqual(text);
    expect(plain(Buffer.from('\ufeffcafé', 'utf16le'))).toEqual(text);
    expect(plain(Buffer.from('caf\xe9', 'latin1'), 'iso-8859-1')).toEqual(text);
    expect(plain(Buffer.from('café'), 'nobody-knows')).toEqual(text);
    const page = Buffer.from('<meta charset="koi8-r"><p>\xc4\xc1</p>', 'latin1');
    expect(readDocument({ kind: 'html', bytes: page })).toEqual({ ok: true, text: 'да' });
  });

  test('what is no text, or has none, is said', () => {
    expect(plain(Buffer.from([1, 0, 2]))).toEqual({ ok: false, reason: 'It is not text.' });
    expect(plain(Buffer.from(' \n\t '))).toEqual({ ok: false, reason: 'It has no text.' });
    expect(readDocument({ kind: 'html', bytes: Buffer.from('<script>1</script>') })).toMatchObject({ ok: false });
  });

  test('stored tidily', () => {
    expect(tidy(' a\r\nb  \n\n\n\n c\ud800 ')).toBe('a\nb\n\n c\ufffd');
  });
});
