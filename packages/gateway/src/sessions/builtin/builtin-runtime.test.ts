import type { JsonObject, ResolvedEngine } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';
import { ManualClock } from '@pickup/testkit/clock';
import { describe, expect, it } from 'vitest';
import { notApplied } from '../not-applied.ts';
import type { SessionEnd, Utterance } from '../port.ts';
import { createBuiltinRuntime } from './builtin-runtime.ts';
import { FakeLine, FakeSpeech } from './fake-test-line.ts';

const log = { info() {}, warn() {}, error() {} };

type Setup = {
  readonly agent?: JsonObject;
  readonly llm?: JsonObject;
  readonly engine?: ResolvedEngine;
  readonly variables?: Record<string, string>;
  readonly overridden?: readonly string[];
  readonly voiceId?: string;
};
const planOf = ({ agent = {}, llm = {}, engine, variables = {}, overridden = [], voiceId }: Setup): SessionPlan => ({
  session_id: 'call_1',
  channel: 'voice',
  agent_id: 'agent_1',
  agent_version: 0,
  direction: 'inbound',
  from_number: '+12137771234',
  to_number: '+12137771235',
  agent,
  engine: engine ?? { type: 'retell-llm', id: 'llm_1', version: 0, settings: { begin_message: 'Hello.', ...llm } },
  variables,
  dynamic_variables: {},
  custom_sip_headers: {},
  voice_id: voiceId ?? 'builtin-en-us',
  overridden,
});

const arrange = (sound = true) => {
  const clock = new ManualClock();
  const speech = new FakeSpeech();
  const runtime = createBuiltinRuntime({ voice: speech, clock, log });
  const prepare = (plan: SessionPlan, signal = new AbortController().signal) =>
    runtime.prepare(plan, { sound, signal });
  return { clock, speech, runtime, prepare };
};

/** A call answered and audible, unless `audible` is false. */
const call = async (setup: Setup, { audible = true } = {}) => {
  const { clock, speech, prepare } = arrange();
  const prepared = await prepare(planOf(setup));
  if (!prepared.ready) throw new Error(prepared.message);
  const line = new FakeLine(clock);
  const ends: SessionEnd[] = [];
  const said: Utterance[] = [];
  const startedMs = clock.monoMs();
  prepared.session.start(line, { onEnd: (end) => ends.push(end), onUtterance: (utterance) => said.push(utterance) });
  if (audible) line.becomeAudible();
  await clock.advance(0);
  return { clock, speech, line, ends, said, session: prepared.session, startedMs };
};

