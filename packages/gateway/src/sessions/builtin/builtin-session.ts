/**
 * A call answered by the built-in runtime: it waits for its turn, talks, and ends.
 *
 * Phases: ringing → (delaying | awaiting_user) → talking → over; with nothing to say, ringing → talking. Two limits
 * run beside the phases: the duration from the start, and the silence of both sides from the moment the caller can
 * hear. `over` is entered once, whoever ends the call, and nothing is reported after it.
 */
import type { Line, PreparedSession, SessionEnd, SessionListener } from '../port.ts';
import type { Clock, Log } from '../voice/port.ts';
import type { BuiltinSettings } from './builtin-settings.ts';
import type { Floor, Talk } from './talk.ts';

export interface BuiltinSessionOptions {
  readonly sessionId: string;
  readonly settings: BuiltinSettings;
  /** Absent when it waits for the user and says nothing. */
  readonly talk?: Talk;
  readonly clock: Clock;
  readonly log: Log;
}

type Phase =
  | { readonly name: 'idle' | 'ringing' | 'talking' | 'over' }
  | { readonly name: 'delaying'; readonly cancel: () => void }
  /** The user speaks first: the timer is the pause after their words, or the limit of their silence. */
  | { readonly name: 'awaiting_user'; readonly cancel: () => void };

/** A caller who stops for this long has finished. */
const PAUSE_MS = 500;

const nothing = () => {};

export class BuiltinSession implements PreparedSession {
  readonly opening?: string;
  readonly #options: BuiltinSessionOptions;
  #phase: Phase = { name: 'idle' };
  #line: Line | undefined;
  #listener: SessionListener | undefined;
  #userSpeaking = false;
  #userSpoke = false;
  /** What is being played, by number; undefined while the agent is silent. */
  #playing: number | undefined;
  #plays = 0;
  #cancelDuration = nothing;
  #cancelSilence = nothing;

  constructor(options: BuiltinSessionOptions) {
    this.#options = options;
    const opening = options.talk?.opening;
    if (opening !== undefined) this.opening = opening;
  }

  start(line: Line, listener: SessionListener): void {
    if (this.#phase.name !== 'idle') return;
    this.#line = line;
    this.#listener = listener;
    this.#enter({ name: 'ringing' });
    this.#cancelDuration = this.#options.clock.after(this.#options.settings.durationLimitMs, () =>
      this.#finish({ status: 'ended', disconnection_reason: 'max_duration_reached' }),
    );
    line.onSpeech((speaking) => this.#heard(speaking));
    line.onDigit?.((digit) => this.#pressed(digit));
    line.audible.then(
      () => this.#audible(),
      () => this.#fail('the line broke before it could be heard'),
    );
  }

  close(): void {
    if (this.#phase.name === 'over') return;
    this.#enter({ name: 'over' });
    this.#cancelDuration();
    this.#options.talk?.close();
    this.#line?.flush();
  }

  #audible(): void {
    if (this.#phase.name !== 'ringing') return;
    const { settings, talk, clock } = this.#options;
    if (!talk) this.#enter({ name: 'talking' });
    else if (!settings.agentFirst) this.#awaitUser();
    else if (settings.delayMs === 0) this.#talk();
    else this.#enter({ name: 'delaying', cancel: clock.after(settings.delayMs, () => this.#talk()) });
  }

  /** Re-entered at each change of the caller's speech. */
  #awaitUser(): void {
    const { settings, clock } = this.#options;
    const waitMs = this.#userSpoke ? PAUSE_MS : settings.afterUserSilenceMs;
    const cancel = this.#userSpeaking || waitMs === null ? nothing : clock.after(waitMs, () => this.#talk());
    this.#enter({ name: 'awaiting_user', cancel });
  }

  #talk(): void {
    this.#enter({ name: 'talking' });
    const floor: Floor = {
      play: (samples, done) => this.#play(samples, done),
      hush: () => this.#hush(),
      record: (role, content) => {
        if (this.#phase.name === 'over') return;
        this.#listener?.onUtterance({ role, content, at: this.#options.clock.wallMs() });
      },
      finish: (end) => this.#finish(end),
      fail: (why) => this.#fail(why),
    };
    this.#options.talk?.begin(floor, this.#userSpeaking);
  }

  #play(samples: Int16Array, done: () => void): void {
    if (this.#phase.name === 'over') return;
    const play = ++this.#plays;
    this.#playing = play;
    this.#watchSilence();
    this.#line?.play(samples).then(
      () => {
        if (this.#playing !== play) return;
        this.#playing = undefined;
        this.#watchSilence();
        if (this.#phase.name !== 'over') done();
      },
      () => this.#fail('the line refused to be spoken on'),
    );
  }

  #hush(): void {
    if (this.#phase.name === 'over' || this.#playing === undefined) return;
    this.#playing = undefined;
    this.#line?.flush();
    this.#watchSilence();
  }

  #heard(speaking: boolean): void {
    this.#userSpeaking = speaking;
    this.#userSpoke ||= speaking;
    if (this.#phase.name === 'awaiting_user') return this.#awaitUser();
    this.#watchSilence();
    if (this.#phase.name === 'talking') this.#options.talk?.heard(speaking);
  }

  /** Whoever presses a key before the agent's turn has said something. */
  #pressed(key: string): void {
    this.#userSpoke = true;
    if (this.#phase.name === 'awaiting_user') return this.#awaitUser();
    this.#watchSilence();
    if (this.#phase.name === 'talking') this.#options.talk?.pressed(key);
  }

  #enter(phase: Phase): void {
    if ('cancel' in this.#phase) this.#phase.cancel();
    this.#phase = phase;
    this.#watchSilence();
  }

  /** Counts only while the caller could hear and neither side speaks; each word starts it anew. */
  #watchSilence(): void {
    this.#cancelSilence();
    this.#cancelSilence = nothing;
    const audible = ['delaying', 'awaiting_user', 'talking'].includes(this.#phase.name);
    if (!audible || this.#userSpeaking || this.#playing !== undefined) return;
    this.#cancelSilence = this.#options.clock.after(this.#options.settings.silenceLimitMs, () =>
      this.#finish({ status: 'ended', disconnection_reason: 'inactivity' }),
    );
  }

  #fail(why: string): void {
    if (this.#phase.name === 'over') return;
    this.#options.log.error('session.failed', { session_id: this.#options.sessionId, why });
    this.#finish({ status: 'error', disconnection_reason: 'error_retell' });
  }

  #finish(end: SessionEnd): void {
    if (this.#phase.name === 'over') return;
    this.close();
    this.#listener?.onEnd(end);
  }
}
