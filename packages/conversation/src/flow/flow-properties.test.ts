import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canRunWithoutModel } from './can-run.ts';
import { flowSettings } from './flow-settings.ts';
import type { FlowEvent, FlowState, FlowTimer } from './flow-state.ts';
import { readFlow } from './read-flow.ts';
import { type FlowContext, IDLE, MAX_HOPS, stepFlow } from './step-flow.ts';

const id = fc.constantFrom('start', 'a', 'b', 'c', 'd', 'gone');
const text = fc.constantFrom('', 'Hello.', 'Press 1.', '{{user_dtmf_input}}', '{{{{x}}', 'Press 5#');
const condition = fc.oneof(
  fc.record({ type: fc.constant('prompt'), prompt: fc.constantFrom('User pressed 1', '2 or 3', 'No input', 'angry') }),
  fc.record({
    type: fc.constant('equation'),
    operator: fc.constantFrom('&&', '||'),
    equations: fc.array(
      fc.record({
        left: fc.constantFrom('{{user_dtmf_input}}', '{{x}}', 'user_dtmf_input'),
        operator: fc.constantFrom('==', '!=', '>', '<=', 'contains', 'exists', 'not_exist', '?'),
        right: fc.constantFrom('1', '', '{{x}}', 'a'),
      }),
      { maxLength: 2 },
    ),
  }),
  fc.anything(),
);
const edge = fc.record({ id, destination_node_id: id, transition_condition: condition }, { requiredKeys: [] });
const node = fc.record(
  {
    id,
    type: fc.constantFrom('conversation', 'branch', 'end', 'press_digit', 'function'),
    instruction: fc.record({ type: fc.constantFrom('static_text', 'static_text', 'prompt'), text }),
    edges: fc.array(edge, { maxLength: 3 }),
    always_edge: edge,
    else_edge: edge,
    skip_response_edge: edge,
    reminder_max_count: fc.nat(3),
    interruption_sensitivity: fc.constantFrom(0, 1),
    speak_during_execution: fc.boolean(),
    global_node_setting: fc.record(
      {
        condition: fc.constantFrom('User pressed 1', 'Press 0', 'angry'),
        cool_down: fc.nat(3),
        go_back_conditions: fc.array(fc.record({ id, transition_condition: condition }), { maxLength: 2 }),
      },
      { requiredKeys: ['condition'] },
    ),
  },
  { requiredKeys: ['id', 'type', 'instruction'] },
);
const flowJson = fc.record({ start_node_id: fc.constant('start'), nodes: fc.array(node, { maxLength: 6 }) });
const agentJson = fc.record(
  {
    allow_user_dtmf: fc.boolean(),
    allow_dtmf_interruption: fc.boolean(),
    interruption_sensitivity: fc.constantFrom(0, 1),
    reminder_max_count: fc.nat(3),
    user_dtmf_options: fc.record(
      { digit_limit: fc.integer({ min: 1, max: 3 }), termination_key: fc.constantFrom('#', '1', null) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const event: fc.Arbitrary<FlowEvent> = fc.oneof(
  fc.constantFrom<FlowEvent>({ on: 'start' }, { on: 'said' }),
  fc.constantFrom(...'0123456789*#AX').map((key): FlowEvent => ({ on: 'key', key })),
  fc.boolean().map((speaking): FlowEvent => ({ on: 'speech', speaking })),
  fc.constantFrom('1', '23', 'hello', '').map((text): FlowEvent => ({ on: 'message', text })),
  fc.constantFrom<FlowTimer>('keys', 'quiet', 'pause').map((timer): FlowEvent => ({ on: 'timer', timer })),
);
const contextOf = (agent: unknown): FlowContext => ({ settings: flowSettings(agent), lookup: () => undefined });

describe('the flow machine', () => {
  it('F1 never throws, whatever the JSON and the events', () => {
    const anything = fc.oneof(
      fc.anything(),
      fc.record({ start_node_id: fc.anything(), nodes: fc.anything() }),
      flowJson,
    );
    fc.assert(
      fc.property(anything, fc.anything(), fc.array(event), (json, agent, events) => {
        canRunWithoutModel(json);
        let state: FlowState = IDLE;
        const flow = readFlow(json);
        for (const next of [{ on: 'start' } as const, ...events]) {
          const step = stepFlow(flow, state, next, contextOf(agent));
          // Over is over: one end, last, and nothing after it.
          if (state.phase === 'over') expect(step).toEqual({ state, effects: [] });
          const end = step.effects.findIndex((effect) => effect.do === 'end');
          if (end >= 0) expect([end, step.state.phase]).toEqual([step.effects.length - 1, 'over']);
          state = step.state;
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('F4 every order of keys and events comes to rest once only sentences end and timers fire', () => {
    fc.assert(
      fc.property(flowJson, agentJson, fc.array(event, { maxLength: 30 }), (json, agent, events) => {
        const run = new Line(json, agent);
        run.send({ on: 'start' });
        for (const next of events) run.send(next);
        run.send({ on: 'speech', speaking: false });
        let steps = 0;
        while (run.next() && steps < 2_000) steps++;
        expect(steps).toBeLessThan(2_000);
        // At rest: over, or waiting for a user whom the session's limit of silence ends.
        expect(['over', 'waiting', 'idle']).toContain(run.state.phase);
        expect(run.state.hops).toBeLessThanOrEqual(MAX_HOPS);
      }),
      { numRuns: 1_000 },
    );
  });

  it('F2 keys without end end the call', () => {
    fc.assert(
      fc.property(flowJson, agentJson, (json, agent) => {
        const run = new Line(json, { ...agent, allow_user_dtmf: true });
        run.send({ on: 'start' });
        for (let turn = 0; turn < 8_000 && run.state.phase !== 'over'; turn++) {
          run.send({ on: 'key', key: '1' });
          while (run.state.phase === 'speaking') run.next();
          if (run.timer === 'keys') run.next();
        }
        expect(run.state.phase).toBe('over');
      }),
      { numRuns: 60 },
    );
  });
});

/** Carries out what the machine wants, as fast as it can. */
class Line {
  state: FlowState = IDLE;
  timer: FlowTimer | undefined;
  #talking = false;
  readonly #flow: ReturnType<typeof readFlow>;
  readonly #context: FlowContext;
  constructor(json: unknown, agent: unknown) {
    this.#flow = readFlow(json);
    this.#context = contextOf(agent);
  }

  send(event: FlowEvent): void {
    if (event.on === 'said' && !this.#talking) return;
    if (event.on === 'timer' && this.timer !== event.timer) return;
    if (event.on === 'said') this.#talking = false;
    if (event.on === 'timer') this.timer = undefined;
    const { state, effects } = stepFlow(this.#flow, this.state, event, this.#context);
    this.state = state;
    for (const effect of effects) {
      if (effect.do === 'say' || effect.do === 'press') this.#talking = true;
      if (effect.do === 'hush') this.#talking = false;
      if (effect.do === 'arm') this.timer = effect.timer;
      if (effect.do === 'disarm' || effect.do === 'end') this.timer = undefined;
    }
    // Somebody speaks exactly while the machine thinks so, and no timer runs meanwhile.
    if (state.phase !== 'over') expect(this.#talking).toBe(state.phase === 'speaking');
    if (state.phase === 'speaking') expect(this.timer).toBeUndefined();
    if (state.phase === 'collecting') expect(this.timer).toBe('keys');
  }

  /** Ends the sentence or fires the timer; false where there is neither. */
  next(): boolean {
    if (this.state.phase === 'over') return false;
    if (this.#talking) this.send({ on: 'said' });
    else if (this.timer) this.send({ on: 'timer', timer: this.timer });
    else return false;
    return true;
  }
}
