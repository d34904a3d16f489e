/** The record of a text as a person sees it: placed by `pickup sms`, followed, shown, checked and sent again. */
import type { InboundObject } from '@pickup/contract';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { API_KEY } from './support/gateway.ts';
import { waitForOutcome } from './support/outcome.ts';
import { type PickupRun, runPickup, startPickup } from './support/run-pickup.ts';
import { type NumberOptions, openStage, type Stage } from './support/stage.ts';
import { conversation, createEchoAgent, simulateText } from './support/text-stage.ts';
import { until } from './support/until.ts';

let stage: Stage;
let echo: string;
const runs: PickupRun[] = [];
beforeAll(async () => {
  stage = await openStage();
  echo = await createEchoAgent(stage.gateway);
}, 90_000);
afterEach(() => {
  for (const run of runs.splice(0)) run.signal('SIGKILL');
});
afterAll(() => stage?.close());

const env = () => ({ PICKUP_HTTP_PORT: new URL(stage.gateway.httpUrl).port, PICKUP_API_KEY: API_KEY });
const pickup = (...args: readonly string[]) => runPickup(args, env());
const reply = (over: object = {}) => ({ body: JSON.stringify({ chat_inbound: over }) });
const named = () => reply({ override_agent_id: echo, dynamic_variables: { customer_name: 'Ann' } });
const numberOf = (options: NumberOptions = {}) => stage.number({ script: named(), agent: false, ...options });
const outcomeOf = (id: string): Promise<InboundObject> => waitForOutcome(stage.gateway, id);
const summaryOf = (out: string) => out.split('\n\n')[1] ?? '';

async function faulty(fault: unknown, options: NumberOptions = {}) {
  const staged = await numberOf(options);
  const { status, body } = await stage.gateway.rest('POST', '/simulate-inbound-sms', {
    ...{ from_number: '+12137771234', to_number: staged.number, text: 'Hi', fault },
  });
  expect(status, JSON.stringify(body)).toBe(201);
  return { staged, inbound: await outcomeOf(body.inbound_id) };
}

describe('simulated faults', () => {
  test('C2 C3 500 on the first two attempts: the third asks the endpoint, and the record says what was simulated', async () => {
    const { inbound, staged } = await faulty({ kind: '500', attempts: 2 });
    expect(inbound.attempts.map(({ status, simulated }) => [status, simulated])).toEqual([
      [500, true],
      [500, true],
      [200, undefined],
    ]);
    expect(staged.requests()).toHaveLength(1);
    expect(inbound).toMatchObject({ outcome: 'connected', agent_id: echo });
    expect(inbound.decision[1]).toMatch(/^a simulated fault: 500, .*\(the first 2 attempts only\)$/);
  });

  test('D3 malformed and B3 duplicate are what they are on calls', async () => {
    const malformed = await faulty({ kind: 'malformed' });
    expect(malformed.inbound).toMatchObject({
      outcome: 'webhook_failed',
      attempts: [{ verdict: 'bad_reply', simulated: true }],
    });
    const answer = (nth: number) => reply({ override_agent_id: echo, metadata: { nth } });
    const { inbound, staged } = await faulty({ kind: 'duplicate' }, { script: { nth: answer } });
    expect(staged.requests()).toHaveLength(2);
    const [differ] = inbound.issues;
    expect(differ).toMatchObject({ code: 'answers_differ', pointer: '/chat_inbound/metadata/nth' });
  });

  test('nobody hangs up on a text; a text that continues a chat asks nobody, and is told so', async () => {
    const { number } = await numberOf();
    const parties = { from_number: '+12137771234', to_number: number, text: 'Hi' };
    const refused = await stage.gateway.rest('POST', '/simulate-inbound-sms', {
      ...parties,
      fault: { kind: 'hang-up' },
    });
    expect(refused.status).toBe(400);
    expect(refused.body.message).toContain('nobody hangs up on a text');
    const { inbound_id } = await simulateText(stage.gateway, { to: number });
    await outcomeOf(inbound_id);
    const { status, body } = await stage.gateway.rest('POST', '/simulate-inbound-sms', {
      ...parties,
      fault: { kind: 'timeout' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ inbound_id, chat_id: expect.any(String), text_id: expect.any(String) });
  });
});

describe('pickup sms at a running gateway', () => {
  test('F2 prints the timeline and the reply; the next text of the chat prints its own answer alone', async () => {
    const { number } = await numberOf();
    const first = await pickup('sms', '--to', number, '--text', 'Hi');
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/attempt 1 +200 /);
    expect(first.out).toMatch(/answered +by /);
    expect(first.out).not.toMatch(/ringing|SIP/);
    expect(summaryOf(first.out)).toMatch(
      new RegExp(`^Answered by ${echo} version 0, .*\\.\nAfter .* ${echo} answers: “Hello Ann, your number\\?”\n$`),
    );
    const next = await pickup('sms', '--to', number, '--text', '42');
    expect(next.code).toBe(0);
    expect(next.out).toContain('so no webhook is asked (A6)');
    expect(summaryOf(next.out)).toMatch(new RegExp(`^After .* ${echo} answers: “Got 42\\.”\n$`));
  }, 30_000);

  test('silence has its reason first, and what is simulated is called so', async () => {
    const { number } = await numberOf({ script: reply({ reject: true }) });
    const rejected = await pickup('sms', '--to', number, '--text', 'Hi');
    expect(rejected.code).toBe(1);
    expect(summaryOf(rejected.out)).toBe(
      'Not answered: the webhook asked for it with reject: true.\nThe sender gets no answer: silence.\n',
    );
    const other = await numberOf();
    const simulated = await pickup('sms', '--to', other.number, '--text', 'Hi', '--fault', 'malformed');
    expect(simulated.code).toBe(1);
    expect(summaryOf(simulated.out)).toMatch(
      /^Not answered: .*\(simulated\).*\nThe sender gets no answer: silence\.\n$/,
    );
    const stop = await pickup('sms', '--to', other.number, '--text', 'STOP', '--json');
    expect(JSON.parse(stop.out)).toMatchObject({
      inbound: { outcome: 'opted_out' },
      explanation: { headline: expect.stringMatching(/^Not answered: it is the word STOP/) },
      lived_through: expect.stringContaining('one confirmation'),
    });
  }, 30_000);
});

