import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { arrival, call } from '../conformance/samples.ts';
import { StoreUnavailable } from '../port.ts';
import { connectSqliteStore, FolderInUse, openSqliteStore } from './index.ts';

const CHILD = fileURLToPath(new URL('./test-child/write-until-killed.ts', import.meta.url));
const log = { warn: () => {}, error: () => {} };
let folder: string;
let child: ChildProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pickup-store-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = undefined;
  await rm(folder, { recursive: true });
});

/** Runs the writing child until it has printed so many lines, then kills it; returns every line it printed. */
async function killAfter(lines: number): Promise<readonly string[]> {
  const running = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = running;
  const printed: string[] = [];
  for await (const line of createInterface({ input: running.stdout })) {
    printed.push(line);
    if (printed.length === lines) running.kill('SIGKILL');
  }
  return printed;
}

describe('durability', () => {
  test('what nobody waits for is written all the same: with the next commit, alone, or at the close', async () => {
    let store = openSqliteStore({ folder, log });
    const end = { call_status: 'ended' } as const;
    for (const id of ['call_1', 'call_2', 'call_3']) await store.registerCall(call(id));
    await Promise.all([store.endCall('call_1', end, {}), store.registerCall(call('call_4'))]);
    await store.endCall('call_2', end, {});
    const last = store.endCall('call_3', end, {});
    await store.close();
    await last;
    store = openSqliteStore({ folder, log });
    const statuses = ['call_1', 'call_2', 'call_3'].map(async (id) => (await store.getCall(id))?.call_status);
    expect(await Promise.all(statuses)).toEqual(['ended', 'ended', 'ended']);
    await store.close();
  });

  test('case 81 after kill -9 in the middle of writes every awaited write is there and the file is sound', async () => {
    for (const lines of [50, 1_500]) {
      const printed = await killAfter(lines);
      expect(printed.length).toBeGreaterThanOrEqual(lines);
      const store = openSqliteStore({ folder, log });
      const missing: string[] = [];
      for (const [step, id] of printed.slice(1).map((line) => line.split(' '))) {
        const inbound = await store.getInbound(id!);
        if (inbound === undefined) missing.push(`${step} ${id}`);
        else if (step === 'decided' && inbound.decision.length === 0) missing.push(`${step} ${id}`);
        else if (step === 'settled' && (inbound.outcome !== 'connected' || !(await store.getCall(`call_${id}`))))
          missing.push(`${step} ${id}`);
      }
      expect(missing).toEqual([]);
      await store.close();
      const db = new Database(join(folder, 'pickup.db'));
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
      db.exec('DELETE FROM inbounds; DELETE FROM calls');
      db.close();
    }
  });

  test('a second process on the folder is refused, with folder and pid; the lock dies with the process', async () => {
    const running = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = running;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    await new Promise((resolve) => running.stdout.once('data', resolve));
    running.stdout.resume();
    expect(() => openSqliteStore({ folder, log })).toThrow(FolderInUse);
    expect(() => openSqliteStore({ folder, log })).toThrow(
      `${folder} is in use by another Pickup (pid ${running.pid})`,
    );
    running.kill('SIGKILL');
    await ended;
    const store = openSqliteStore({ folder, log });
    expect(() => openSqliteStore({ folder, log })).toThrow(`(pid ${process.pid})`);
    await store.close();
    await openSqliteStore({ folder, log }).close();
  });

  test('G a full disk refuses with StoreUnavailable, and writes go on once there is space', async () => {
    const store = connectSqliteStore({ folder, log, maxBytes: 1_000_000 });
    const transcript = 'x'.repeat(50_000);
    let stored = 0;
    const fill = async () => {
      for (; stored < 100; stored += 1) await store.registerCall(call(`call_${stored}`, { transcript }));
    };
    await expect(fill()).rejects.toThrow(StoreUnavailable);
    expect(stored).toBeGreaterThan(2);
    const refused = store.registerCall(call('call_more', { transcript }));
    await expect(refused).rejects.toThrow(StoreUnavailable);
    expect(await store.getCall('call_more')).toBeUndefined();
    expect(await store.deleteCall('call_0')).toBe(true);
    expect(await store.deleteCall('call_1')).toBe(true);
    await store.registerCall(call('call_more', { transcript }));
    expect((await store.getCall('call_more'))?.transcript).toBe(transcript);
    await store.close();
  });

  test('S6 what fails in a batch full of others fails alone', async () => {
    const store = connectSqliteStore({ folder, log });
    await store.registerCall(call('call_taken'));
    const settled = await Promise.allSettled(
      Array.from({ length: 100 }, (_, index) =>
        index % 10 === 3
          ? store.registerCall(call('call_taken', { agent_id: 'thief' }))
          : store.registerCall(call(`call_${index}`)),
      ),
    );
    expect(settled.filter((one) => one.status === 'rejected')).toHaveLength(10);
    expect((await store.listCalls({ limit: 1_000 })).items).toHaveLength(91);
    expect((await store.getCall('call_taken'))?.agent_id).toBe('agent_1');
    await store.close();
  });

  test('S6 a settlement whose session cannot be stored leaves the inbound open', async () => {
    const store = connectSqliteStore({ folder, log });
    await store.openInbound(arrival('inb_1'));
    const broken = { ...call('call_1'), agent_id: undefined as unknown as string };
    const settlement = { inbound_id: 'inb_1', outcome: 'connected' as const, outcome_timestamp: 1 };
    await expect(store.settleInbound({ ...settlement, call: broken })).rejects.toThrow('NOT NULL');
    expect((await store.getInbound('inb_1'))?.outcome).toBeNull();
    expect(await store.settleInbound(settlement)).toEqual({ won: true });
    await store.close();
  });

  test('a writer thread that dies rejects what is pending and is replaced; the third death is fatal', async () => {
    const deaths: string[] = [];
    const fatal: Error[] = [];
    const noted = { warn: () => {}, error: (message: string) => void deaths.push(message) };
    const store = connectSqliteStore({ folder, log: noted, onFatal: (error) => void fatal.push(error) });
    for (let death = 1; death <= 3; death += 1) {
      await store.putMeta('life', String(death));
      const pending = store.putMeta('life', 'unsure');
      const refused = expect(pending).rejects.toThrow(StoreUnavailable);
      await store.writer.kill();
      await refused;
      expect(deaths).toHaveLength(death);
    }
    expect(fatal).toHaveLength(1);
    await expect(store.putMeta('life', '4')).rejects.toThrow(StoreUnavailable);
    await store.close();
  });

  test('database and log can be read by their owner alone', async () => {
    const store = openSqliteStore({ folder, log });
    await store.putMeta('a', 'b');
    for (const name of ['pickup.db', 'pickup.db-wal']) {
      expect((await stat(join(folder, name))).mode & 0o077, name).toBe(0);
    }
    await store.close();
  });

  test('close waits for what is queued, and afterwards everything is refused', async () => {
    const store = openSqliteStore({ folder, log });
    const writes = Array.from({ length: 50 }, (_, index) => store.openInbound(arrival(`inb_${index}`)));
    await store.close();
    expect(await Promise.all(writes)).toHaveLength(50);
    await expect(store.openInbound(arrival('inb_late'))).rejects.toThrow(StoreUnavailable);
    await expect(store.listInbounds({})).rejects.toThrow(StoreUnavailable);
    const again = openSqliteStore({ folder, log });
    expect((await again.listInbounds({ limit: 100 })).items).toHaveLength(50);
    await again.close();
  });
});
