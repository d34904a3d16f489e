/** A caller and a conversation flow without a model, by the keys of a real call. */
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { digitsAgent } from './support/flow-agents.ts';
import { onlyOutcome } from './support/records.ts';

let stage: Stage;
let phone: Phone;

beforeAll(async () => {
  [stage, phone] = await Promise.all([openStage(), createPhone()]);
}, 90_000);
afterAll(async () => {
  await phone?.close();
  await stage?.close();
});

test('a flow hears the keys of a caller, answers, and hangs up', async () => {
  const agentId = await digitsAgent(stage.gateway);
  const to = await stage.number({
    script: { body: JSON.stringify({ call_inbound: { override_agent_id: agentId } }) },
  });
  const call = await phone.call({ to: to.number, from: '+12137771234', server: stage.gateway.sip });
  expect((await call.final).code).toBe(200);
  const { call_id, issues } = await onlyOutcome(stage.gateway, to.number);
  // The model it names has no key here, and nobody misses it.
  expect(issues.map(({ code }) => code)).toEqual(['model_without_key']);
  const transcript = async () => (await stage.gateway.client.call.retrieve(call_id!)).transcript ?? '';
  const heard = (line: string, times = 1) =>
    until(`${times} times "${line}"`, async () => (await transcript()).split(line).length > times);
  await heard('Agent: Number?');
  await call.sendDigits('12#');
  await heard('Agent: Number?', 2);
  await call.sendDigits('47#');
  expect(await call.ended).toEqual({ by: 'them' });
  const ended = await until('the end of the call', async () => {
    const found = await stage.gateway.client.call.retrieve(call_id!);
    return found.call_status === 'ended' && found;
  });
  expect(ended.disconnection_reason).toBe('agent_hangup');
  expect(ended.transcript?.trim().split('\n')).toEqual([
    'Agent: Number?',
    'User: [digits] 12#',
    'Agent: No.',
    'Agent: Number?',
    'User: [digits] 47#',
    'Agent: Yes, 47.',
  ]);
});