describe('the built-in runtime prepares', () => {
  it('E9 the begin message with its variables', async () => {
    const { speech, prepare } = arrange();
    const llm = { begin_message: 'Hi {{customer_name}}, you call {{agent_number}}. {{nobody}}' };
    const prepared = await prepare(planOf({ llm, variables: { customer_name: 'Anna' } }));
    expect(prepared).toMatchObject({ ready: true, session: { opening: 'Hi Anna, you call +12137771235. {{nobody}}' } });
    expect(speech.asked[0]?.spans.filter((span) => span.fromVariable).map((span) => span.text)).toEqual([
      'Anna',
      '+12137771235',
    ]);
  });

  it("E9 the time in the agent's zone", async () => {
    const { prepare, clock } = arrange(false);
    clock.stepWall(Date.UTC(2024, 2, 29, 6, 46) - clock.wallMs());
    const llm = { begin_message: '{{current_time}}' };
    const paris = await prepare(planOf({ llm, agent: { timezone: 'Europe/Paris' } }));
    expect(paris).toMatchObject({ session: { opening: expect.stringMatching(/^Friday, March 29, 2024 at 7:46 AM/) } });
    expect(await prepare(planOf({ llm, agent: { timezone: null } }))).toMatchObject({
      session: { opening: 'Thursday, March 28, 2024 at 11:46 PM PDT' },
    });
  });

  it("a flow's first line: the override's, else the start node's static text", async () => {
    const { prepare } = arrange(false);
    const flow = (settings: JsonObject) =>
      planOf({ engine: { type: 'conversation-flow', id: 'f', version: 0, settings } });
    const node = (type: string) => ({ id: 'start', type: 'conversation', instruction: { type, text: 'Welcome.' } });
    const settings = { start_node_id: 'start', nodes: [{ id: 'other' }, node('static_text')] };
    expect(await prepare(flow(settings))).toMatchObject({ session: { opening: 'Welcome.' } });
    expect(await prepare(flow({ ...settings, begin_message: 'Hey.' }))).toMatchObject({ session: { opening: 'Hey.' } });
    expect(await prepare(flow({ ...settings, nodes: [node('prompt')] }))).toMatchObject({ ready: false });
    expect(await prepare(flow({ nodes: 7 }))).toMatchObject({ ready: false });
  });

  it('F4 says what is missing where only a model could write the first line', async () => {
    const { prepare } = arrange();
    for (const begin_message of [null, undefined]) {
      const settings: JsonObject = begin_message === undefined ? {} : { begin_message };
      const prepared = await prepare(planOf({ engine: { type: 'retell-llm', id: 'l', version: 0, settings } }));
      expect(prepared).toMatchObject({ ready: false, missing: ['a begin_message', 'a model provider key'] });
    }
    const custom = planOf({ engine: { type: 'custom-llm', llm_websocket_url: 'wss://example.com' } });
    expect(await prepare(custom)).toMatchObject({ ready: false });
  });

  it('sound: false synthesises nothing and still has the opening', async () => {
    const { prepare, speech } = arrange(false);
    expect(await prepare(planOf({}))).toMatchObject({ ready: true, session: { opening: 'Hello.' } });
    expect(speech.asked).toEqual([]);
  });

  it('F4 gives up within 2 s, on an abort at once, and says why', async () => {
    const { prepare, speech, clock } = arrange();
    speech.answer = ({ signal }) =>
      new Promise((resolve) => {
        const stop = () => resolve({ ok: false, error: 'aborted', message: 'not wanted any more' });
        signal?.addEventListener('abort', stop);
      });
    const results: unknown[] = [];
    void prepare(planOf({})).then((result) => results.push(result));
    await clock.advance(1_899);
    expect(results).toEqual([]);
    await clock.advance(1);
    expect(results).toMatchObject([
      { ready: false, missing: ['the built-in voice'], message: expect.stringContaining('longer than 1900 ms') },
    ]);
    const aborting = new AbortController();
    const aborted = prepare(planOf({}), aborting.signal);
    aborting.abort();
    expect(await aborted).toMatchObject({ ready: false });
    expect(clock.pending).toBe(0);
  });

  it.each([
    [{ voiceId: 'builtin-de-de' }, 'de', ['agent.voice_id']],
    [{ voiceId: 'builtin-en-gb-f3', agent: { language: 'en-US' } }, 'en+f3', ['agent.voice_id', 'agent.language']],
    [{ voiceId: 'builtin-en-us', agent: { language: 'de-DE' } }, 'de', ['agent.language']],
    [{ voiceId: 'builtin-en-us', agent: { language: 'multi' } }, 'en-us', ['agent.voice_id']],
    [{ voiceId: '11labs-Adrian' }, 'en-us', []],
    [{ voiceId: '11labs-Adrian', agent: { language: 'fil-PH' } }, 'en-us', []],
  ])('chooses the voice of %o', async (setup, voice, honoured) => {
    const { prepare, speech, runtime } = arrange();
    await prepare(planOf(setup));
    expect(speech.asked[0]?.voice).toBe(voice);
    const honours = runtime.honours(planOf(setup));
    expect(['agent.voice_id', 'agent.language'].filter((field) => honours.has(field))).toEqual(honoured);
  });

  it('E10 honours what it acts on and reports the rest', () => {
    const { runtime } = arrange();
    const overridden = [
      'agent.voice_speed',
      'agent.voice_temperature',
      'retell_llm.begin_message',
      'retell_llm.model_temperature',
      'agent.timezone',
      'agent.interruption_sensitivity',
    ];
    const plan = planOf({ overridden });
    expect(notApplied(plan, runtime.honours(plan)).map((issue) => issue.pointer.split('/').at(-1))).toEqual([
      'voice_temperature',
      'model_temperature',
      'interruption_sensitivity',
    ]);
  });
});

