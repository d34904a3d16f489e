import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RENDERED, renderSpans, renderTemplate } from './render-variables.ts';

const time = (work: () => void) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

describe('renderTemplate', () => {
  it.each([
    ['plain', '', 'plain'],
    ['Hi {{customer_name}}, thanks.', '', 'Hi Anna, thanks.'],
    ['Hi {{  customer_name\t}}!', '', 'Hi Anna!'],
    ['{{empty}}|{{customer_name}}', '', '|Anna'],
    ['{{nobody}} and {{ nobody }}', '', '{{nobody}} and {{ nobody }}'],
    ['{{zone_{{which}} }}', 'nested', 'Europe/Paris'],
    ['{{a_{{customer_name}}}}', 'inner known, outer not', '{{a_Anna}}'],
    ['{{{customer_name}}}', 'inside JSON', '{Anna}'],
    ['{"name":{{customer_name}}}', 'inside JSON', '{"name":Anna}'],
    ['{{constructor}}{{__proto__}}{{toString}}', 'prototype', '{{constructor}}{{__proto__}}{{toString}}'],
    ['{{}}{{ }}}}', 'no name', '{{}}{{ }}}}'],
    ['open {{ but {{customer_name}}', 'unbalanced', 'open {{ but Anna'],
    ['}} {{customer_name}} {{', 'unbalanced', '}} Anna {{'],
    ['{{recursive}}', 'never expanded twice', '{{customer_name}}'],
    ['{{ {{recursive}} }}', 'a value is no placeholder, even inside one', '{{ {{customer_name}} }}'],
    ['{{dollar}}', 'no replacement patterns', "$& $1 $'"],
  ])('E9 %s %s', (template, _why, expected) => {
    const variables = {
      customer_name: 'Anna',
      empty: '',
      which: 'fr',
      zone_fr: 'Europe/Paris',
      recursive: '{{customer_name}}',
      dollar: "$& $1 $'",
    };
    expect(renderTemplate(template, variables)).toBe(expected);
  });

  it('E9 spans tell the template from the variables', () => {
    expect(renderSpans('Hi {{name}}, bye {{no}}.', { name: 'Bo' })).toEqual([
      { text: 'Hi ', fromVariable: false },
      { text: 'Bo', fromVariable: true },
      { text: ', bye {{no}}.', fromVariable: false },
    ]);
  });

  it('E9 whatever has no known name comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('{', '}', '{{', '}}', 'a', ' ', 'x')), (parts) => {
        expect(renderTemplate(parts.join(''), {})).toBe(parts.join(''));
      }),
    );
  });

  it('E9 a value that comes from outside is put in unread', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(renderTemplate('<{{v}}>', { v: value, a: 'B' })).toBe(`<${value}>`);
      }),
    );
  });

  it('case 32 hostile templates and values take bounded time', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`v${n}`, `${n}`]));
    const mentions = Object.keys(many).map((name) => `{{${name}}}`);
    expect(renderTemplate(mentions.join(''), many)).toBe(Object.values(many).join(''));
    const deep = `${'{{'.repeat(200_000)}x${'}}'.repeat(200_000)}`;
    expect(renderTemplate(deep, {})).toBe(deep);
    const spent = time(() => {
      renderTemplate(deep, { x: 'x' });
      renderTemplate('{{'.repeat(500_000), {});
      renderTemplate('}}'.repeat(500_000), {});
      renderTemplate(`{{${' '.repeat(1_000_000)}}}`, {});
      renderTemplate('{{v}}', { v: 'y'.repeat(1_000_000) });
    });
    expect(spent).toBeLessThan(3_000);
  });

  it('case 32 a 1 MB value named often stops growing', () => {
    const value = 'z'.repeat(1_000_000);
    const rendered = renderTemplate('{{v}}'.repeat(100_000), { v: value });
    expect(rendered.length).toBeLessThan(MAX_RENDERED + 2_000_000);
    expect(rendered.endsWith('{{v}}')).toBe(true);
  });
});
