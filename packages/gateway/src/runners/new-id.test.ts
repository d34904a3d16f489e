import { expect, test } from 'vitest';
import { newId } from './new-id.ts';

test('A3 ids are of 130 random bits behind the time, never the same and sorted by time', async () => {
  const before = newId();
  await new Promise<void>((resolve) => setTimeout(resolve, 5));
  const ids = Array.from({ length: 10_000 }, newId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-v]{35}$/);
  expect(ids.every((id) => id > before)).toBe(true);
  const letters = new Set(ids.map((id) => id.at(-1)));
  expect(letters.size).toBe(32);
});
