import { renderSpans } from '@pickup/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitClauses } from './split-clauses.ts';

const split = (template: string, variables: Record<string, string> = {}) =>
  splitClauses(renderSpans(template, variables)).map(({ text, constant }) => `${constant ? '=' : '~'}${text}`);

describe('splitClauses', () => {
  it.each([
    ['Hello there. How are you?', {}, ['=Hello there. How are you?']],
    ['Hi {{n}}, thanks for calling.', { n: 'Anna' }, ['~Hi Anna,', '=thanks for calling.']],
    ['Good day. Is this {{n}}? We are open.', { n: 'Bo' }, ['=Good day.', '~Is this Bo?', '=We are open.']],
    ['This is Dr. {{n}} speaking, hello.', { n: 'Who' }, ['~This is Dr. Who speaking,', '=hello.']],
    ['{{n}} is here, hello.', { n: 'Smith, Inc. of York' }, ['~Smith, Inc. of York is here,', '=hello.']],
    ['您好，{{n}}。请稍等。', { n: '王' }, ['=您好，', '~王。', '=请稍等。']],
    ['Hi {{unknown}}, bye.', {}, ['=Hi {{unknown}}, bye.']],
    ['{{a}}', { a: '' }, []],
    [' ... ', {}, []],
    ['At 3.30 we close: {{n}}.', { n: 'ok' }, ['=At 3.30 we close:', '~ok.']],
  ])('%s', (template, variables, expected) => {
    expect(split(template, variables as Record<string, string>)).toEqual(expected);
  });

  it('loses no word and never grows a piece beyond its bound', () => {
    const words = fc.array(fc.constantFrom('word', 'end. ', 'a, ', '{{v}}', '\n', ' ', 'x'.repeat(700)), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(words, (parts) => {
        const spans = renderSpans(parts.join(''), { v: 'val, ue. ' });
        const pieces = splitClauses(spans);
        const plain = (text: string) => text.replace(/[\s.,]/g, '');
        expect(plain(pieces.map((piece) => piece.text).join(''))).toBe(plain(spans.map((span) => span.text).join('')));
        expect(pieces.every((piece) => piece.text.length <= 2_000)).toBe(true);
      }),
    );
  });
});
