import { begin, type InboundState } from '@pickup/core';
import { expect, test } from 'vitest';
import { ARRIVED, bareNumber, buildFacts } from '../../../core/test/builders.ts';
import { FakeLeg } from '../../test/runner-world.ts';
import { arrivalRow, brokenOffRow, decisionRow, LEASE_MARGIN_MS, settlementRow } from './inbound-rows.ts';

const leg = new FakeLeg([], 'call-id|tag|1');
const started = (over: Parameters<typeof buildFacts>[0] = {}): InboundState => begin(buildFacts(over)).state;

test('H3 the arrival holds what the carrier’s answer needs after a crash', () => {
  expect(arrivalRow(started(), leg, 'node_1')).toMatchObject({
    inbound_id: 'inb_1',
    session_id: 'call_1',
    arrival_timestamp: ARRIVED.wallMs,
    dedupe_key: 'call-id|tag|1',
    memo: leg.memo,
    node_id: 'node_1',
  });
});

test.each([
  [{}, 45_000],
  [{ entry: bareNumber({ ring_budget_ms: 120_000 }) }, 120_000],
  [{ entry: bareNumber({ ring_budget_ms: 120_000 }), edge_ring_limit_ms: 30_000 }, 30_000],
])('C4 H3 the lease outlasts the longest ring: %#', (over, budgetMs) => {
  const { lease_until } = arrivalRow(started(over), leg, 'node_1');
  expect(lease_until).toBe(ARRIVED.wallMs + budgetMs + LEASE_MARGIN_MS);
});

test('H1 secrets in the webhook’s URL are in no row', () => {
  const inbound_webhook_url = 'https://user:pw-7c1d@endpoint.example/hook?key=q-99e2';
  const row = arrivalRow(started({ entry: bareNumber({ inbound_webhook_url }) }), leg, 'node_1');
  expect(JSON.stringify(row)).not.toMatch(/pw-7c1d|q-99e2/);
  expect(row.settings['webhook_url']).toBe('https://***@endpoint.example/hook?***');
});

test('H3 the dialog is kept with a decision to connect, not with a refusal', () => {
  const state = started();
  const refused = decisionRow(state, { type: 'record_decision', intended: 'declined' }, leg, 7);
  expect(refused).toMatchObject({ intended: 'declined', decided_timestamp: 7, steps: state.ledger.steps });
  expect(refused).not.toHaveProperty('dialog');
  const plan = { agent_id: 'agent_1', agent_version: 2 } as never;
  const connected = decisionRow(state, { type: 'record_decision', intended: 'connected', plan }, leg, 7);
  expect(connected).toMatchObject({ agent_id: 'agent_1', agent_version: 2, dialog: leg.memo.dialog });
});

test('G a refusal that leaves a session object stores it with its reason; others store none', () => {
  const state = started();
  const { ledger } = state;
  const end = { leg, connected: undefined, nodeId: 'node_1', at: 9 };
  const settle = { type: 'settle', outcome: 'agent_failed', ledger, rewrite: false } as const;
  const stillborn = { status: 'error', disconnection_reason: 'error_retell', agent_id: 'a', agent_version: 0 } as const;
  expect(settlementRow(state, { ...settle, stillborn }, end).call).toMatchObject({
    call_id: 'call_1',
    call_status: 'error',
    disconnection_reason: 'error_retell',
  });
  expect(settlementRow(state, settle, end)).toEqual({
    inbound_id: 'inb_1',
    outcome: 'agent_failed',
    outcome_timestamp: 9,
  });
  expect(settlementRow(state, { ...settle, rewrite: true }, end)).toMatchObject({ steps: ledger.steps, attempts: [] });
});

test('H1 what a fault of ours broke off says so as its last step', () => {
  expect(brokenOffRow(started(), 9)).toMatchObject({
    outcome: 'interrupted',
    outcome_timestamp: 9,
    steps: [expect.stringContaining('call from'), 'a fault of Pickup → interrupted, SIP 500'],
  });
});
