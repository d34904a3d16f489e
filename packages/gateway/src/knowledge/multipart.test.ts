import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseForm, toForm } from './form.ts';
import { readMultipart } from './multipart.ts';

const TYPE = 'multipart/form-data; boundary=x';
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text.replaceAll('\n', '\r\n')));
const parts = (text: string, type = TYPE) =>
  [...readMultipart(Buffer.from(text.replaceAll('\n', '\r\n')), type)].map(({ bytes, ...part }) => ({
    ...part,
    text: bytes.toString(),
  }));
const one = (headers: string, text = '1') => parts(`--x\n${headers}\n\n${text}\n--x--\n`)[0];

describe('forms of every client', () => {
  test.each([
    ['quoted', 'Content-Disposition: form-data; name="a"', { name: 'a', type: '', text: '1' }],
    ['unquoted', 'content-disposition:form-data;name=a', { name: 'a', type: '', text: '1' }],
    [
      'a file, its type first',
      'Content-Type: text/csv; charset=utf-8\nContent-Disposition: form-data; name="f"; filename="a b.csv"',
      { name: 'f', filename: 'a b.csv', type: 'text/csv; charset=utf-8', text: '1' },
    ],
    [
      'filename* beside filename',
      `Content-Disposition: form-data; name="f"; filename="cafe.txt"; filename*=UTF-8''caf%C3%A9.txt`,
      { name: 'f', filename: 'café.txt', type: '', text: '1' },
    ],
    [
      'UTF-8 and quotes in a name',
      'Content-Disposition: form-data; name="f"; filename="\\"é\\" %22x%22.txt"',
      { name: 'f', filename: '"é" "x".txt', type: '', text: '1' },
    ],
    [
      'headers nobody needs',
      'Content-Disposition: form-data; name="a"\nContent-Length: 1\nContent-Transfer-Encoding: binary',
      { name: 'a', type: '', text: '1' },
    ],
  ])('%s', (_what, headers, expected) => {
    expect(one(headers)).toEqual(expected);
  });

  test('base64 is decoded', () => {
    const headers = 'Content-Disposition: form-data; name="a"\nContent-Transfer-Encoding: base64';
    expect(one(headers, 'aGVs\nbG8=')).toMatchObject({ text: 'hello' });
  });

  test('what stands before and behind, padding, quoted boundaries, and lines that only look like one', () => {
    const part = '\nContent-Disposition: form-data; name="a"\n\n';
    const a = [{ name: 'a', type: '', text: '1' }];
    expect(parts(`before\n--x${part}1\n--x--\nbehind`)).toEqual(a);
    expect(parts(`--x \t${part}1\n--x--`)).toEqual(a);
    expect(parts(`--x y${part}1\n--x y--`, 'multipart/form-data; charset=utf-8; boundary="x y"')).toEqual(a);
    expect(parts(`--x${part}1--x\n--xyz\n--x-\n--x--`)[0]).toMatchObject({ text: '1--x\r\n--xyz\r\n--x-' });
    expect(parts(`--x${part}\n--x${part}2\n--x--`).map(({ text }) => text)).toEqual(['', '2']);
    expect(parts('--x--\n')).toEqual([]);
  });

  test.each([
    ['nothing', '', TYPE],
    ['no end', '--x\nContent-Disposition: form-data; name="a"\n\n1', TYPE],
    ['no headers', '--x\n1\n--x--', TYPE],
    ['no name', '--x\nContent-Disposition: form-data\n\n1\n--x--', TYPE],
    ['no form-data', '--x\nContent-Disposition: attachment; name="a"\n\n1\n--x--', TYPE],
    ['no boundary', '--x--', 'multipart/form-data'],
    ['another boundary', '--x--', 'multipart/form-data; boundary=y'],
    ['another type', '--x--', 'multipart/mixed; boundary=x'],
  ])('%s is no form', (_what, text, type) => {
    expect(() => parts(text, type)).toThrow();
  });

  test('what the platform writes is read, whatever it holds; what anybody writes ends', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '-', '--', 'é', '😀', ' ', '%22', ';', '=') });
    const file = fc.record({ name: text, content: fc.uint8Array({ maxLength: 50 }) });
    const form = fc.record({ texts: fc.array(text, { maxLength: 4 }), files: fc.array(file, { maxLength: 3 }) });
    await fc.assert(
      fc.asyncProperty(form, async ({ texts, files }) => {
        const sent = new FormData();
        for (const value of texts) sent.append('t', value);
        for (const { name, content } of files) sent.append('f', new Blob([content]), `${name}.txt`);
        const response = new Response(sent);
        const read = parseForm(new Uint8Array(await response.arrayBuffer()), response.headers.get('content-type')!);
        if (read === 'too_large') throw new Error('too large');
        expect(read.texts.map(([, value]) => value)).toEqual(texts);
        expect(read.files.map((one) => [...one.bytes])).toEqual(files.map(({ content }) => [...content]));
      }),
    );
    const piece = fc.constantFrom('--x', '\n', '\n\n', '--', 'Content-Disposition: form-data; name="a"', 'a', ' ', '"');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        try {
          parseForm(bytesOf(pieces.join('')), TYPE);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

test('a name with [] counts without, what comes twice is a list, an empty field for a file is none', () => {
  const disposition = (rest: string) => `--x\nContent-Disposition: form-data; name=${rest}\n\n`;
  const body = `${disposition('"u[]"')}1\n${disposition('"u[0]"')}2\n${disposition('"n"')}3\n${disposition('"f"; filename=""')}\n--x--`;
  const read = parseForm(bytesOf(body), TYPE);
  expect(read).not.toBe('too_large');
  const form = toForm(read as Exclude<typeof read, string>);
  expect(form.texts).toEqual({ u: ['1', '2'], n: '3' });
  expect(form.files).toEqual([]);
});

test('texts are bounded in number and in length', () => {
  const part = (value: string) => `--x\nContent-Disposition: form-data; name="a"\n\n${value}\n`;
  expect(parseForm(bytesOf(`${part('1').repeat(2_001)}--x--`), TYPE)).toBe('too_large');
  expect(parseForm(bytesOf(`${part('1'.repeat(4_200_000))}--x--`), TYPE)).toBe('too_large');
  const startedMs = performance.now();
  expect(() =>
    parseForm(bytesOf(`--x\nContent-Disposition: form-data; name="a"\n\n${'\n--xy'.repeat(500_000)}`), TYPE),
  ).toThrow();
  expect(performance.now() - startedMs).toBeLessThan(3_000);
});
