import type { CallMediaStats } from '@pickup/contract';
import { expect, test } from 'vitest';
import { FakeSession, FULL, openWorld } from '../../test/runner-world.ts';
import { call } from '../stores/conformance/samples.ts';
import type { LegEnd } from './leg.ts';

type World = Awaited<ReturnType<typeof openWorld>>;

/** Connects `call_1`, whose beginning is stored already unless told otherwise. */
async function connect(world: World, more: { readonly storage?: string; readonly stored?: Promise<void> } = {}) {
  const row = call('call_1', {
    start_timestamp: world.clock.wallMs(),
    inbound_id: 'inb_1',
    ...(more.storage !== undefined && { data_storage_setting: more.storage }),
  });
  const leg = world.leg.accept()!;
  const stored = more.stored ?? Promise.resolve();
  const begun = world.sessions.begin({ call: row, prepared: world.session, leg, holdsSlot: true, stored });
  await world.memory.registerCall(begun);
  world.happened.length = 0;
  return begun;
}

test.each<[LegEnd['by'], string, string, number]>([
  ['caller', 'ended', 'user_hangup', 0],
  ['no_ack', 'error', 'error_user_not_joined', 1],
  ['no_audio', 'error', 'error_no_audio_received', 1],
  ['unusable_answer', 'error', 'error_retell', 1],
  ['media_failed', 'error', 'error_retell', 1],
])('C6 F4 H4 a leg that ends by %s: the call is %s with %s', async (by, status, reason, byes) => {
  const world = await openWorld();
  await connect(world);
  world.leg.end(by);
  await world.settle();
  expect(world.happened).toEqual(['releaseSlot', 'endCall']);
  expect([world.session.closed, world.leg.byes]).toEqual([1, byes]);
  expect(await world.memory.getCall('call_1')).toMatchObject({ call_status: status, disconnection_reason: reason });
  expect(world.sessions.active).toBe(0);
});

test('H4 a session that ends itself sends BYE; whoever ends second changes nothing', async () => {
  const world = await openWorld();
  await connect(world);
  world.session.listener?.onEnd({ status: 'ended', disconnection_reason: 'inactivity' });
  world.leg.end('caller');
  await world.settle();
  expect(world.leg.byes).toBe(1);
  expect(world.happened).toEqual(['releaseSlot', 'endCall']);
  expect(await world.memory.getCall('call_1')).toMatchObject({ disconnection_reason: 'inactivity' });
});

test('H4 the end is written after the beginning, though that is still queued', async () => {
  const world = await openWorld();
  let whenStored = () => {};
  await connect(world, { stored: new Promise((resolve) => (whenStored = resolve)) });
  world.leg.end('caller');
  await world.clock.advance(60_000);
  expect(world.happened).toEqual(['releaseSlot']);
  expect(world.sessions.active).toBe(1);
  whenStored();
  await world.settle();
  expect(world.happened).toEqual(['releaseSlot', 'endCall']);
  expect(world.sessions.active).toBe(0);
});

test('H4 a call that is over before it began is handed back as ended and written by whoever began it', async () => {
  const world = await openWorld();
  world.leg.end('caller');
  expect(await connect(world)).toMatchObject({ call_status: 'ended', disconnection_reason: 'user_hangup' });
  await world.settle();
  expect(world.happened).toEqual([]);
  expect(world.session.listener).toBeUndefined();
  expect(world.sessions.active).toBe(0);
});

test('H4 an end that a full disk refuses is written once there is room', async () => {
  const world = await openWorld();
  await connect(world);
  world.faults.set('endCall', FULL);
  world.leg.end('caller');
  await world.clock.advance(5_500);
  world.faults.clear();
  await world.clock.advance(500);
  expect(await world.memory.getCall('call_1')).toMatchObject({ call_status: 'ended' });
});

test('what was said is shown while the call goes on, and kept', async () => {
  const world = await openWorld();
  await connect(world);
  expect(world.sessions.live('call_1')).toEqual({});
  await world.clock.advance(1_500);
  world.session.listener?.onUtterance({ role: 'agent', content: 'Hello', at: world.clock.wallMs() });
  const spoken = {
    transcript: 'Agent: Hello\n',
    transcript_object: [{ role: 'agent', content: 'Hello', words: [], start: 1.5 }],
  };
  expect(world.sessions.live('call_1')).toEqual(spoken);
  world.leg.end('caller');
  await world.settle();
  expect(await world.memory.getCall('call_1')).toMatchObject(spoken);
  expect(world.sessions.live('call_1')).toBeUndefined();
});

test.each(['at its beginning', 'while it went on'])(
  'a storage setting tightened %s keeps nothing of what was said',
  async (when) => {
    const storage = 'basic_attributes_only';
    const world = await openWorld();
    await connect(world, when === 'at its beginning' ? { storage } : {});
    world.session.listener?.onUtterance({ role: 'agent', content: 'Hello', at: world.clock.wallMs() });
    if (when === 'while it went on') await world.memory.updateCall('call_1', { data_storage_setting: storage });
    world.leg.end('caller');
    await world.settle();
    const row = await world.memory.getCall('call_1');
    expect(row).toMatchObject({ call_status: 'ended', data_storage_setting: storage });
    expect(row).not.toHaveProperty('transcript');
  },
);

