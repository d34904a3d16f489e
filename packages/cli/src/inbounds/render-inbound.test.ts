/** The story of one inbound as docs/record.md shows it, and as it is where less or more is known. */
import { readFileSync } from 'node:fs';
import type { InboundObject } from '@pickup/contract';
import { expect, test } from 'vitest';
import { PLAIN } from '../style.ts';
import type { TimelineCall } from '../timeline.ts';
import { widthOf } from '../wrap-text.ts';
import { renderInbound } from './render-inbound.ts';

const T = Date.UTC(2026, 10, 23, 9, 30);
const sample: InboundObject = {
  inbound_id: 'inb_1k84q1',
  channel: 'call',
  edge: 'sip',
  from_number: '+12137771234',
  to_number: '+12137771235',
  arrival_timestamp: T,
  outcome: 'connected',
  outcome_timestamp: T + 2_131,
  agent_id: 'agent_12345',
  agent_version: 1,
  call_id: 'call_9f2c',
  settings: { webhook_url: 'https://shop.example/inbound?***' },
  attempts: [
    {
      attempt: 1,
      start_timestamp: T + 3,
      end_timestamp: T + 51,
      phases: { queue_ms: 0.2, dns_ms: 4.1, connect_ms: 11, tls_ms: 21, first_byte_ms: 11.5, total_ms: 48 },
      status: 503,
      error: 'http_status',
      fault: 'endpoint',
      message: 'no success status (C2)',
      verdict: 'failed',
    },
    {
      attempt: 2,
      start_timestamp: T + 512,
      end_timestamp: T + 1_820,
      phases: { queue_ms: 0.1, first_byte_ms: 1_307, total_ms: 1_308 },
      status: 200,
      bytes: 97,
      verdict: 'accepted',
    },
  ],
  request: {
    event: 'call_inbound',
    call_inbound: {
      agent_id: 'agent_12345',
      agent_version: 1,
      from_number: '+12137771234',
      to_number: '+12137771235',
    },
  },
  reply: { call_inbound: { dynamic_variables: { customer_name: 'Ada', visits: 7 } } },
  issues: [
    {
      severity: 'warning',
      effect: 'ignored',
      code: 'variable_not_string',
      rule: 'D5',
      pointer: '/call_inbound/dynamic_variables/visits',
      message: 'dynamic_variables.visits must be a string; a number was turned into one.',
      sent: 7,
    },
  ],
  decision: [
    'call from +12137771234 to +12137771235 at the sip edge',
    'attempt 1: 503 in 48 ms, no success status (C2); attempt 2 in 461 ms (C3)',
    'attempt 2: 200 in 1308 ms, success (D1)',
    "agent agent_12345 because it is the number's and the reply names none (E2)",
    'version 1 because it was named',
    'variables from the reply: customer_name, visits',
    'connect to agent_12345 version 1 by the built-in runtime',
  ],
  sip: {
    messages: [
      { timestamp: T, direction: 'in', summary: 'INVITE sip:+12137771235@sip.shop.example' },
      { timestamp: T + 1, direction: 'out', summary: '100 Trying' },
      { timestamp: T + 4, direction: 'out', summary: '180 Ringing (INVITE)' },
      { timestamp: T + 2_130, direction: 'out', summary: '200 OK (INVITE)' },
    ],
  },
};
const call: TimelineCall = {
  call_status: 'ended',
  disconnection_reason: 'user_hangup',
  start_timestamp: T + 2_131,
  end_timestamp: T + 9_400,
  transcript_object: [{ role: 'agent', content: 'Hello Ada.', start: 0.1 }],
};
const render = (inbound: InboundObject, width = 80, of?: TimelineCall) =>
  renderInbound(inbound, { width, style: PLAIN, call: of });

test('the screen that docs/record.md shows', () => {
  const page = readFileSync(new URL('../../../../docs/record.md', import.meta.url), 'utf8');
  const [, shown] = /```text\n(.*?)```/s.exec(page) ?? [];
  expect(shown).toBe(`${render(sample, 80, call).join('\n')}\n`);
});

test('no line is wider than the terminal', () => {
  for (const width of [60, 80, 120]) {
    for (const line of render(sample, width, call)) expect(widthOf(line), line).toBeLessThanOrEqual(width);
  }
});

test('what is not known takes no room', () => {
  const bare = { ...sample, attempts: [], issues: [], decision: [], outcome: 'unknown_number' } as const;
  const { request: _request, reply: _reply, sip: _sip, ...inbound } = bare;
  const lines = render(inbound);
  expect(lines[0]).toMatch(/^Refused/);
  for (const title of ['SIP', 'Request', 'Reply', 'Issues', 'Decision', 'Call']) expect(lines).not.toContain(title);
});

test('very long records are cut, and say where the rest is', () => {
  const issues = Array.from({ length: 500 }, () => sample.issues[0]!);
  const lines = render({ ...sample, issues, reply: { long: 'x'.repeat(200_000) } });
  expect(lines.length).toBeLessThan(110);
  expect(lines.filter((line) => line.includes('--json'))).toHaveLength(2);
});
