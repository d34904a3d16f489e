/** Simulated faults through a running gateway: on real sockets, and said in the record so that nobody is misled. */
import type { InboundObject } from '@pickup/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitForOutcome } from './support/outcome.ts';
import { type NumberOptions, openStage, type Stage } from './support/stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

const REPLY = JSON.stringify({ call_inbound: { dynamic_variables: { customer_name: 'Ada' }, metadata: { order: 7 } } });

async function call(fault: unknown, options: NumberOptions = {}) {
  const staged = await stage.number({ script: { body: REPLY }, ...options });
  const { status, body } = await stage.gateway.rest('POST', '/simulate-inbound-call', {
    from_number: '+12137771234',
    to_number: staged.number,
    fault,
  });
  expect(status, JSON.stringify(body)).toBe(201);
  const inbound: InboundObject = await waitForOutcome(stage.gateway, body.inbound_id);
  return { inbound, requests: staged.requests() };
}

test('C2 C3 500 on the first two attempts: the third asks the endpoint, and its reply is applied', async () => {
  const { inbound, requests } = await call({ kind: '500', attempts: 2 });
  expect(inbound.attempts.map(({ status, simulated }) => [status, simulated])).toEqual([
    [500, true],
    [500, true],
    [200, undefined],
  ]);
  expect(requests).toHaveLength(1);
  expect(inbound).toMatchObject({ outcome: 'connected', reply: JSON.parse(REPLY) });
  expect(inbound.decision[1]).toBe(
    'a simulated fault: 500, the endpoint is not asked and 500 comes back (the first 2 attempts only)',
  );
});

test('C1 E3 slow-drip: the endpoint was asked each time, none of its bytes in time, the own agent answers', async () => {
  const { inbound, requests } = await call({ kind: 'slow-drip' }, { settings: { ring_budget_ms: 2_500 } });
  expect(requests.length).toBeGreaterThan(0);
  expect(inbound.attempts[0]).toMatchObject({ error: 'timeout', reason: 'body', simulated: true });
  expect(inbound).toMatchObject({ outcome: 'connected', agent_id: stage.agentId });
});

test('D3 malformed: a bad reply, not asked again', async () => {
  const { inbound } = await call({ kind: 'malformed' }, { agent: false });
  expect(inbound).toMatchObject({ outcome: 'webhook_failed', attempts: [{ verdict: 'bad_reply', simulated: true }] });
  expect(inbound.issues[0]).toMatchObject({ code: 'not_json', effect: 'falls_back' });
});

test('C2 reset: each attempt broke off in its reply', async () => {
  const { inbound } = await call({ kind: 'reset' }, { settings: { ring_budget_ms: 2_000 } });
  expect(['connection_reset', 'incomplete_reply']).toContain(inbound.attempts[0]?.error);
  expect(inbound.attempts[0]?.simulated).toBe(true);
});

test('C1 timeout: nothing came, and the endpoint saw nothing', async () => {
  const { inbound, requests } = await call({ kind: 'timeout' }, { settings: { ring_budget_ms: 2_000 } });
  expect(inbound.attempts[0]).toMatchObject({ error: 'timeout', simulated: true });
  expect(requests).toHaveLength(0);
});

test('B3 duplicate: an endpoint that answers the same request differently is told so, and the first answer counts', async () => {
  const answer = (nth: number) => ({ body: JSON.stringify({ call_inbound: { metadata: { nth } } }) });
  const { inbound, requests } = await call({ kind: 'duplicate' }, { script: { nth: answer } });
  expect(requests.map((request) => request.header('webhook-id'))).toEqual([inbound.inbound_id, inbound.inbound_id]);
  expect(inbound.issues.find(({ code }) => code === 'answers_differ')).toMatchObject({
    severity: 'warning',
    pointer: '/call_inbound/metadata/nth',
    rule: 'B3',
  });
  expect(inbound).toMatchObject({ outcome: 'connected', reply: { call_inbound: { metadata: { nth: 1 } } } });
});

test('C6 hang-up: the caller gave up after a second while it rang, and the attempt was aborted', async () => {
  const { inbound } = await call({ kind: 'hang-up' }, { script: 'hang' });
  expect(inbound).toMatchObject({ outcome: 'caller_abandoned', attempts: [{ verdict: 'aborted' }] });
  const rangMs = (inbound.outcome_timestamp ?? 0) - inbound.arrival_timestamp;
  expect(rangMs).toBeGreaterThan(950);
  expect(rangMs).toBeLessThan(3_000);
});

test('a fault that nobody knows is refused with those there are', async () => {
  const { number } = await stage.number();
  const parties = { from_number: '+12137771234', to_number: number };
  const { status, body } = await stage.gateway.rest('POST', '/simulate-inbound-call', {
    ...parties,
    fault: { kind: 'gremlins' },
  });
  expect(status).toBe(400);
  expect(body.message).toContain('slow-drip');
});
