/** A conversation flow on a call: does what the flow machine wants, and tells it what happened. */
import {
  type FlowContext,
  type FlowEffect,
  type FlowEvent,
  type FlowGraph,
  type FlowState,
  type FlowStep,
  stepFlow,
} from '@pickup/conversation';
import type { Clock, Log } from '../voice/port.ts';
import { dtmfTones } from './dtmf-tones.ts';
import type { Floor, Talk } from './talk.ts';

export type Say = Extract<FlowEffect, { do: 'say' }>;
/** A sentence as sound, or why there is none. */
export type SaySamples = (
  say: Say,
  signal: AbortSignal,
) => Promise<{ readonly ok: true; readonly samples: Int16Array } | { readonly ok: false; readonly message: string }>;

export interface FlowTalkOptions {
  readonly sessionId: string;
  readonly flow: FlowGraph;
  /** What comes of `start`, taken before the call was answered so that its sentence could be spoken by then. */
  readonly first: FlowStep;
  /** The sentence in `first` as sound. */
  readonly firstSamples?: Int16Array;
  /** The variables and the time of this moment. */
  readonly context: () => FlowContext;
  readonly synthesise: SaySamples;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was sent last is still on its way, and in the caller's jitter buffer. */
const LAST_WORD_MS = 300;

const nothing = () => {};

export class FlowTalk implements Talk {
  readonly opening?: string;
  readonly #options: FlowTalkOptions;
  #state: FlowState;
  #floor: Floor | undefined;
  #firstSamples: Int16Array | undefined;
  #cancelTimer = nothing;
  /** Drops a sentence that is being synthesised, or keys that wait for their delay. */
  #cancelSpeech = nothing;

  constructor(options: FlowTalkOptions) {
    this.#options = options;
    this.#state = options.first.state;
    this.#firstSamples = options.firstSamples;
    const say = firstSay(options.first);
    if (say) this.opening = textOf(say);
  }

  begin(floor: Floor, userSpeaking: boolean): void {
    this.#floor = floor;
    this.#do(this.#options.first.effects);
    if (userSpeaking) this.#send({ on: 'speech', speaking: true });
  }

  heard(speaking: boolean): void {
    this.#send({ on: 'speech', speaking });
  }

  pressed(key: string): void {
    this.#send({ on: 'key', key });
  }

  close(): void {
    this.#cancelTimer();
    this.#cancelSpeech();
    this.#floor = undefined;
  }

  #send(event: FlowEvent): void {
    if (!this.#floor) return;
    const { flow, context } = this.#options;
    const { state, effects } = stepFlow(flow, this.#state, event, context());
    this.#state = state;
    this.#do(effects);
  }

  #do(effects: readonly FlowEffect[]): void {
    for (const effect of effects) if (this.#floor) this.#doOne(effect, this.#floor);
  }

  #doOne(effect: FlowEffect, floor: Floor): void {
    switch (effect.do) {
      case 'say':
        return this.#say(effect, floor);
      case 'press':
        this.#cancelSpeech = this.#options.clock.after(effect.delayMs, () => this.#play(dtmfTones(effect.keys), floor));
        return;
      case 'hush':
        this.#cancelSpeech();
        return floor.hush();
      case 'arm':
        this.#cancelTimer();
        this.#cancelTimer = this.#options.clock.after(effect.afterMs, () =>
          this.#send({ on: 'timer', timer: effect.timer }),
        );
        return;
      case 'disarm':
        return this.#cancelTimer();
      case 'record_keys':
        return floor.record('user', `[digits] ${effect.pressed}`);
      case 'set':
        // Kept in the machine's state, where sentences and equations find it.
        return;
      case 'end':
        return this.#end(effect, floor);
    }
  }

  #say(say: Say, floor: Floor): void {
    const ready = this.#firstSamples;
    this.#firstSamples = undefined;
    if (ready) {
      floor.record('agent', textOf(say));
      return this.#play(ready, floor);
    }
    const aborter = new AbortController();
    this.#cancelSpeech = () => aborter.abort();
    this.#options.synthesise(say, aborter.signal).then(
      (spoken) => {
        if (aborter.signal.aborted || !this.#floor) return;
        if (!spoken.ok) return floor.fail(`a sentence could not be spoken: ${spoken.message}`);
        floor.record('agent', textOf(say));
        this.#play(spoken.samples, floor);
      },
      () => aborter.signal.aborted || floor.fail('a sentence could not be spoken'),
    );
  }

  #end({ reason, why }: Extract<FlowEffect, { do: 'end' }>, floor: Floor): void {
    const { clock, log, sessionId } = this.#options;
    log.info('session.flow_ended', { session_id: sessionId, why });
    this.#cancelTimer();
    this.#cancelTimer = clock.after(LAST_WORD_MS, () =>
      floor.finish({ status: 'ended', disconnection_reason: reason }),
    );
  }

  #play(samples: Int16Array, floor: Floor): void {
    floor.play(samples, () => this.#send({ on: 'said' }));
  }
}

/** The sentence a flow begins with, if its first step says one. */
export function firstSay(step: FlowStep): Say | undefined {
  return step.effects.find((effect) => effect.do === 'say');
}

function textOf(say: Say): string {
  return say.spans.map((span) => span.text).join('');
}
