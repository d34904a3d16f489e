import { expect, test } from 'vitest';
import { parseReplyBody, REPLY_MAX_BYTES } from './parse-body.ts';

const encoder = new TextEncoder();

function parse(text: string | Uint8Array, truncated = false) {
  return parseReplyBody(typeof text === 'string' ? encoder.encode(text) : text, { truncated });
}

function codeOf(text: string | Uint8Array, truncated = false): string {
  const parsed = parse(text, truncated);
  return parsed.ok ? 'ok' : `${parsed.issue.severity} ${parsed.issue.effect} ${parsed.issue.code}`;
}

test('D2 case 19 an empty or blank body is no reply at all', () => {
  for (const body of ['', ' \r\n\t']) expect(parse(body)).toEqual({ ok: true, value: undefined });
});

const FAULTS: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['case 20 a page', '<html></html>', 'html_reply'],
  ['case 21 half a document', '{"call_inbound":', 'not_json'],
  ['case 21 a byte order mark', new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), 'not_utf8'],
  ['case 21 UTF-16 with its mark', new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0]), 'not_utf8'],
  ['case 21 UTF-16 without', new Uint8Array([0x7b, 0, 0x7d, 0]), 'not_utf8'],
  ['case 21 big-endian UTF-16', new Uint8Array([0, 0x7b, 0, 0x7d]), 'not_utf8'],
  ['case 21 a byte that is no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 'not_utf8'],
  ['case 21 a surrogate written in UTF-8', new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), 'not_utf8'],
  ['case 21 a lone surrogate escape', '{"a":["\\ud800"]}', 'lone_surrogate'],
  ['case 21 a lone surrogate in a name', '{"\\uDC00":1}', 'lone_surrogate'],
  ['D1 33 levels', `${'['.repeat(33)}${']'.repeat(33)}`, 'too_deep'],
  ['D1 a million levels', '['.repeat(200_000), 'too_deep'],
];

test.each(FAULTS)('D3 %s', (_name, body, code) => {
  expect(codeOf(body)).toBe(`error falls_back ${code}`);
});

test('D1 case 22 256 KiB and one byte more, or cut at the cap', () => {
  const body = `"${'x'.repeat(REPLY_MAX_BYTES - 2)}"`;
  expect(codeOf(body)).toBe('ok');
  expect(codeOf(`${body} `)).toBe('error falls_back reply_too_large');
  expect(codeOf('{}', true)).toBe('error falls_back reply_too_large');
});

test('D1 32 levels are fine, brackets inside strings do not count', () => {
  expect(codeOf(`${'['.repeat(32)}${']'.repeat(32)}`)).toBe('ok');
  const text = JSON.stringify({ a: `${'['.repeat(100)}\\"{{{` });
  expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
});

test('D1 paired surrogates and other text pass', () => {
  expect(parse('{"a":"\\ud83d\\ude00 ä"}')).toEqual({ ok: true, value: { a: '😀 ä' } });
});

test('D3 a reply that is no JSON says where, unless it is so long that looking would keep others waiting', () => {
  const messageOf = (text: string) => {
    const parsed = parseReplyBody(new TextEncoder().encode(text), { truncated: false });
    return parsed.ok ? undefined : parsed.issue.message;
  };
  expect(messageOf('{"a":1,}')).toBe('The reply is not JSON: line 1, column 7: a comma stands before }.');
  expect(messageOf(`{"a":"${'x'.repeat(70_000)}",}`)).toBe('The reply is not JSON.');
  expect(messageOf('{"a": 12137771234x}')).not.toContain('1213');
});