test('H1 a session that throws at its start ends that call as ours, with BYE', async () => {
  const world = await openWorld();
  world.session.startThrows = new TypeError('no line');
  expect(await connect(world)).toMatchObject({ call_status: 'error', disconnection_reason: 'error_retell' });
  await world.settle();
  expect(world.leg.byes).toBe(1);
  expect(world.bugs()).toMatchObject([{ fields: { what: 'start', id: 'call_1' } }]);
});

test('H5 a drain waits for the calls, then ends those that still go on', async () => {
  const world = await openWorld();
  await connect(world);
  let drained = false;
  const drain = world.sessions.drain(60_000).then(() => {
    drained = true;
  });
  await world.clock.advance(59_999);
  expect([drained, world.leg.byes]).toEqual([false, 0]);
  await world.clock.advance(1);
  await drain;
  expect(world.leg.byes).toBe(1);
  expect(await world.memory.getCall('call_1')).toMatchObject({
    call_status: 'ended',
    disconnection_reason: 'manual_stopped',
  });
  expect(world.clock.pending).toBe(0);
});

test('a leg and a session that throw while they end do not keep the call open', async () => {
  const world = await openWorld();
  const fail = () => {
    throw new Error('already closed');
  };
  const broken = new FakeSession(world.happened);
  broken.close = fail;
  const leg = { onEnd: () => {}, hangUp: fail };
  world.sessions.begin({ call: call('call_1'), prepared: broken, leg, holdsSlot: false, stored: Promise.resolve() });
  expect(world.sessions.stop('call_1')).toBe(true);
  await world.settle();
  expect(world.sessions.active).toBe(0);
  expect(world.sessions.stop('call_1')).toBe(false);
  expect(world.bugs()).toHaveLength(2);
});

test('whoever stops a call may wait until its end is stored, but not for ever', async () => {
  const world = await openWorld();
  await world.sessions.stored('call_1', 1_000);
  const leg = { onEnd: () => {}, hangUp: () => {} };
  const prepared = new FakeSession(world.happened);
  let store = () => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  world.sessions.begin({ call: call('call_1'), prepared, leg, holdsSlot: false, stored });
  const waits: string[] = [];
  void world.sessions.stored('call_1', 1_000).then(() => waits.push('short'));
  void world.sessions.stored('call_1', 60_000).then(() => waits.push('long'));
  expect(world.sessions.stop('call_1')).toBe(true);
  await world.settle();
  expect(waits).toEqual([]);
  await world.clock.advance(1_000);
  expect(waits).toEqual(['short']);
  store();
  await world.settle();
  expect(waits).toEqual(['short', 'long']);
  expect(world.clock.pending).toBe(0);
});

const FIGURES: CallMediaStats = {
  ...{ codec: 'PCMU', srtp: null, packets_sent: 5, packets_received: 4, packets_lost: 1, loss_percent: 20 },
  ...{
    packets_late: 0,
    packets_rejected: 0,
    concealed_ms: 20,
    jitter_ms: 1,
    round_trip_ms: null,
    mos: 3,
    caller: null,
  },
};

test.each(['caller', 'no_audio'] as const)(
  'H4 the figures of the audio are on the ended call, ended by %s',
  async (by) => {
    const world = await openWorld();
    world.leg.figures = async () => FIGURES;
    await connect(world);
    world.leg.end(by);
    await world.settle();
    expect(await world.memory.getCall('call_1')).toMatchObject({
      call_status: expect.any(String),
      media_stats: FIGURES,
    });
    expect(world.events.filter(({ event }) => event === 'call_media')).toHaveLength(1);
    expect(world.clock.pending).toBe(0);
  },
);

test('H4 figures that do not come within 1 s, or fail, do not keep the end from being written', async () => {
  for (const figures of [() => new Promise<never>(() => {}), () => Promise.reject(new Error('no'))]) {
    const world = await openWorld();
    world.leg.figures = figures;
    await connect(world);
    world.leg.end('caller');
    await world.clock.advance(1_000);
    await world.settle();
    const call = await world.memory.getCall('call_1');
    expect(call).toMatchObject({ call_status: 'ended' });
    expect(call).not.toHaveProperty('media_stats');
    expect(world.sessions.active).toBe(0);
  }
});

test('H3 where a caller moved is written, the newest place only, and not once the call is over', async () => {
  const world = await openWorld();
  let whenStored = () => {};
  await connect(world, { stored: new Promise((resolve) => (whenStored = resolve)) });
  world.leg.move({ remoteTarget: 'sip:a' });
  world.leg.move({ remoteTarget: 'sip:b' });
  await world.settle();
  expect(world.happened).toEqual([]);
  whenStored();
  await world.settle();
  expect(world.happened).toEqual(['updateCall']);
  expect(await world.memory.getCall('call_1')).toMatchObject({ dialog: { remoteTarget: 'sip:b' } });
  world.faults.set('updateCall', FULL);
  world.leg.move({ remoteTarget: 'sip:c' });
  await world.clock.advance(1_500);
  world.faults.delete('updateCall');
  await world.clock.advance(1_000);
  expect(await world.memory.getCall('call_1')).toMatchObject({ dialog: { remoteTarget: 'sip:c' } });
  world.leg.end('caller');
  world.leg.move({ remoteTarget: 'sip:d' });
  await world.settle();
  expect(await world.memory.getCall('call_1')).toMatchObject({ dialog: { remoteTarget: 'sip:c' } });
});
