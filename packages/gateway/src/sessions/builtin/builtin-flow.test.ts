import type { JsonObject } from '@pickup/contract';
import type { SessionPlan } from '@pickup/core';
import { ManualClock } from '@pickup/testkit/clock';
import { describe, expect, it } from 'vitest';
import { notApplied } from '../not-applied.ts';
import type { SessionEnd } from '../port.ts';
import { createBuiltinRuntime } from './builtin-runtime.ts';
import { FakeLine, FakeSpeech } from './fake-test-line.ts';

const log = { info() {}, warn() {}, error() {} };

const to = (destination: string, prompt = 'Else') => ({
  id: `${prompt} → ${destination}`,
  destination_node_id: destination,
  transition_condition: { type: 'prompt', prompt },
});
const says = (id: string, text: string, rest: JsonObject = {}): JsonObject => ({
  id,
  type: 'conversation',
  instruction: { type: 'static_text', text },
  ...rest,
});
const MENU: readonly JsonObject[] = [
  says('start', 'Press 1, {{name}}.', { edges: [to('account', 'User pressed 1')], else_edge: to('wrong') }),
  says('account', 'Enter your account number, then hash.', { always_edge: to('check') }),
  {
    id: 'check',
    type: 'branch',
    edges: [
      {
        id: 'known',
        destination_node_id: 'known',
        transition_condition: {
          type: 'equation',
          operator: '&&',
          equations: [{ left: '{{user_dtmf_input}}', operator: '==', right: '4711' }],
        },
      },
    ],
    else_edge: to('wrong'),
  },
  says('known', 'Welcome, {{user_dtmf_input}}.', { voice_speed: 0.8, skip_response_edge: to('bye') }),
  says('wrong', 'That is wrong.', { skip_response_edge: to('start') }),
  { id: 'bye', type: 'end', instruction: { type: 'static_text', text: 'Bye.' }, speak_during_execution: true },
];

type Setup = {
  readonly nodes?: readonly JsonObject[];
  readonly agent?: JsonObject;
  readonly flow?: JsonObject;
  readonly overridden?: readonly string[];
};
const planOf = ({ nodes = MENU, agent = {}, flow = {}, overridden = [] }: Setup): SessionPlan => ({
  session_id: 'call_1',
  channel: 'voice',
  agent_id: 'agent_1',
  agent_version: 0,
  direction: 'inbound',
  from_number: '+12137771234',
  to_number: '+12137771235',
  agent: { user_dtmf_options: { termination_key: '#', timeout_ms: 3_000 }, ...agent },
  engine: {
    type: 'conversation-flow',
    id: 'flow_1',
    version: 0,
    settings: { start_node_id: 'start', start_speaker: 'agent', nodes, ...flow },
  },
  variables: { name: 'Anna' },
  dynamic_variables: {},
  custom_sip_headers: {},
  voice_id: 'builtin-en-us',
  overridden,
});

/** A call to the flow, answered and audible, unless `audible` is false. */
const call = async (setup: Setup = {}, { audible = true } = {}) => {
  const clock = new ManualClock();
  const speech = new FakeSpeech();
  const runtime = createBuiltinRuntime({ voice: speech, clock, log });
  const prepared = await runtime.prepare(planOf(setup), { sound: true, signal: new AbortController().signal });
  if (!prepared.ready) throw new Error(prepared.message);
  const prefetched = speech.asked.length;
  const line = new FakeLine(clock);
  const ends: SessionEnd[] = [];
  const said: string[] = [];
  prepared.session.start(line, {
    onEnd: (end) => ends.push(end),
    onUtterance: ({ role, content }) => said.push(`${role}: ${content}`),
  });
  if (audible) line.becomeAudible();
  await clock.advance(0);
  return { clock, speech, line, ends, said, prefetched, prepared, runtime };
};
/** A sentence of the fake voice lasts a second. */
const SENTENCE_MS = 1_000;
const HUNG_UP = [{ status: 'ended', disconnection_reason: 'agent_hangup' }];

