import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStore } from '../conformance.ts';
import { connectSqliteStore } from './index.ts';

const log = { warn: () => {}, error: () => {} };

describeStore('sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pickup-store-'));
  const [a, b] = [connectSqliteStore({ folder, log }), connectSqliteStore({ folder, log })];
  const close = async () => {
    await Promise.all([a.close(), b.close()]);
    await rm(folder, { recursive: true });
  };
  return { a, b, close };
});
