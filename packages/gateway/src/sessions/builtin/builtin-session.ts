/**
 * A call answered by the built-in runtime: it says its first line and listens.
 *
 * Phases: ringing → (delaying | awaiting_user) → speaking → listening → over; with nothing to say, ringing →
 * listening. Two limits run beside the phases: the duration from the start, and the silence of both sides from the
 * moment the caller can hear. `over` is entered once, whoever ends the call, and nothing is reported after it.
 */
import type { Line, PreparedSession, SessionEnd, SessionListener } from '../port.ts';
import type { Clock, Log } from '../voice/port.ts';
import type { BuiltinSettings } from './builtin-settings.ts';

export interface BuiltinSessionOptions {
  readonly sessionId: string;
  readonly settings: BuiltinSettings;
  /** The first line; absent when it waits for the user and says nothing. */
  readonly text?: string;
  /** Absent on lines without sound. */
  readonly samples?: Int16Array;
  readonly clock: Clock;
  readonly log: Log;
}

type Phase =
  | { readonly name: 'idle' | 'ringing' | 'speaking' | 'listening' | 'over' }
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
  #cancelDuration = nothing;
  #cancelSilence = nothing;

  constructor(options: BuiltinSessionOptions) {
    this.#options = options;
    if (options.text !== undefined) this.opening = options.text;
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
    line.audible.then(
      () => this.#audible(),
      () => this.#fail('the line broke before it could be heard'),
    );
  }

  close(): void {
    if (this.#phase.name === 'over') return;
    this.#enter({ name: 'over' });
    this.#cancelDuration();
    this.#line?.flush();
  }

  #audible(): void {
    if (this.#phase.name !== 'ringing') return;
    const { settings, text, samples, clock } = this.#options;
    if (text === undefined || samples === undefined) this.#enter({ name: 'listening' });
    else if (!settings.agentFirst) this.#awaitUser();
    else if (settings.delayMs === 0) this.#speak(text, samples);
    else this.#enter({ name: 'delaying', cancel: clock.after(settings.delayMs, () => this.#speak(text, samples)) });
  }

  /** Re-entered at each change of the caller's speech. */
  #awaitUser(): void {
    const { settings, text = '', samples = new Int16Array(0), clock } = this.#options;
    const speak = () => this.#speak(text, samples);
    const waitMs = this.#userSpoke ? PAUSE_MS : settings.afterUserSilenceMs;
    const cancel = this.#userSpeaking || waitMs === null ? nothing : clock.after(waitMs, speak);
    this.#enter({ name: 'awaiting_user', cancel });
  }

  #speak(text: string, samples: Int16Array): void {
    this.#enter({ name: 'speaking' });
    this.#listener?.onUtterance({ role: 'agent', content: text, at: this.#options.clock.wallMs() });
    this.#line?.play(samples).then(
      () => {
        if (this.#phase.name === 'speaking') this.#enter({ name: 'listening' });
      },
      () => this.#fail('the line refused the first line'),
    );
  }

  #heard(speaking: boolean): void {
    this.#userSpeaking = speaking;
    this.#userSpoke ||= speaking;
    if (this.#phase.name === 'awaiting_user') this.#awaitUser();
    else this.#watchSilence();
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
    const quiet = ['delaying', 'awaiting_user', 'listening'].includes(this.#phase.name) && !this.#userSpeaking;
    if (!quiet) return;
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
