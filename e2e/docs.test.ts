/** The pages of docs/: links lead somewhere, samples are what the code takes, tables are what the code has. */
import { createHmac } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  API_ERRORS,
  ATTEMPT_ERRORS,
  defaultCatalogue,
  extendCatalogue,
  fieldsOf,
  lintReply,
  lintReplyBody,
  OUTCOMES,
  parseCatalogueExtension,
  type SettingsGroup,
} from '@pickup/contract';
import { loadConfig } from '@pickup/gateway/config';
import { Retell } from 'retell-sdk';
import { describe, expect, test } from 'vitest';
import { renderCheck } from '../packages/cli/src/render-check.ts';
import { PLAIN } from '../packages/cli/src/style.ts';
import { signWebhook } from '../packages/signature/src/index.ts';
import { ISSUE_TEXTS, renderErrorsDocs } from '../scripts/render-errors.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const PAGES = ['README.md', 'CONTRIBUTING.md', ...globSync(['docs/**/*.md', 'examples/*/README.md'], { cwd: ROOT })];

/** The code blocks of a page in one language. */
function blocksOf(path: string, language: string): readonly string[] {
  const all = [...read(path).matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return all.filter(([, found]) => found === language).map(([, , text = '']) => text);
}

/** The anchors GitHub gives to the headings of a page. */
function anchorsOf(text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** Links of a page, given as text, that lead nowhere. */
function brokenLinks(path: string, text: string): readonly string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, to = '']) => to).filter((to) => !/^[a-z]+:/.test(to));
  return links.filter((to) => {
    const [file = '', anchor] = to.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(file === '' ? text : read(target)).has(anchor);
  });
}

test('what docs/webhook.md shows of a check is what the command prints', () => {
  const sample = blocksOf('docs/webhook.md', 'json').find((text) => text.includes('"voice_speed"')) ?? '';
  const bytes = Buffer.from(sample.replace('"voice_speed": 1.1', '"voice_speed": 9'));
  const printed = renderCheck(
    lintReplyBody(bytes, { channel: 'call' }),
    { name: 'reply.json', bytes, channel: 'call' },
    PLAIN,
  );
  expect(printed).toContain('refused: ');
  expect(read('docs/webhook.md')).toContain(`\`\`\`\n${printed}\`\`\``);
});

describe('links', () => {
  test.each(PAGES)('%s has links that lead somewhere', (path) => {
    expect(brokenLinks(path, read(path))).toEqual([]);
  });

  test('negative control: a missing file and a missing heading are found', () => {
    const text =
      '# A page\n[a](missing.md) [b](#nowhere) [c](#a-page) [d](docs/webhook.md#the-reply) [e](docs/webhook.md#x)';
    expect(brokenLinks('README.md', text)).toEqual(['missing.md', '#nowhere', 'docs/webhook.md#x']);
  });
});

describe('docs/errors.md', () => {
  test('is what scripts/write-docs.ts writes', () => {
    expect(read('docs/errors.md')).toBe(renderErrorsDocs());
  });

  test('has every outcome and every error of an attempt', () => {
    for (const code of [...OUTCOMES, ...ATTEMPT_ERRORS]) expect(renderErrorsDocs()).toContain(`| \`${code}\` |`);
  });

  test('has exactly the codes of issues that the sources make', () => {
    const patterns = ['packages/{contract,core,gateway}/src/**/*.ts'];
    const sources = globSync(patterns, { cwd: ROOT }).filter(
      (path) => !/\.test\.ts$|contract\/src\/errors|conformance/.test(path),
    );
    const found = new Set(sources.flatMap((path) => issueCodes(read(path))));
    expect([...found].sort()).toEqual(Object.keys(ISSUE_TEXTS));
  });
});

/** Other words that stand where a code of ours could: zod's, and why a text did not go out. */
const NOT_CODES = new Set([
  ...['array', 'code', 'custom', 'invalid_union', 'string', 'too_big', 'too_small'],
  ...['no_edge', 'opted_out', 'unknown', 'unreachable'],
]);

