/** Deadlines, retries and what they end in, in real time (reliability cases 1 to 11 and 50 to 57, rules C and E3). */
import type { Socket } from 'node:net';
import { Retell } from 'retell-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY } from './support/gateway.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';
import { openStage, type Stage } from './support/stage.ts';

/** How far a real clock may be off on a busy machine. */
const SLACK_MS = 250;

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.close());

const reply = (fields: object) => ({ body: JSON.stringify({ call_inbound: fields }) });
const durationsMs = (attempts: readonly { readonly start_timestamp: number; readonly end_timestamp: number }[]) =>
  attempts.map(({ start_timestamp, end_timestamp }) => end_timestamp - start_timestamp);

/** Headers at once, then a byte of the body every 300 ms. */
function drip(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n{');
  const timer = setInterval(() => socket.write(' '), 300);
  socket.once('close', () => clearInterval(timer));
}

// Together, for most of their time is waiting.
describe.concurrent('the chain of attempts', { timeout: 60_000 }, () => {
  test('case 1 a reply just before the deadline is used', async () => {
    const { inbound, requests } = await stage.place({
      script: { ...reply({ metadata: { late: false } }), delayMs: 10_000 - SLACK_MS },
    });
    expect(inbound.attempts).toMatchObject([{ verdict: 'accepted' }]);
    expect(requests).toHaveLength(1);
    expect(await stage.gateway.client.call.retrieve(inbound.call_id!)).toMatchObject({ metadata: { late: false } });
  });

  test.each([
    ['case 2 an endpoint that answers too late', { body: '{}', delayMs: 10_000 + 2 * SLACK_MS }],
    ['case 3 headers at once, then a byte every 300 ms', drip],
  ])('%s: the attempt ends at 10 s, and the retry follows within 250 ms (C1, C3)', async (_name, first) => {
    const { inbound } = await stage.place({
      script: { nth: (nth) => (nth === 1 ? first : { body: '{}' }) },
      settings: { ring_budget_ms: 20_000 },
    });
    const [one, two] = inbound.attempts;
    expect(one).toMatchObject({ error: 'timeout', fault: 'endpoint', verdict: 'failed' });
    expect(Math.abs(durationsMs([one!])[0]! - 10_000)).toBeLessThan(SLACK_MS);
    expect(two!.start_timestamp - one!.end_timestamp).toBeLessThan(250 + SLACK_MS);
    expect(two).toMatchObject({ verdict: 'accepted' });
    expect(inbound.outcome).toBe('connected');
  });

  test('case 52 budget 15 s, the endpoint hangs: one full attempt, one cut, the fallback before 15 s (C4)', async () => {
    const { inbound } = await stage.place({ script: 'hang', settings: { ring_budget_ms: 15_000 } });
    expect(inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
    const [full, cut, ...more] = durationsMs(inbound.attempts);
    expect(more).toEqual([]);
    expect(Math.abs(full! - 10_000)).toBeLessThan(SLACK_MS);
    expect(cut).toBeGreaterThan(3_900);
    expect(cut).toBeLessThan(4_500 + SLACK_MS);
    expect(inbound.outcome_timestamp! - inbound.arrival_timestamp).toBeLessThan(15_000);
  });

  test('case 50 three failures, then 200: four requests, one webhook-id, fresh stamps', async () => {
    const { inbound, requests } = await stage.place({
      script: { nth: (nth) => (nth < 4 ? { status: 500 } : reply({ metadata: { nth } })) },
    });
    expect(inbound).toMatchObject({ outcome: 'connected' });
    expect(inbound.attempts.map(({ verdict }) => verdict)).toEqual(['failed', 'failed', 'failed', 'accepted']);
    expect(requests.map((request) => request.header('webhook-id'))).toEqual(Array(4).fill(inbound.inbound_id));
    expect(requests.map((request) => request.header('x-pickup-attempt'))).toEqual(['1', '2', '3', '4']);
    const signatures = requests.map((request) => request.header('x-retell-signature') ?? '');
    expect(new Set(signatures).size).toBe(4);
    for (const [at, request] of requests.entries()) {
      expect(await Retell.verify(request.body.toString(), API_KEY, signatures[at]!)).toBe(true);
    }
    expect(new Set(requests.map(({ body }) => body.toString())).size).toBe(1);
    const startsMs = inbound.attempts.map(
      ({ start_timestamp }) => start_timestamp - inbound.attempts[0]!.start_timestamp,
    );
    for (const [at, earliestMs] of [0, 375, 1_500, 4_500].entries()) {
      expect(startsMs[at]).toBeGreaterThanOrEqual(earliestMs - 5);
    }
  });

  test('case 51 all attempts fail: the number’s agent, or webhook_failed where it has none (E3)', async () => {
    const [agent, none] = await Promise.all([
      stage.place({ script: { status: 500 } }),
      stage.place({ script: { status: 500 }, agent: false }),
    ]);
    expect(agent.inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
    expect(none.inbound).toMatchObject({ outcome: 'webhook_failed' });
    expect([agent.requests.length, none.requests.length]).toEqual([4, 4]);
    const { status } = await stage.gateway.rest('GET', `/v2/get-call/${none.inbound.call_id}`);
    expect(status).toBe(422);
  });

  test.each([
    ['before the headers', 'reset' as const, ['connection_reset']],
    [
      'during the headers',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\nx-a: '),
      ['incomplete_reply', 'malformed_reply', 'connection_reset'],
    ],
    [
      'mid-body',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"call'),
      ['incomplete_reply'],
    ],
  ])('cases 9, 11 a connection that ends %s is a failure and retried', async (_when, broken, errors) => {
    const { inbound } = await stage.place({
      // By the attempt, for a reset on a reused connection is sent once more within it (C5).
      script: { nth: (_nth, request) => (request.header('x-pickup-attempt') === '1' ? broken : { body: '{}' }) },
    });
    expect(inbound.attempts).toMatchObject([{ verdict: 'failed', fault: 'endpoint' }, { verdict: 'accepted' }]);
    expect(errors).toContain(inbound.attempts[0]!.error);
  });

  test('case 57 a configuration changed mid-chain: the snapshot of arrival is used (E8)', async () => {
    const { gateway } = stage;
    const staged = await stage.number({ script: { nth: (nth) => (nth === 1 ? { status: 500 } : { body: '{}' }) } });
    const other = await stage.number();
    const id = await simulateCall(gateway, { to: staged.number });
    await staged.requested(1);
    const changed = await gateway.rest('PATCH', `/update-phone-number/${staged.number}`, {
      inbound_webhook_url: other.webhookUrl,
      inbound_agents: null,
    });
    expect(changed.status).toBe(200);
    const inbound = await waitForOutcome(gateway, id);
    expect(inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
    expect([staged.requests().length, other.requests().length]).toEqual([2, 0]);
    expect(inbound.settings).toMatchObject({ webhook_url: staged.webhookUrl });
    // The next call has the new settings.
    const next = await waitForOutcome(gateway, await simulateCall(gateway, { to: staged.number }));
    expect([next.outcome, other.requests().length]).toEqual(['declined', 1]);
  });

  test('case 57 a number deleted mid-chain still connects whom it rang for', async () => {
    const { gateway } = stage;
    const staged = await stage.number({ script: { nth: (nth) => (nth === 1 ? { status: 500 } : { body: '{}' }) } });
    const id = await simulateCall(gateway, { to: staged.number });
    await staged.requested(1);
    const deleted = await gateway.rest('DELETE', `/delete-phone-number/${staged.number}`);
    expect(deleted.status).toBe(204);
    expect(await waitForOutcome(gateway, id)).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
  });

  test('case 57, E8 the drawn agent is read at arrival, the override target when the reply names it', async () => {
    const { gateway } = stage;
    const draft = await draftAgent('Before.');
    const target = await draftAgent('Before.');
    const own = await stage.number({
      script: { nth: (nth) => (nth === 1 ? { status: 500 } : { body: '{}' }) },
      settings: { inbound_agents: [{ agent_id: draft.agentId, weight: 1 }] },
    });
    const named = await stage.number({
      script: { nth: (nth) => (nth === 1 ? { status: 500 } : reply({ override_agent_id: target.agentId })) },
    });
    const ids = [await simulateCall(gateway, { to: own.number }), await simulateCall(gateway, { to: named.number })];
    await Promise.all([own.requested(1), named.requested(1)]);
    await gateway.client.llm.update(draft.llmId, { begin_message: 'After.' });
    await gateway.client.llm.update(target.llmId, { begin_message: 'After.' });
    const said = await Promise.all(
      ids.map(async (id) => {
        const { call_id } = await waitForOutcome(gateway, id);
        return (await gateway.client.call.retrieve(call_id!)).transcript;
      }),
    );
    expect(said).toEqual(['Agent: Before.\n', 'Agent: After.\n']);
  });
});

async function draftAgent(beginMessage: string): Promise<{ readonly agentId: string; readonly llmId: string }> {
  const { client } = stage.gateway;
  const llm = await client.llm.create({ begin_message: beginMessage, start_speaker: 'agent' });
  const agent = await client.agent.create({
    voice_id: '11labs-Adrian',
    response_engine: { type: 'retell-llm', llm_id: llm.llm_id },
  });
  return { agentId: agent.agent_id, llmId: llm.llm_id };
}
