/** A disk that fills up under the gateway: a small tmpfs of its own, where this machine lets us mount one. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundObject } from '@pickup/contract';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answers, type GatewayProcess, startGateway } from './support/gateway.ts';
import { integrityOf } from './support/inspect-store.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';
import { createHouseAgent, importNumber } from './support/stage.ts';
import { until } from './support/until.ts';

const NUMBER = '+12137772001';
const disk = mountSmallDisk();
if (disk === undefined) console.warn('full disk: skipped, for this machine lets us mount no tmpfs');

describe.skipIf(disk === undefined)('a full disk', { timeout: 60_000 }, () => {
  const home = disk ?? '';
  const filler = join(home, 'filler');
  let endpoint: FakeEndpoint;
  let gateway: GatewayProcess;
  /** The endpoint answers once this is settled. */
  let held = Promise.resolve();

  beforeAll(async () => {
    endpoint = await startFakeEndpoint({
      async handler() {
        await held;
        return { body: '{}' };
      },
    });
    gateway = await startGateway({ home });
    const { agentId } = await createHouseAgent(gateway);
    await importNumber(gateway, NUMBER, {
      inbound_webhook_url: endpoint.url,
      inbound_agents: [{ agent_id: agentId, weight: 1 }],
    });
    const inbound = await waitForOutcome(gateway, await simulateCall(gateway, { to: NUMBER }));
    expect(inbound.outcome).toBe('connected');
  });
  afterAll(async () => {
    await gateway?.kill9();
    await endpoint?.close();
    execFileSync('umount', ['-l', home]);
    rmSync(home, { recursive: true, force: true });
  });

  /**
   * Calls until one cannot even be recorded: the store's files may still have some room. A call whose last write is the one that
   * fails has no outcome yet, so all of them are looked at.
   */
  const overloaded = async (): Promise<InboundObject> => {
    const ids: string[] = [];
    return until('a call is overloaded', async () => {
      ids.push(await simulateCall(gateway, { to: NUMBER }));
      const answers = await Promise.all(ids.map((id) => gateway.rest('GET', `/get-inbound/${id}`)));
      return answers.map(({ body }) => body).find((one) => one.outcome === 'overloaded' && one.attempts.length === 0);
    });
  };

  test('5 % free is warned of; full: overloaded, nobody is asked; room again: calls connect', async () => {
    fill(filler, { leaveShare: 0.04 });
    await until('the warning', () => gateway.stderr().includes('nearly full'));
    expect((await waitForOutcome(gateway, await simulateCall(gateway, { to: NUMBER }))).outcome).toBe('connected');

    fill(filler, { leaveShare: 0 });
    const inbound = await overloaded();
    expect(inbound.decision.join('\n')).toContain('SIP 503');
    const asked = new Set(endpoint.requests.map((request) => request.header('webhook-id')));
    expect(asked.has(inbound.inbound_id)).toBe(false);
    const refused = await gateway.rest('PATCH', `/update-phone-number/${NUMBER}`, { nickname: 'x'.repeat(100_000) });
    expect([refused.status, refused.body.status]).toEqual([503, 'error']);
    expect((await gateway.rest('GET', '/health')).status).toBe(200);

    rmSync(filler);
    await until('calls connect again', async () => {
      const again = await simulateCall(gateway, { to: NUMBER });
      return (await waitForOutcome(gateway, again)).outcome === 'connected';
    });
    expect((await waitForOutcome(gateway, inbound.inbound_id)).outcome).toBe('overloaded');
    await answers(gateway, '/ready', 200);
    expect(integrityOf(home)).toBe('ok');
  });

  test('H5 a disk that fills while calls ring holds up no second SIGTERM, and each call has one outcome', async () => {
    let release = () => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    const before = endpoint.requests.length;
    const ids = await Promise.all(Array.from({ length: 20 }, () => simulateCall(gateway, { to: NUMBER })));
    await endpoint.received(before + ids.length);
    fill(filler, { leaveShare: 0 });
    release();
    const failed = () => gateway.logged('write_failed').map(({ id }) => id);
    await until('a decision that cannot be written', () => ids.some((id) => failed().includes(id)));
    gateway.signal('SIGTERM');
    await until('it says that it is stopping', () => gateway.stderr().includes('stopping'));
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    rmSync(filler);
    gateway = await startGateway({ home });
    const records = await Promise.all(ids.map((id) => waitForOutcome(gateway, id)));
    for (const { outcome } of records) expect(['overloaded', 'interrupted', 'connected']).toContain(outcome);
    expect(integrityOf(home)).toBe('ok');
  });
});

/** 16 MiB of their own, or undefined where that is not allowed. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'pickup-e2e-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

/** Writes zeros until only this share of the disk is free. */
function fill(file: string, { leaveShare }: { readonly leaveShare: number }): void {
  const handle = openSync(file, 'a');
  const block = Buffer.alloc(4_096);
  try {
    for (;;) {
      const { bavail, blocks } = statfsSync(file);
      if (bavail <= blocks * leaveShare) return;
      writeSync(handle, block);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(handle);
  }
}
