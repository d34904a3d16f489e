import { expect, test } from 'vitest';
import { ownedNumber } from '../../../core/test/builders.ts';
import { FakeLeg, FakeSession, FULL, openWorld, replying } from '../../test/runner-world.ts';
import { call } from '../stores/conformance/samples.ts';

const NAMES_AGENT = { call_inbound: { override_agent_id: 'agent_1' } };
const DECLINES = {};

test('H2 F4 effects of a connected call: the decision is durable before the 200, the session starts after it', async () => {
  const world = await openWorld();
  world.answers.push(replying(NAMES_AGENT));
  await world.arrive();
  expect(world.happened).toEqual([
    ...['openInbound', 'ring', 'ask 1', 'resolveTarget', 'prepare', 'recordDecision'],
    ...['accept', 'start', 'settleInbound', 'done'],
  ]);
  expect(await world.memory.getInbound('inb_1')).toMatchObject({ outcome: 'connected', agent_id: 'agent_1' });
  expect(await world.memory.getCall('call_1')).toMatchObject({ call_status: 'ongoing', inbound_id: 'inb_1' });
});

test('H2 nobody is asked before the arrival is durable, and nobody answered before the decision is', async () => {
  const world = await openWorld();
  let opened = () => {};
  let decided = () => {};
  world.faults.set('openInbound', new Promise<void>((resolve) => (opened = resolve)));
  world.faults.set('recordDecision', new Promise<void>((resolve) => (decided = resolve)));
  world.answers.push(replying(DECLINES));
  const recorded = world.arrive();
  await world.clock.advance(1_000);
  expect(world.happened).toEqual(['openInbound', 'ring']);
  opened();
  await world.clock.advance(1_000);
  expect(world.happened.slice(2)).toEqual(['ask 1', 'recordDecision']);
  decided();
  await recorded;
  expect(world.happened.slice(4)).toEqual(['refuse 603', 'settleInbound', 'done']);
  expect(await world.memory.getInbound('inb_1')).toMatchObject({ outcome: 'declined' });
});

test('C2 C3 a failed attempt is recorded and asked again after its back-off', async () => {
  const world = await openWorld();
  world.answers.push(replying('', 500), replying(DECLINES));
  const recorded = world.arrive();
  await world.clock.advance(499);
  expect(world.happened.filter((one) => /ask|Attempt/.test(one))).toEqual(['ask 1', 'recordAttempt']);
  await world.clock.advance(1);
  await recorded;
  expect(world.happened.filter((one) => one.startsWith('ask'))).toEqual(['ask 1', 'ask 2']);
  expect(world.clock.pending).toBe(0);
});

test('C6 a caller who hangs up while the endpoint is asked: the attempt is aborted, no agent starts', async () => {
  const world = await openWorld();
  let answer = (_result: ReturnType<typeof replying>) => {};
  world.answers.push(new Promise((resolve) => (answer = resolve)));
  const recorded = world.arrive();
  await world.settle();
  world.leg.cancel();
  expect(world.asked[0]?.signal.aborted).toBe(true);
  answer(replying(NAMES_AGENT));
  await recorded;
  expect(world.happened).not.toContain('prepare');
  expect(await world.memory.getInbound('inb_1')).toMatchObject({ outcome: 'caller_abandoned' });
});

test('C6 a CANCEL that is faster than the 200 ends the prepared session', async () => {
  const world = await openWorld();
  let decided = () => {};
  world.faults.set('recordDecision', new Promise<void>((resolve) => (decided = resolve)));
  world.answers.push(replying(NAMES_AGENT));
  const recorded = world.arrive();
  await world.settle();
  world.leg.cancel();
  decided();
  await recorded;
  expect(world.session.closed).toBe(1);
  expect(world.happened).not.toContain('start');
  expect(await world.memory.getInbound('inb_1')).toMatchObject({ outcome: 'caller_abandoned' });
});

test('E5 what a session goes without is in the record, after what a reply asked for in vain', async () => {
  const world = await openWorld();
  const issue = {
    severity: 'warning',
    effect: 'degraded',
    code: 'flow_needs_model',
    rule: 'E10',
    pointer: '',
    message: 'Only the first line is said.',
  } as const;
  const session = new FakeSession(world.happened);
  world.prepareWith(async () => ({ ready: true, session, issues: [issue] }));
  world.answers.push(replying(NAMES_AGENT));
  await world.arrive();
  expect(await world.memory.getInbound('inb_1')).toMatchObject({ outcome: 'connected', issues: [issue] });
});

