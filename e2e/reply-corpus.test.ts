/**
 * One linter, four doors: each reply of the corpus is judged by the gateway in a call, by POST /check-webhook-reply, by
 * `pickup check --json` and by `lint` of the built SDK.
 *
 * Without a target REST, CLI and SDK say exactly the same. With the number, gateway, REST and CLI do. What the SDK says
 * is that, but for what needs a target: issues with one of `NEEDS_TARGET`, and rules between a field that was sent and
 * one that is saved, are the gateway's alone; faults in a group of another engine than the target's are the SDK's
 * alone, for with a target the group is ignored and they refuse nobody (E7).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InboundObject, Issue } from '@pickup/contract';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../packages/cli/src/run.ts';
import { PLAIN } from '../packages/cli/src/style.ts';
import { type CorpusReply, replyCorpus } from '../packages/contract/test/reply-corpus.ts';
import { build } from '../packages/receiver/build.ts';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';
import { runPickup } from './support/run-pickup.ts';
import { simulateText } from './support/text-stage.ts';

const NUMBER = '+12137771235';
const corpus = replyCorpus();
const calls = corpus.filter(({ channel }) => channel === 'call');
const texts = corpus.filter(({ channel }) => channel === 'sms');

interface Checked {
  readonly reply: unknown;
  readonly issues: readonly Issue[];
  readonly outcome?: string;
  readonly decision?: readonly string[];
}
type Lint = (reply: Uint8Array, options: { readonly channel: 'call' | 'sms' }) => Checked;

let folder: string;
let endpoint: FakeEndpoint;
let gateway: GatewayProcess;
let lint: Lint;

/** What the endpoint is asked. */
interface Asked {
  readonly call_inbound?: { readonly from_number: string };
  readonly chat_inbound?: { readonly from_number: string };
}