describe('followers', () => {
  test('S16 are told of a text at its arrival, after each attempt and at its end, and of ends they missed', async () => {
    const staged = await numberOf({ script: { nth: (nth) => (nth === 1 ? { status: 503 } : named()) } });
    const run = startPickup(['inbounds', 'tail', '--channel', 'sms', '--to', staged.number, '--json'], env());
    runs.push(run);
    const seen = (): InboundObject[] =>
      run
        .out()
        .split('\n')
        .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as InboundObject] : []));
    await until('it follows', () => run.err().includes('following'));
    const { inbound_id } = await simulateText(stage.gateway, { to: staged.number });
    await until('the end', async () => seen().some(({ outcome }) => outcome === 'connected'));
    const states = seen().filter((inbound) => inbound.inbound_id === inbound_id);
    expect(states.map(({ outcome, attempts }) => [outcome, attempts.length])).toEqual([
      [null, 0],
      [null, 1],
      [null, 2],
      [null, 2],
      ['connected', 2],
    ]);
    const { inbound_id: word } = await simulateText(stage.gateway, { to: staged.number, text: 'STOP' });
    await until('the word', async () =>
      seen().some((inbound) => inbound.inbound_id === word && inbound.outcome === 'opted_out'),
    );
  }, 30_000);
});

describe('inbounds show', () => {
  test('H1 a text: the request, the reply, the conversation, what was sent; nothing of SIP or ringing', async () => {
    const { number } = await numberOf();
    const { inbound_id } = await simulateText(stage.gateway, { to: number });
    const inbound = await outcomeOf(inbound_id);
    expect(inbound.request).toEqual({
      event: 'chat_inbound',
      chat_inbound: { from_number: '+12137771234', to_number: number },
    });
    await simulateText(stage.gateway, { to: number, text: '42' });
    await conversation(stage.gateway, inbound_id, 4);
    const { out } = await until('two texts sent', async () => {
      const shown = await pickup('inbounds', 'show', inbound_id);
      return shown.out.match(/^ +\+\d+ ms +sent /gm)?.length === 2 && shown;
    });
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toContain(`Answered by ${echo} version 0, `);
    expect(out).not.toMatch(/^SIP|ringing|Call$/m);
    const order = [/^Text from /, /^Attempts at /, /^Request/, /^Reply/, /^Decision/, /^Chat$/, /agent +“Hello Ann/];
    order.push(/sender +“Hi”/, /sender +“42”/, /agent +“Got 42\.”/, /^Texts sent/, /sent +by simulator as sim_/);
    const places = order.map((pattern) => lines.findIndex((line) => pattern.test(line)));
    expect(places, out).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  }, 30_000);
});

describe('replay-inbound', () => {
  test('a text is asked for again, marked, and compared; no chat begins and nothing is sent', async () => {
    const answers = [named(), reply({ reject: true })];
    const staged = await numberOf({ script: { nth: (nth) => answers[nth - 1]! } });
    const { inbound_id } = await simulateText(stage.gateway, { to: staged.number });
    const before = await outcomeOf(inbound_id);
    const { status, body } = await stage.gateway.rest('POST', `/replay-inbound/${inbound_id}`, {});
    expect(status).toBe(200);
    const [first, again] = staged.requests().map((request) => JSON.parse(String(request.body)));
    expect(again).toEqual({ ...first, replay: { inbound_id } });
    expect(body).toMatchObject({
      original: { outcome: 'connected', agent_id: echo },
      replay: { outcome: 'declined', decision: expect.arrayContaining([expect.stringMatching(/declined, silence$/)]) },
    });
    expect(body.replay.explanation.headline).toMatch(/^Not answered: /);
    expect(await outcomeOf(inbound_id)).toEqual(before);
    const shown = await pickup('inbounds', 'replay', inbound_id);
    expect(shown.out).toContain('declined');
  }, 30_000);

  test('F4 E10 the same reply leads to the same words, what the agent lacks included', async () => {
    const agent = await stage.gateway.client.llm.create({ start_speaker: 'agent', begin_message: 'Hello.' } as never);
    const engine = { type: 'retell-llm', llm_id: agent.llm_id };
    const prompted = await stage.gateway.client.chatAgent.create({ response_engine: engine } as never);
    const staged = await numberOf({ script: reply({ override_agent_id: prompted.agent_id }) });
    const { inbound_id } = await simulateText(stage.gateway, { to: staged.number });
    expect((await outcomeOf(inbound_id)).issues).toMatchObject([{ code: 'first_line_only', rule: 'E10' }]);
    const { body } = await stage.gateway.rest('POST', `/replay-inbound/${inbound_id}`, {});
    expect(body.replay.issues).toEqual(body.original.issues);
    expect(body.replay.outcome).toBe('connected');
    expect(body.differences).toEqual([]);
  }, 30_000);
});