test('F4 a runtime that is not ready in 2 s is agent_failed, and what it makes later is closed', async () => {
  const world = await openWorld();
  const late = new FakeSession(world.happened);
  world.prepareWith(async () => {
    await new Promise<void>((resolve) => void world.clock.after(5_000, resolve));
    return { ready: true, session: late };
  });
  world.answers.push(replying(NAMES_AGENT));
  const recorded = world.arrive();
  await world.clock.advance(1_999);
  expect(world.leg.refusals).toEqual([]);
  await world.clock.advance(1);
  await recorded;
  expect(world.leg.refusals).toMatchObject([{ outcome: 'agent_failed', code: 500 }]);
  expect(late.closed).toBe(0);
  await world.clock.advance(5_000);
  expect(late.closed).toBe(1);
  expect(world.clock.pending).toBe(0);
  expect(await world.memory.getCall('call_1')).toMatchObject({ disconnection_reason: 'error_retell' });
});

test('F4 a runtime that throws is a bug of ours and agent_failed', async () => {
  const world = await openWorld();
  world.prepareWith(() => Promise.reject(new TypeError('x is undefined')));
  world.answers.push(replying(NAMES_AGENT));
  await world.arrive();
  expect(world.leg.refusals).toMatchObject([{ outcome: 'agent_failed', code: 500 }]);
  expect(world.bugs()).toMatchObject([{ fields: { what: 'prepare', error: { name: 'TypeError' } } }]);
});

test('G an arrival that the disk refuses is overloaded, nobody is asked, and the record follows', async () => {
  const world = await openWorld();
  for (const command of ['openInbound', 'settleInbound']) world.faults.set(command, FULL);
  await world.arrive();
  expect(world.happened).toEqual(['openInbound', 'ring', 'refuse 503', 'done']);
  expect(world.runner.live('inb_1')).toMatchObject({ outcome: 'overloaded' });
  world.faults.clear();
  await world.clock.advance(1_000);
  expect(await world.memory.getInbound('inb_1')).toMatchObject({ outcome: 'overloaded' });
});

test('H1 a caller who hangs up while the disk refuses the arrival leaves a record once there is room', async () => {
  const world = await openWorld();
  let refuse = (_error: Error) => {};
  world.faults.set('openInbound', new Promise<void>((_, reject) => (refuse = reject)));
  world.faults.set('settleInbound', FULL);
  const recorded = world.arrive();
  world.leg.cancel();
  await world.settle();
  refuse(FULL);
  await world.settle();
  world.faults.clear();
  await world.clock.advance(1_000);
  await recorded;
  await world.clock.advance(1_000);
  expect(await world.memory.getInbound('inb_1')).toMatchObject({ outcome: 'caller_abandoned' });
});

test.each(['resolveTarget', 'recordDecision'])(
  'G a store that fails at %s is overloaded, nobody else’s fault',
  async (command) => {
    const world = await openWorld();
    world.faults.set(command, FULL);
    world.answers.push(replying(NAMES_AGENT));
    await world.arrive();
    expect(world.leg.refusals).toMatchObject([{ outcome: 'overloaded', code: 503 }]);
    expect(world.bugs()).toEqual([]);
  },
);

test('G a store that cannot give a slot is overloaded, not a full house', async () => {
  const world = await openWorld();
  world.faults.set('takeSlot', FULL);
  await world.arrive({ gateway: { concurrency: 5 } });
  expect(world.leg.refusals).toMatchObject([{ outcome: 'overloaded' }]);
});

test('A5 a slot is taken before the endpoint is asked and given back when the caller is refused', async () => {
  const world = await openWorld();
  world.answers.push(replying(DECLINES));
  await world.arrive({ gateway: { concurrency: 1 } });
  const slots = world.happened.filter((one) => /Slot|ask/.test(one));
  expect(slots).toEqual(['takeSlot', 'ask 1', 'releaseSlot']);
});

test('E3 a sender that throws is a failed attempt of ours: the number’s agent takes the call', async () => {
  const world = await openWorld();
  world.answers.push(...[1, 2, 3, 4].map(() => new Error('no key is marked for signing')));
  const recorded = world.arrive({ entry: ownedNumber() });
  await world.clock.advance(10_000);
  await recorded;
  const inbound = await world.memory.getInbound('inb_1');
  expect(inbound).toMatchObject({ outcome: 'connected', agent_id: 'agent_own' });
  expect(inbound?.attempts[0]).toMatchObject({ error: 'internal_error', fault: 'gateway', verdict: 'failed' });
  expect(world.bugs()).toHaveLength(4);
});

