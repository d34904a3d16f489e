/**
 * A rehearsal decides what the gateway decides: random replies, statuses and numbers through the real runner over the
 * store in memory, and through `rehearse` over the same store. Seeded: the same every run.
 */
import type { PhoneNumberSettings } from '@pickup/contract';
import { type AttemptResult, type Entry, type InboundFacts, rehearse } from '@pickup/core';
import { ManualClock } from '@pickup/testkit/clock';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replyCorpus } from '../../../contract/test/reply-corpus.ts';
import { bareNumber, ownedNumber, received } from '../../../core/test/builders.ts';
import { openWorld } from '../../test/runner-world.ts';
import { agent, engine, tag } from '../stores/conformance/samples.ts';
import { createRehearsedStart } from './rehearse-start.ts';

const corpus = replyCorpus().filter(({ channel }) => channel === 'call');
/** Names of the corpus that lead somewhere in this world. */
const NAMED = { agent_12345: 'agent_1', llm_12345: 'llm_1' } as const;

const bodies = fc.constantFrom(...corpus).map(({ body }) => renamed(body));
const group = fc.record(
  {
    override_agent_id: fc.constantFrom('agent_1', 'agent_own', 'agent_gone', 'chat_1', ''),
    override_agent_version: fc.constantFrom<unknown>(0, 1, 'latest', 'prod', '0', 'v1', null),
    dynamic_variables: fc.constantFrom<unknown>({ name: 'Ann' }, { naem: 'Ann', user_number: '1' }, { a: [] }),
    agent_override: fc.constantFrom<unknown>(
      { agent: { voice_speed: 9 }, retell_llm: { begin_message: 'Hi {{name}} {{other}}' } },
      { agent: { voice_id: 'unknown-voice', webhook_url: 'https://private.example/{{name}}' } },
      { retell_llm: { knowledge_base_ids: ['kb_gone'], model: 'gpt-4.2' } },
      { conversation_flow: { begin_message: 'Hi' } },
      { agent: { response_engine: { type: 'retell-llm', llm_id: 'llm_gone' } } },
    ),
    reject: fc.constantFrom<unknown>(true, 'true'),
  },
  { requiredKeys: [] },
);
const composed = group.map((call_inbound) => new TextEncoder().encode(JSON.stringify({ call_inbound })));
const attempts = fc.array(
  fc.record({ status: fc.constantFrom(200, 200, 200, 201, 204, 302, 404, 500, 503), body: fc.oneof(bodies, composed) }),
  { minLength: 4, maxLength: 4 },
);
const stories = fc.record({
  attempts,
  owned: fc.boolean(),
  lenient: fc.boolean(),
  budgetMs: fc.constantFrom(45_000, 3_000),
  url: fc.constantFrom('https://endpoint.example/', 'https://endpoint.example/', 'https://endpoint.example/', null),
});
type Story = typeof stories extends fc.Arbitrary<infer T> ? T : never;

function renamed(body: Uint8Array): Uint8Array {
  let text = Buffer.from(body).toString('latin1');
  for (const [from, to] of Object.entries(NAMED)) text = text.replaceAll(from, to);
  return Buffer.from(text, 'latin1');
}

/** A world with a number's agent, one for replies to name with a tag, and one for chats. */
async function worldOf(story: Story) {
  const world = await openWorld();
  const prompt = { begin_message: 'Hello {{name}}, {{never_set}}', general_prompt: 'You are {{name}}.' };
  await world.memory.createEngine(engine('llm_own', { settings: prompt }));
  const settings = { voice_id: '11labs-Adrian', response_engine: { type: 'retell-llm', llm_id: 'llm_own' } };
  await world.memory.createAgent(agent('agent_own', { settings }));
  await world.memory.createAgent(agent('chat_1', { channel: 'chat' }));
  await world.memory.assignTag(tag('prod', 0));
  const number: Partial<PhoneNumberSettings> = {
    inbound_webhook_url: story.url,
    ring_budget_ms: story.budgetMs,
    on_invalid_override: story.lenient ? 'ignore' : 'refuse',
  };
  const own = { agent_id: 'agent_own', weight: 1 };
  const resolved = await world.memory.resolveTarget({ agent_id: own.agent_id, reference: 'latest' });
  const entry: Entry = story.owned ? ownedNumber(number, { agent: own, resolved }) : bareNumber(number);
  return { world, entry };
}

const answersOf = (story: Story): readonly AttemptResult[] =>
  story.attempts.map(({ status, body }) => received(status, Buffer.from(body)));

async function recorded(story: Story) {
  const { world, entry } = await worldOf(story);
  world.answers.push(...answersOf(story));
  const done = world.arrive({ entry });
  await world.clock.advance(120_000);
  await done;
  const { outcome, issues, decision, attempts, reply, agent_id, agent_version } = (await world.memory.getInbound(
    'inb_1',
  ))!;
  return { outcome, issues, decision, attempts, reply, agent_id, agent_version };
}

async function rehearsed(story: Story) {
  const { world, entry } = await worldOf(story);
  const clock = new ManualClock();
  const answers = [...answersOf(story)];
  const facts: InboundFacts = world.facts({ entry });
  const done = rehearse(facts, {
    clock,
    chance: () => 0.5,
    ask: async () => answers.shift()!,
    resolve: (request) => world.memory.resolveTarget(request),
    start: createRehearsedStart({ runtime: world.runtime, clock, log: world.log }),
  });
  await clock.advance(120_000);
  const { outcome, ledger, plan } = await done;
  return {
    outcome,
    issues: ledger.issues,
    decision: ledger.steps,
    attempts: ledger.attempts,
    reply: ledger.reply,
    agent_id: plan?.agent_id,
    agent_version: plan?.agent_version,
  };
}

test('a rehearsal and the gateway’s runner come to the same outcome, issues, steps and attempts', async () => {
  const outcomes = new Set<unknown>();
  await fc.assert(
    fc.asyncProperty(stories, async (story) => {
      const [record, played] = await Promise.all([recorded(story), rehearsed(story)]);
      outcomes.add(record.outcome);
      expect(played).toEqual(record);
    }),
    { seed: 20_261_123, numRuns: 400 },
  );
  // A property of refusals alone would prove little.
  for (const outcome of ['connected', 'declined', 'webhook_failed', 'invalid_override', 'unknown_agent', 'no_agent']) {
    expect(outcomes).toContain(outcome);
  }
});