/** The caller's number says which reply is meant. */
const callerOf = (index: number) => `+1213888${String(index).padStart(4, '0')}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pickup-corpus-'));
  await build(join(folder, 'sdk'));
  ({ lint } = (await import(join(folder, 'sdk/lint.js'))) as { lint: Lint });
  endpoint = await startFakeEndpoint({
    handler(request) {
      const { call_inbound: call, chat_inbound: text } = JSON.parse(request.body.toString()) as Asked;
      const list = call ? calls : texts;
      return { body: Buffer.from(list[Number((call ?? text)!.from_number.slice(-4))]!.body) };
    },
  });
  gateway = await startGateway({ samples: { webhookUrl: endpoint.url } });
}, 120_000);
afterAll(async () => {
  await gateway?.kill9();
  await endpoint?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function rest({ body, channel }: CorpusReply, target: object = {}): Promise<Checked> {
  const reply_base64 = Buffer.from(body).toString('base64');
  const answer = await gateway.rest('POST', '/check-webhook-reply', { reply_base64, channel, ...target });
  expect(answer.status).toBe(200);
  return answer.body as Checked;
}

async function cli({ body, channel }: CorpusReply, target: readonly string[] = []): Promise<Checked> {
  let out = '';
  const code = await run(['check', '-', '--json', '--channel', channel, '--url', gateway.httpUrl, ...target], {
    env: { PICKUP_API_KEY: API_KEY },
    out: (text) => {
      out += text;
    },
    err: () => {},
    style: PLAIN,
    readStdin: async (most) => body.subarray(0, most),
    sleep: async () => {},
    monoMs: () => performance.now(),
    stopAsked: () => new Promise(() => {}),
  } as Parameters<typeof run>[1]);
  const found = JSON.parse(out) as Checked;
  const faulty = found.issues.some(({ severity }) => severity === 'error');
  expect(code === 0).toBe(!faulty && !['agent_failed', 'webhook_failed'].includes(found.outcome ?? ''));
  return found;
}

async function called(index: number): Promise<InboundObject> {
  return waitForOutcome(gateway, await simulateCall(gateway, { from: callerOf(index), to: NUMBER }));
}

/** Runs `work` for each, eight at a time. */
async function eachOf<T>(list: readonly T[], work: (one: T, index: number) => Promise<void>): Promise<void> {
  const left = [...list.entries()];
  const lane = async () => {
    for (let next = left.shift(); next; next = left.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
}

/** How long it took is not the reply's doing. */
const timeless = (steps: readonly string[]) => steps.map((step) => step.replace(/ in \d+ ms,/, ' in 0 ms,'));
const asJson = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;

test('the corpus has at least 200 replies, half of them generated, with names of their own', () => {
  const generated = corpus.filter(({ name }) => /^(?:agent|retell_llm|conversation_flow)\.\w+ /.test(name));
  expect(corpus.length).toBeGreaterThanOrEqual(200);
  expect(generated.length * 2).toBeGreaterThanOrEqual(corpus.length);
  expect(new Set(corpus.map(({ name }) => name)).size).toBe(corpus.length);
});

test('without a target REST, CLI and the built SDK say exactly the same', async () => {
  const codes = new Set<string>();
  await eachOf(corpus, async (reply) => {
    const sdk = asJson(lint(reply.body, { channel: reply.channel })) as Checked;
    expect(await rest(reply), reply.name).toEqual(sdk);
    expect(await cli(reply), reply.name).toEqual(sdk);
    for (const { code } of sdk.issues) codes.add(code);
  });
  // A corpus that finds nothing proves nothing.
  expect(codes.size).toBeGreaterThan(25);
}, 120_000);

/** Said of the session, the saved agent, or what there is here: not without a target. */
const NEEDS_TARGET: ReadonlySet<string> = new Set([
  ...['unknown_agent', 'unknown_version', 'unknown_engine', 'wrong_channel', 'wrong_engine_group'],
  ...['unknown_voice', 'voice_without_key', 'unknown_model', 'model_without_key', 'unknown_voice_model'],
  ...['unknown_knowledge_base', 'unsafe_url', 'shadows_system_variable', 'unset_variable'],
  ...['not_honoured', 'other_voice', 'flow_needs_model'],
]);
/** Rules between fields: with a target what is saved counts too, so the gateway may say more, but never less. */
const BETWEEN_FIELDS: ReadonlySet<string> = new Set([
  ...['voice_language', 'voice_model_language', 'voice_model_provider', 'voice_emotion_provider', 'asr_language'],
  ...['expressive_mode_provider', 'pronunciation_alphabet', 'fallback_voice_provider', 'model_exclusive'],
  ...['vocab_specialization_language', 'custom_stt_config_required'],
]);
/** What is quoted depends on the agent's storage setting. */
const unquoted = (issues: readonly Issue[]) =>
  issues.map(({ severity, effect, code, rule, pointer, message }) => ({
    ...{ severity, effect, code, rule, pointer, message },
  }));
const OTHER_GROUP = '/call_inbound/agent_override/conversation_flow/';
const isForgiven = ({ pointer, severity }: Issue) => severity === 'error' && pointer.startsWith(OTHER_GROUP);

test('with the number gateway, REST and CLI say exactly the same; the SDK what of it needs no target', async () => {
  const outcomes = new Set<string | null>();
  const only = new Set<string>();
  await eachOf(calls, async (reply, index) => {
    const inbound = await called(index);
    const checked = await rest(reply, { to_number: NUMBER });
    expect(checked.issues, reply.name).toEqual(inbound.issues);
    expect(checked.outcome, reply.name).toBe(inbound.outcome);
    expect(checked.decision, reply.name).toEqual(timeless(inbound.decision.slice(1)));
    expect(await cli(reply, ['--number', NUMBER]), reply.name).toEqual(checked);
    outcomes.add(inbound.outcome);
    for (const { code } of inbound.issues) if (NEEDS_TARGET.has(code)) only.add(code);

    const sdk = lint(reply.body, { channel: 'call' }).issues.filter((issue) => !isForgiven(issue));
    const told = new Set(unquoted(sdk).map((issue) => JSON.stringify(issue)));
    const untargeted = inbound.issues.filter(
      (issue) =>
        !NEEDS_TARGET.has(issue.code) &&
        (!BETWEEN_FIELDS.has(issue.code) || told.has(JSON.stringify(unquoted([issue])[0]))),
    );
    const byPlace = (a: object, b: object) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
    expect(unquoted(untargeted).toSorted(byPlace), reply.name).toEqual(unquoted(sdk).toSorted(byPlace));
  });
  expect(outcomes).toEqual(new Set(['agent_failed', 'connected', 'declined', 'invalid_override', 'unknown_agent']));
  expect(only.size).toBeGreaterThan(8);
}, 240_000);

test('for texts gateway, REST and CLI say exactly the same with the number', async () => {
  const outcomes = new Set<string | null>();
  const codes = new Set<string>();
  await eachOf(texts, async (reply, index) => {
    const { inbound_id } = await simulateText(gateway, { to: NUMBER, from: callerOf(index) });
    const inbound = await waitForOutcome(gateway, inbound_id);
    const checked = await rest(reply, { to_number: NUMBER });
    expect(checked.issues, reply.name).toEqual(inbound.issues);
    expect(checked.outcome, reply.name).toBe(inbound.outcome);
    expect(checked.decision, reply.name).toEqual(timeless(inbound.decision.slice(1)));
    expect(await cli(reply, ['--number', NUMBER]), reply.name).toEqual(checked);
    outcomes.add(inbound.outcome);
    for (const { code } of inbound.issues) codes.add(code);
  });
  expect(outcomes).toEqual(new Set(['agent_failed', 'connected', 'declined', 'invalid_override', 'unknown_agent']));
  expect([...codes]).toEqual(expect.arrayContaining(['first_line_only', 'not_honoured', 'wrong_channel']));
}, 120_000);

test('`pickup check` as a person runs it says what the SDK says', async () => {
  const some = corpus.filter((_, index) => index % 60 === 7);
  for (const reply of some) {
    const file = join(folder, 'reply.json');
    writeFileSync(file, reply.body);
    const { code, out } = await runPickup(['check', file, '--json', '--channel', reply.channel], {});
    const sdk = asJson(lint(reply.body, { channel: reply.channel })) as Checked;
    expect(JSON.parse(out), reply.name).toEqual(sdk);
    expect(code).toBe(sdk.issues.some(({ severity }) => severity === 'error') ? 1 : 0);
  }
}, 60_000);

test('the samples of the seed are clean', async () => {
  const page = readFileSync(join(import.meta.dirname, 'data/seed-inbound-webhook.md'), 'utf8');
  const samples = [...page.matchAll(/```json[^\n]*\n([\s\S]*?)```/g)].flatMap(([, json = '']) =>
    /override_agent_id|agent_override|dynamic_variables/.test(json) ? [json] : [],
  );
  expect(samples.length).toBeGreaterThan(0);
  for (const sample of samples) {
    const channel = sample.includes('chat_inbound') ? 'sms' : 'call';
    const reply: CorpusReply = { name: 'the seed’s sample', channel, body: new TextEncoder().encode(sample) };
    expect(lint(reply.body, { channel }).issues).toEqual([]);
    expect((await rest(reply)).issues).toEqual([]);
    expect((await cli(reply)).issues).toEqual([]);
    const { issues, outcome } = await rest(reply, { to_number: NUMBER });
    expect([outcome, issues.filter(({ effect }) => ['refuses', 'falls_back', 'ignored'].includes(effect))]).toEqual([
      'connected',
      [],
    ]);
  }
});