describe('the built-in runtime walks a flow', () => {
  it('holds a dialogue by keys, records it, and hangs up', async () => {
    const { clock, line, said, ends, prefetched, speech } = await call();
    expect(prefetched).toBe(1);
    await clock.advance(SENTENCE_MS);
    line.press('1#');
    await clock.advance(SENTENCE_MS);
    line.press('4711');
    await clock.advance(2_999);
    expect(said.length).toBe(3);
    await clock.advance(1);
    await clock.advance(2 * SENTENCE_MS + 299);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(said).toEqual([
      'agent: Press 1, Anna.',
      'user: [digits] 1#',
      'agent: Enter your account number, then hash.',
      'user: [digits] 4711',
      'agent: Welcome, 4711.',
      'agent: Bye.',
    ]);
    expect(ends).toEqual(HUNG_UP);
    expect(speech.asked.map(({ speed }) => speed)).toEqual([1, 1, 0.8, 1]);
    expect(clock.pending).toBe(0);
  });

  it('a key stops the sentence, and what was typed ahead is taken without asking again', async () => {
    const { clock, line, said } = await call();
    await clock.advance(200);
    line.press('1#4711#');
    await clock.advance(0);
    expect(line.flushed).toBe(1);
    expect(said).toEqual([
      'agent: Press 1, Anna.',
      'user: [digits] 1#',
      'user: [digits] 4711#',
      'agent: Welcome, 4711.',
    ]);
    expect(line.played.length).toBe(2);
  });

  it('a key pressed while a sentence is still being synthesised stops it too', async () => {
    const { clock, line, said, speech } = await call();
    const answer = speech.answer;
    speech.answer = (request) => new Promise((resolve) => void clock.after(500, () => answer(request).then(resolve)));
    await clock.advance(SENTENCE_MS);
    line.press('1#');
    await clock.advance(100);
    line.press('4711#');
    await clock.advance(600);
    expect(said.filter((line) => line.startsWith('agent'))).toEqual(['agent: Press 1, Anna.', 'agent: Welcome, 4711.']);
  });

  it('allow_user_dtmf false: the keys of a caller do nothing', async () => {
    const { clock, line, said } = await call({ agent: { allow_user_dtmf: false } });
    await clock.advance(SENTENCE_MS);
    line.press('1#');
    await clock.advance(100);
    expect(said.length).toBe(1);
  });

  it('reminds a silent caller, follows the else edge, and ends in the end', async () => {
    const { clock, said, ends } = await call({ agent: { reminder_trigger_ms: 5_000 } });
    await clock.advance(SENTENCE_MS + 5_000);
    expect(said).toEqual(['agent: Press 1, Anna.', 'agent: Press 1, Anna.']);
    await clock.advance(SENTENCE_MS + 5_000);
    expect(said.at(-1)).toBe('agent: That is wrong.');
    await clock.advance(1_800_000);
    expect(ends).toEqual(HUNG_UP);
    expect(clock.pending).toBe(0);
  });

  it('end_call_after_silence_ms ends a flow that waits; each key starts it anew', async () => {
    const nodes = [says('start', 'Say something.', { always_edge: to('bye') }), ...MENU.slice(-1)];
    const agent = {
      end_call_after_silence_ms: 10_000,
      reminder_max_count: 0,
      user_dtmf_options: { timeout_ms: 15_000 },
    };
    const { clock, line, ends } = await call({ nodes, agent });
    await clock.advance(SENTENCE_MS + 9_000);
    line.press('1');
    await clock.advance(9_999);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual([{ status: 'ended', disconnection_reason: 'inactivity' }]);
    expect(clock.pending).toBe(0);
  });

  it('start_speaker user: a key is a first word; begin_message is said in place of the start', async () => {
    const { clock, line, said } = await call({ flow: { start_speaker: 'user', begin_message: 'Hi {{name}}.' } });
    await clock.advance(5_000);
    expect(said).toEqual([]);
    line.press('5');
    await clock.advance(500);
    expect(said).toEqual(['agent: Hi Anna.']);
    await clock.advance(SENTENCE_MS);
    line.press('1#');
    await clock.advance(0);
    expect(said.at(-1)).toBe('agent: Enter your account number, then hash.');
  });

  it('who still talks when the agent begins is heard to the end', async () => {
    const nodes = [says('start', 'Yes?', { always_edge: to('bye') }), ...MENU.slice(-1)];
    const { clock, line, said } = await call({ nodes }, { audible: false });
    line.user(true);
    line.becomeAudible();
    await clock.advance(SENTENCE_MS + 60_000);
    expect(said).toEqual(['agent: Yes?']);
    line.user(false);
    await clock.advance(500);
    expect(said).toEqual(['agent: Yes?', 'agent: Bye.']);
  });

  it('presses keys as tones', async () => {
    const press = {
      id: 'start',
      type: 'press_digit',
      delay_ms: 700,
      instruction: { type: 'prompt', text: 'Press 12' },
    };
    const { clock, line, ends } = await call({ nodes: [press] });
    await clock.advance(699);
    expect(line.played).toEqual([]);
    await clock.advance(1);
    expect(line.played[0]?.samples.length).toBe(2 * 200 * 8);
    await clock.advance(700);
    expect(ends).toEqual(HUNG_UP);
  });

  it('a later sentence that cannot be spoken is our fault', async () => {
    const { clock, line, speech, ends } = await call();
    speech.answer = async () => ({ ok: false, error: 'crashed', message: 'gone' });
    await clock.advance(SENTENCE_MS);
    line.press('1#');
    await clock.advance(0);
    expect(ends).toEqual([{ status: 'error', disconnection_reason: 'error_retell' }]);
  });

  it('a caller who hangs up leaves no timer, whatever was going on', async () => {
    for (const untilMs of [0, 500, SENTENCE_MS, SENTENCE_MS + 10_000]) {
      const { clock, line, prepared, ends, said } = await call();
      await clock.advance(untilMs);
      if (untilMs === SENTENCE_MS) line.press('4');
      prepared.session.close();
      const count = said.length;
      line.press('1#');
      line.user(true);
      await clock.advance(4_000_000);
      expect([ends, said.length, clock.pending]).toEqual([[], count, 0]);
    }
  });
});

describe('a flow that needs a model', () => {
  const nodes = [says('start', 'Hello.', { edges: [to('start', 'User is angry')] })];

  it('says its first line, and the record names what is missing', async () => {
    const { prepared, said } = await call({ nodes });
    expect(said).toEqual(['agent: Hello.']);
    expect(prepared).toMatchObject({
      issues: [{ severity: 'warning', effect: 'degraded', code: 'flow_needs_model' }],
    });
    expect(prepared.ready && prepared.issues?.[0]?.message).toContain('edge User is angry → start');
  });

  it('E10 fields of keys and nodes are honoured by a flow that runs, and reported otherwise', async () => {
    const overridden = ['agent.user_dtmf_options', 'agent.allow_user_dtmf', 'conversation_flow.nodes'];
    const { runtime, prepared } = await call();
    expect(prepared).not.toHaveProperty('issues');
    const runs = planOf({ overridden });
    expect(notApplied(runs, runtime.honours(runs))).toEqual([]);
    const needsModel = planOf({ nodes, overridden });
    expect(notApplied(needsModel, runtime.honours(needsModel)).length).toBe(3);
  });
});
