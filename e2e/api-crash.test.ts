/** kill -9 in the middle of writes to the API, many rounds: no acknowledged write is lost, none is half there. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { integrityOf } from './support/inspect-store.ts';

const ROUNDS = 4;
const WRITERS = 6;
/** The longest that writers are let write before the kill. */
const LONGEST_MS = 400;

let home: string;
let gateway: GatewayProcess;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'pickup-e2e-'));
  gateway = await startGateway({ home });
});
afterEach(async () => {
  await gateway?.kill9();
  rmSync(home, { recursive: true, force: true });
});

/** What a writer was told is so: its LLM's and agent's last values, and how many numbers it has. */
interface Acknowledged {
  readonly llmId: string;
  readonly agentId: string;
  /** The last value of each that was acknowledged, and the one on its way when the process died. */
  text: number;
  textSent: number;
  speed: number;
  speedSent: number;
  versions: number;
  versionsSent: number;
  readonly numbers: Set<string>;
  readonly deleted: Set<string>;
}

async function makeWriter(): Promise<Acknowledged> {
  const { client } = gateway;
  const llm = await client.llm.create({ begin_message: '0' });
  const response_engine = { type: 'retell-llm', llm_id: llm.llm_id } as const;
  const agent = await client.agent.create({ voice_id: '11labs-Adrian', response_engine, agent_name: '0' });
  const start = { text: 0, textSent: 0, speed: 0, speedSent: 0, versions: 1, versionsSent: 1 };
  return { llmId: llm.llm_id, agentId: agent.agent_id, ...start, numbers: new Set(), deleted: new Set() };
}

/** One write after the other until the process is gone; an acknowledgement is noted at once. */
async function writeUntilKilled(own: Acknowledged, prefix: string): Promise<void> {
  const { client } = gateway;
  for (let nth = 0; ; nth++) {
    own.textSent = own.text + 1;
    await client.llm.update(own.llmId, { begin_message: String(own.textSent) }, NO_RETRY);
    own.text = own.textSent;
    own.speedSent = own.speed + 1;
    await client.agent.update(own.agentId, { agent_name: String(own.speedSent) }, NO_RETRY);
    own.speed = own.speedSent;
    const phone = `${prefix}${String(nth).padStart(4, '0')}`;
    await client.phoneNumber.import({ phone_number: phone, termination_uri: 'sip.example.com' }, NO_RETRY);
    own.numbers.add(phone);
    if (nth % 5 === 4) {
      // From here to the acknowledgement it may be there or not.
      own.numbers.delete(phone);
      await client.phoneNumber.delete(phone, NO_RETRY);
      own.deleted.add(phone);
    }
    if (nth % 7 === 6) {
      own.versionsSent = own.versions + 1;
      // Of the newest: one made of an older version would have the older texts until the next write.
      await client.agent.createVersion(own.agentId, { base_version: own.versions - 1 }, NO_RETRY);
      own.versions = own.versionsSent;
    }
  }
}
const NO_RETRY = { maxRetries: 0 } as const;

async function check(own: Acknowledged): Promise<void> {
  const { client } = gateway;
  const versions = await client.agent.listVersions(own.agentId, { limit: 1_000 });
  expect([own.versions, own.versionsSent]).toContain(versions.items.length);
  const agent = await client.agent.retrieve(own.agentId);
  const llm = await client.llm.retrieve(own.llmId);
  // A new version of the agent has one of the LLM with it, or neither is there.
  if (versions.items.length > 1) expect(llm.version).toBe(agent.version);
  expect([String(own.text), String(own.textSent)]).toContain(llm.begin_message);
  expect([String(own.speed), String(own.speedSent)]).toContain(agent.agent_name);
  expect(agent).toMatchObject({ voice_id: '11labs-Adrian' });
  for (const phone of own.numbers)
    expect(await client.phoneNumber.retrieve(phone)).toMatchObject({ phone_number: phone });
  for (const phone of own.deleted) {
    await expect(client.phoneNumber.retrieve(phone, NO_RETRY)).rejects.toMatchObject({ status: 422 });
  }
}

test(`case 81 ${ROUNDS} rounds of kill -9 under ${WRITERS} writers`, { timeout: 120_000 }, async () => {
  const writers = await Promise.all(Array.from({ length: WRITERS }, makeWriter));
  for (let round = 0; round < ROUNDS; round++) {
    const writing = writers.map((own, index) => {
      own.numbers.clear();
      own.deleted.clear();
      return writeUntilKilled(own, `+1${212 + index}77${round}`).catch(() => {});
    });
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * LONGEST_MS));
    await gateway.kill9();
    await Promise.all(writing);
    gateway = await startGateway({ home });
    for (const own of writers) {
      await check(own);
      const { begin_message } = await gateway.client.llm.retrieve(own.llmId);
      own.text = Number(begin_message);
      own.speed = Number((await gateway.client.agent.retrieve(own.agentId)).agent_name);
      own.versions = (await gateway.client.agent.listVersions(own.agentId, { limit: 1_000 })).items.length;
    }
    expect(integrityOf(home)).toBe('ok');
  }
  expect(writers.some((own) => own.text > ROUNDS)).toBe(true);
});