test('H1 a leg that throws ends this inbound with 500, recorded as ours, and no other one', async () => {
  const world = await openWorld();
  world.leg.acceptThrows = new RangeError('bad port');
  const other = new FakeLeg(world.happened);
  world.answers.push(replying(NAMES_AGENT), replying(DECLINES));
  await Promise.all([world.arrive(), world.arrive({ inbound_id: 'inb_2', session_id: 'call_2' }, other)]);
  expect(world.leg.refusals).toMatchObject([{ outcome: 'interrupted', code: 500 }]);
  expect(other.refusals).toMatchObject([{ outcome: 'declined' }]);
  expect(world.session.closed).toBe(1);
  const inbound = await world.memory.getInbound('inb_1');
  expect(inbound).toMatchObject({ outcome: 'interrupted' });
  expect(inbound?.decision.at(-1)).toBe('a fault of Pickup → interrupted, SIP 500');
  expect(world.bugs()).toMatchObject([{ fields: { id: 'inb_1', error: { message: 'bad port' } } }]);
  expect(world.runner.ringing).toBe(0);
});

test('H1 a fault while a slot is being taken leaves no slot taken', async () => {
  const world = await openWorld();
  let given = () => {};
  world.faults.set('takeSlot', new Promise<void>((resolve) => (given = resolve)));
  const recorded = world.arrive({ gateway: { concurrency: 1 } });
  await world.settle();
  world.leg.refuse = () => {
    throw new Error('transport is closed');
  };
  world.runner.interruptAll();
  given();
  await recorded;
  await world.settle();
  world.faults.clear();
  expect(await world.memory.takeSlot({ inbound_id: 'inb_2', node_id: 'n', limit: 1 })).toBe('taken');
  expect(await world.memory.getInbound('inb_1')).toMatchObject({ outcome: 'interrupted' });
});

test('H5 whoever rings when the process stops at once hears 500', async () => {
  const world = await openWorld();
  world.answers.push(new Promise(() => {}));
  const recorded = world.arrive();
  await world.settle();
  world.runner.interruptAll();
  await recorded;
  expect(world.asked[0]?.signal.aborted).toBe(true);
  expect(world.leg.refusals).toMatchObject([{ outcome: 'interrupted', code: 500 }]);
  await world.runner.idle();
});

test('H3 a second INVITE of an inbound that is open is not asked about again', async () => {
  const world = await openWorld();
  world.answers.push(new Promise(() => {}));
  void world.arrive({}, new FakeLeg(world.happened, 'call-id|tag|1'));
  await world.settle();
  const again = new FakeLeg(world.happened, 'call-id|tag|1');
  await world.arrive({ inbound_id: 'inb_2' }, again);
  expect(again.refusals).toMatchObject([{ code: 482 }]);
  expect(world.asked).toHaveLength(1);
  expect(await world.memory.getInbound('inb_2')).toBeUndefined();
});

test('A3 a registered call that is refused may be dialled again', async () => {
  const world = await openWorld();
  await world.memory.registerCall(call('call_1', { call_status: 'registered' }));
  await world.memory.claimRegisteredCall('call_1', 'inb_1', 0);
  const missing = { found: false, missing: 'agent', message: 'There is no agent agent_9.' } as const;
  await world.arrive({ entry: { kind: 'registered', direction: 'inbound', resolved: missing, dynamic_variables: {} } });
  expect(world.leg.refusals).toMatchObject([{ outcome: 'unknown_agent' }]);
  expect((await world.memory.claimRegisteredCall('call_1', 'inb_2', 0)).claim).toBe('claimed');
});

test('H4 a call that ends while its beginning waits for a full disk ends as `ended`', async () => {
  const world = await openWorld();
  world.faults.set('settleInbound', FULL);
  world.answers.push(replying(NAMES_AGENT));
  const recorded = world.arrive();
  await world.settle();
  expect(world.happened.at(-1)).toBe('settleInbound');
  world.session.listener?.onUtterance({ role: 'agent', content: 'Hello', at: world.clock.wallMs() });
  await world.clock.advance(2_500);
  world.leg.end('caller');
  await world.settle();
  expect(world.happened).not.toContain('endCall');
  world.faults.clear();
  await world.clock.advance(1_000);
  await recorded;
  await world.sessions.drain(0);
  expect(await world.memory.getCall('call_1')).toMatchObject({
    call_status: 'ended',
    disconnection_reason: 'user_hangup',
    transcript: 'Agent: Hello\n',
  });
});
