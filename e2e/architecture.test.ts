/** The shape of the house (docs of the architecture), proved on the sources; each rule is shown to find a violation. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  coreIsPure,
  dependenciesAreDecided,
  filesWithin,
  gatewayPointsInward,
  namesAreOfTheHouse,
  onlyComposePicksDrivers,
  onlyTheCliPrints,
  packagesPointInward,
  type Rule,
  type Sources,
} from './architecture/rules.ts';
import { codeOf, importsOf } from './architecture/source-text.ts';

const ROOT = join(import.meta.dirname, '..');

const patterns = [
  'packages/*/src/**/*.ts',
  'package.json',
  'packages/*/package.json',
  'examples/*/package.json',
  'docs/decisions/*.md',
];
const sources: Sources = new Map(
  globSync(patterns, { cwd: ROOT }).map((path) => [path.replaceAll('\\', '/'), readFileSync(join(ROOT, path), 'utf8')]),
);

const GW = 'packages/gateway/src';
/** Rule, what it says, and planted sources each of which it must find. */
const RULES: readonly (readonly [string, Rule, Readonly<Record<string, string>>])[] = [
  [
    'packages import inward',
    packagesPointInward,
    {
      'packages/core/src/a.ts': "import { serve } from '@pickup/gateway';",
      'packages/contract/src/b.ts': "import type { Decision } from '@pickup/core';",
      'packages/sip/src/c.ts': "export * from '@pickup/contract';",
      'packages/conversation/src/a.ts': "import { serve } from '@pickup/gateway';",
      'packages/outbound/src/d.ts': "const x = await import('@pickup/gateway/config');",
      'packages/signature/src/e.ts': "import {\n  log,\n} from '../../gateway/src/observe/log.ts';",
      'packages/newcomer/src/f.ts': '',
    },
  ],
  [
    'inside the gateway, edges and api know the runners and not the reverse',
    gatewayPointsInward,
    {
      [`${GW}/runners/a.ts`]: "import { sipEdge } from '../edges/sip/index.ts';",
      [`${GW}/stores/sqlite/b.ts`]: "import type { Run } from '../../runners/run.ts';",
      [`${GW}/config/c.ts`]: "import { createLog } from '../observe/index.ts';",
    },
  ],
  [
    'only compose.ts picks implementations',
    onlyComposePicksDrivers,
    {
      [`${GW}/runners/a.ts`]: "import { openSqlite } from '../stores/sqlite/index.ts';",
      [`${GW}/api/b.ts`]: "import { simulate } from '../edges/simulator/index.ts';",
      [`${GW}/main.ts`]: "import { memoryStore } from './stores/memory/index.ts';",
    },
  ],
  [
    'core, contract and conversation have no clock, no chance and no world',
    coreIsPure,
    {
      'packages/core/src/a.ts': 'const now = Date.now();',
      'packages/core/src/b.ts': 'const now = new Date();',
      'packages/core/src/c.ts': 'const text = `at ${Date.now()}`;',
      'packages/core/src/d.ts': 'const pick = Math.random() * 2;',
      'packages/contract/src/e.ts': 'setTimeout(() => {}, 5);',
      'packages/contract/src/f.ts': 'const home = process.env.HOME;',
      'packages/contract/src/g.ts': "await fetch('https://example.com');",
      'packages/core/src/h.ts': "import { createHash } from 'node:crypto';",
      'packages/core/src/i.ts': 'const s = /["\']/.test(x); const t = Date.now();',
      'packages/core/src/j.ts': 'const id = crypto.randomUUID();',
      'packages/conversation/src/a.ts': 'setTimeout(() => {}, 5);',
      'packages/core/src/k.ts': 'const now = Date();',
    },
  ],
  ['only the command line writes to the console', onlyTheCliPrints, { [`${GW}/runners/a.ts`]: "console.log('here');" }],
  [
    'files have names of the house and no default exports',
    namesAreOfTheHouse,
    {
      'packages/core/src/judgeReply.ts': '',
      'packages/core/src/utils/text.ts': '',
      'packages/core/src/string-helpers.ts': '',
      'packages/core/src/a.ts': 'export default 1;',
    },
  ],
  ['no source is above 500 lines', filesWithin(500), { 'packages/core/src/a.ts': 'x\n'.repeat(501) }],
  [
    'every direct dependency has a line in docs/decisions/',
    dependenciesAreDecided,
    {
      'packages/core/package.json': '{"dependencies":{"left-pad":"1"}}',
      'package.json': '{"devDependencies":{"is-odd":"1"}}',
    },
  ],
];

describe.each(RULES)('%s', (_, rule, planted) => {
  test('holds', () => {
    expect(sources.size).toBeGreaterThan(50);
    expect(rule(sources)).toEqual([]);
  });

  test.each(Object.entries(planted))('negative control: %s is found', (path, text) => {
    expect(rule(new Map([[path, text]]))).toEqual([expect.stringContaining(path)]);
  });
});

test('sources are rarely above 350 lines, and those that are are named', () => {
  const long = filesWithin(350)(sources);
  for (const found of long) console.warn(`long file: ${found}`);
  expect(long.length).toBeLessThanOrEqual(Math.ceil(sources.size * 0.03));
});

test('what is allowed is not found', () => {
  const innocent: Sources = new Map([
    [
      'packages/core/src/a.ts',
      "// Date.now() is not for us\nconst day = new Date(wallMs).toISOString(); const s = 'fetch(x)';",
    ],
    ['packages/core/src/b.ts', 'const x = a / b; const due = state.process; const kinds = new Intl.DateTimeFormat();'],
    ['packages/core/src/c.ts', "import type { Json } from '@pickup/contract';\nimport { decide } from './decide.ts';"],
    [`${GW}/compose.ts`, "import { openSqlite } from './stores/sqlite/index.ts';"],
    [`${GW}/runners/d.ts`, "import type { Store } from '../stores/port.ts';"],
  ]);
  expect(RULES.flatMap(([, rule]) => rule(innocent))).toEqual([]);
});

test('the scanner tells code from comments, texts, templates and regular expressions', () => {
  const code = codeOf('a(\'x\', "y"); // z\nb(/[\'"]/g, `q ${c({ d: `${e}` })} r`); /* f */ g / h / i');
  expect(code.replace(/\s+/g, ' ').trim()).toMatch(/^a\( , \); b\( g, c\(\{ d: e \}\) \); g \/ h \/ i$/);
  const text =
    "import a from 'a';\nimport type { B } from \"b\";\nexport { c } from './c.ts';\n// import 'no';\nawait import('d');";
  expect(importsOf(text)).toEqual([
    { from: 'a', typeOnly: false },
    { from: 'b', typeOnly: true },
    { from: './c.ts', typeOnly: false },
    { from: 'd', typeOnly: false },
  ]);
});