describe('the built-in runtime on a line', () => {
  it('F4 begins to speak when the caller can hear, not before', async () => {
    const { clock, line, said, startedMs } = await call({}, { audible: false });
    await clock.advance(700);
    expect(line.played).toEqual([]);
    line.becomeAudible();
    await clock.advance(0);
    expect(line.played[0]?.atMs).toBe(startedMs + 700);
    expect(said).toEqual([{ role: 'agent', content: 'Hello.', at: clock.wallMs() }]);
  });

  it('waits begin_message_delay_ms when the agent speaks first', async () => {
    const { clock, line } = await call({ agent: { begin_message_delay_ms: 1_500 } });
    await clock.advance(1_499);
    expect(line.played).toEqual([]);
    await clock.advance(1);
    expect(line.played.length).toBe(1);
  });

  it('asks for voice_speed and applies volume, cut at full scale', async () => {
    const { speech, line } = await call({ agent: { voice_speed: 1.25, volume: 0.5 } });
    expect(speech.asked[0]?.speed).toBe(1.25);
    expect(line.played[0]?.samples[0]).toBe(500);
  });

  it('start_speaker user: waits for the caller to speak and pause', async () => {
    const { clock, line } = await call({ llm: { start_speaker: 'user' }, agent: { begin_message_delay_ms: 5_000 } });
    await clock.advance(60_000);
    line.user(true);
    await clock.advance(2_000);
    line.user(false);
    await clock.advance(300);
    line.user(true);
    await clock.advance(1_000);
    line.user(false);
    await clock.advance(499);
    expect(line.played).toEqual([]);
    await clock.advance(1);
    expect(line.played.length).toBe(1);
    line.user(true);
    line.user(false);
    await clock.advance(5_000);
    expect(line.played.length).toBe(1);
  });

  it('start_speaker user: a caller who spoke before the line was audible has spoken', async () => {
    const { clock, line } = await call({ llm: { start_speaker: 'user' } }, { audible: false });
    line.user(true);
    line.user(false);
    line.becomeAudible();
    await clock.advance(500);
    expect(line.played.length).toBe(1);
  });

  it('begin_after_user_silence_ms: speaks to a caller who says nothing, not to one who speaks', async () => {
    const llm = { start_speaker: 'user', begin_after_user_silence_ms: 3_000 };
    const silent = await call({ llm });
    await silent.clock.advance(2_999);
    expect(silent.line.played).toEqual([]);
    await silent.clock.advance(1);
    expect(silent.line.played.length).toBe(1);
    const talking = await call({ llm });
    talking.line.user(true);
    await talking.clock.advance(9_000);
    expect(talking.line.played).toEqual([]);
  });

  it('begin_message "" says nothing and listens', async () => {
    const { clock, line, said, ends, session, speech } = await call({
      llm: { begin_message: '' },
      agent: { end_call_after_silence_ms: 10_000 },
    });
    expect(session.opening).toBeUndefined();
    line.user(true);
    line.user(false);
    await clock.advance(9_999);
    expect([line.played, said, ends, speech.asked]).toEqual([[], [], [], []]);
    await clock.advance(1);
    expect(ends).toEqual([{ status: 'ended', disconnection_reason: 'inactivity' }]);
  });

  it('ends after the silence of both sides, counted from the last word of either', async () => {
    const { clock, line, ends } = await call({ agent: { end_call_after_silence_ms: 10_000 } });
    await clock.advance(1_000 + 9_999); // the line took a second to say
    line.user(true);
    await clock.advance(30_000);
    line.user(false);
    await clock.advance(9_999);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual([{ status: 'ended', disconnection_reason: 'inactivity' }]);
    expect(clock.pending).toBe(0);
  });

  it('the default silence is ten minutes, and never counts before the caller can hear', async () => {
    const { clock, line, ends } = await call({}, { audible: false });
    await clock.advance(700_000);
    expect(ends).toEqual([]);
    line.becomeAudible();
    await clock.advance(1_000 + 599_999);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends.length).toBe(1);
  });

  it('ends at max_call_duration_ms, whoever speaks', async () => {
    const { clock, line, ends } = await call({ agent: { max_call_duration_ms: 60_000 } });
    line.user(true);
    await clock.advance(59_999);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual([{ status: 'ended', disconnection_reason: 'max_duration_reached' }]);
    await clock.advance(3_600_000);
    expect(ends.length).toBe(1);
  });

  it('after close it is silent, and leaves no timer', async () => {
    const { clock, line, ends, said, session } = await call({}, { audible: false });
    session.close();
    session.close();
    line.becomeAudible();
    line.user(true);
    line.user(false);
    await clock.advance(4_000_000);
    expect([ends, said, line.played, clock.pending]).toEqual([[], [], [], 0]);
    expect(line.flushed).toBe(1);
  });

  it('a line that fails is our fault, not a silent call', async () => {
    const { clock, prepare } = arrange();
    const prepared = await prepare(planOf({}));
    if (!prepared.ready) throw new Error(prepared.message);
    const line = new FakeLine(clock);
    line.play = () => Promise.reject(new Error('socket gone'));
    const ends: SessionEnd[] = [];
    prepared.session.start(line, { onEnd: (end) => ends.push(end), onUtterance() {} });
    line.becomeAudible();
    await clock.advance(0);
    expect(ends).toEqual([{ status: 'error', disconnection_reason: 'error_retell' }]);
  });
});

it('E5 a saved voice of another language is replaced by one that speaks it, and the record says so', async () => {
  const { prepare } = arrange(false);
  const said = async (setup: Setup) => {
    const prepared = await prepare(planOf(setup));
    return prepared.ready ? (prepared.issues ?? []).map(({ effect, code, pointer }) => [effect, code, pointer]) : [];
  };
  const pointer = '/call_inbound/agent_override/agent/language';
  expect(await said({ agent: { language: 'de-DE' } })).toEqual([['degraded', 'other_voice', '']]);
  const overridden = ['agent.language'];
  expect(await said({ agent: { language: 'ja-JP' }, overridden })).toEqual([['degraded', 'other_voice', pointer]]);
  expect(await said({ agent: { language: 'en-GB' } })).toEqual([]);
  // E10 tells of a voice that the reply asked for.
  expect(await said({ agent: { language: 'de-DE' }, overridden: ['agent.voice_id'] })).toEqual([]);
});