/** Texts that stand after `code:` or `code =`, that `bad(` is called with, and those that faults.ts tells zod's as. */
function issueCodes(source: string): readonly string[] {
  const zodTold = /^const CODES[\s\S]*?^function spell/m.exec(source)?.[0] ?? '';
  const places = [
    ...[...source.matchAll(/\bcode(?::| =(?!=))\s*([^,;\n]+)/g)].map(([, text = '']) => text),
    ...[...source.matchAll(/\bbad\('\w+'/g)].map(([text]) => text),
    zodTold,
  ];
  return places
    .flatMap((text) =>
      [...text.replace(/ === '\w+'/g, '').matchAll(/'([a-z][a-z0-9_]*)'/g)].map(([, code = '']) => code),
    )
    .filter((code) => !NOT_CODES.has(code) && !(code in API_ERRORS));
}

describe('docs/webhook.md', () => {
  const [request = '', reply = ''] = blocksOf('docs/webhook.md', 'json');
  const [withSdk = '', without = ''] = blocksOf('docs/webhook.md', 'js');
  const key = 'key_1';
  const signature = signWebhook({ body: request, key, wallMs: Date.now() });

  test('the reply is well-formed', () => {
    expect(lintReply(JSON.parse(reply), { channel: 'call' }).issues).toEqual([]);
  });

  test('the verification without the SDK takes what we sign, and nothing else', () => {
    const body = without.replace(/^import .*$/m, '');
    const crypto = process.getBuiltinModule('node:crypto');
    const verify = new Function('createHmac', 'timingSafeEqual', `${body}\nreturn verify;`)(
      createHmac,
      crypto.timingSafeEqual,
    ) as (body: string, key: string, signature: string) => boolean;
    expect(verify(request, key, signature)).toBe(true);
    expect(verify(`${request} `, key, signature)).toBe(false);
    expect(verify(request, 'key_2', signature)).toBe(false);
    expect(verify(request, key, '')).toBe(false);
    expect(verify(request, key, signWebhook({ body: request, key, wallMs: Date.now() - 301_000 }))).toBe(false);
  });

  test('the verification with the SDK takes what we sign', async () => {
    const body = withSdk.replace(/^import .*$/m, '');
    const verify = new Function(
      'Retell',
      'rawBody',
      'apiKey',
      'signature',
      `return (async () => {${body}\nreturn genuine;})()`,
    );
    expect(await verify(Retell, request, key, signature)).toBe(true);
    expect(await verify(Retell, `${request} `, key, signature)).toBe(false);
  });

  test.each(['agent', 'retell_llm', 'conversation_flow'] as const)(
    'names the fields of the group %s',
    (group: SettingsGroup) => {
      const row = new RegExp(`^\\| \`${group}\` \\| (.*) \\|$`, 'm').exec(read('docs/webhook.md'))?.[1] ?? '';
      const named = [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name);
      const overridable = [...fieldsOf(group)].filter(([, field]) => field.overridable).map(([name]) => name);
      expect(named).toEqual(overridable.sort());
    },
  );
});

describe('docs/operations.md', () => {
  test('catalogue.json is read without faults and extends the catalogue', () => {
    const [sample = ''] = blocksOf('docs/operations.md', 'json');
    const { extension, issues } = parseCatalogueExtension(JSON.parse(sample));
    expect(issues).toEqual([]);
    const catalogue = extendCatalogue(defaultCatalogue(), extension);
    expect(catalogue.voices.get('acme-Kim')?.provider).toBe('elevenlabs');
    expect([catalogue.models.has('gpt-6'), catalogue.voice_models.has('eleven_v9')]).toEqual([true, true]);
  });

  test('the settings for a carrier are accepted', () => {
    const [command = ''] = blocksOf('docs/operations.md', 'sh');
    const settings = [...command.matchAll(/^(PICKUP_\w+)=(\S+)/gm)].map(
      ([, name = '', value = '']) => [name, value] as const,
    );
    expect(settings.length).toBeGreaterThan(3);
    expect(loadConfig(Object.fromEntries(settings))).toMatchObject({ ok: true });
  });
});
