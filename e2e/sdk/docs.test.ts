/** docs/sdk.md has what the tests of the SDK have. */
import { readFileSync } from 'node:fs';
import { Retell } from 'retell-sdk';
import { expect, test } from 'vitest';
import { outsideCore } from '../../packages/gateway/src/api/outside-core.ts';
import { REFUSED } from './refusals.ts';
import { OUTSIDE } from './sdk-methods.ts';
import { routesOf } from './sdk-routes.ts';

const page = readFileSync(new URL('../../docs/sdk.md', import.meta.url), 'utf8');

/** The cells of the tables below a heading, without the head. */
function rowsBelow(heading: string): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const lines = section
    .split('\n## ')[0]!
    .split('\n')
    .filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
}

test('the methods that refuse, with their status', () => {
  const rows = rowsBelow('What refuses until something is set').map(([method, status]) => [method, status]);
  const refused = Object.entries(REFUSED).map(([method, { status }]) => [`\`${method}\``, String(status)]);
  expect(rows).toEqual(refused);
});

test('every method outside the core, with what the gateway says of it', async () => {
  const routes = await routesOf((options) => new Retell(options));
  const said = OUTSIDE.map((name) => {
    const [method = '', path = ''] = routes.get(name)!.split(' ');
    return [name, outsideCore(method, path)];
  });
  const rows = rowsBelow('What Pickup does not do').flatMap(([names = '', sentence]) =>
    names.split(', ').map((name) => [name.slice(1, -1), sentence]),
  );
  expect(rows.sort()).toEqual(said.sort());
});
