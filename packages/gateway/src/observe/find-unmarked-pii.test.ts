import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findUnmarkedPii } from './find-unmarked-pii.ts';

const PACKAGES = join(import.meta.dirname, '../../..');

test('no source logs numbers, texts, variables or metadata outside pii.', () => {
  const sources = globSync('*/src/**/*.ts', { cwd: PACKAGES }).filter((path) => !path.endsWith('.test.ts'));
  expect(sources.length).toBeGreaterThan(10);
  const found = sources.flatMap((path) =>
    findUnmarkedPii(readFileSync(join(PACKAGES, path), 'utf8')).map(({ line, field }) => `${path}:${line} ${field}`),
  );
  expect(found).toEqual([]);
});

test.each([
  ["log.info('a', { from_number: x })", 'from_number'],
  ["log.info('a', { fromNumber })", 'fromNumber'],
  ["this.#log.warn('a', { id, to: call.to })", 'to'],
  ["options.log.error('a', {\n  id: 1,\n  metadata: reply.metadata,\n})", 'metadata'],
  ["log?.debug('a', { text })", 'text'],
  ['log.with({ caller: inbound.from_number })', 'caller'],
  ["log.info('a', { who: inbound.from_number })", 'from_number'],
  ['log.info(`call from ${inbound.from_number}`)', 'from_number'],
  ["log.info('a', { 'call.to_number': n })", 'call.to_number'],
  ["log.info('a', { 'pii.from_number': a, dynamic_variables: b })", 'dynamic_variables'],
])('negative control: %s is found', (source, field) => {
  expect(findUnmarkedPii(`const before = 1;\n${source};`)).toContainEqual({ line: 2, field });
});

test.each([
  "log.info('a', { inbound_id, status: 200, 'pii.from_number': call.from_number })",
  "log.info('call from (somebody)', { outcome: 'unknown_number', attempt: 1 })",
  "log.warn('a', { 'pii.metadata': { a: 1 }, attempts: list.length })",
  "catalog.info('a', { from_number })",
  'const text = dialog.from;',
])('%s is no finding', (source) => {
  expect(findUnmarkedPii(source)).toEqual([]);
});
