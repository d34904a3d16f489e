/** Connected calls: starts the runtime on the line, ends the call once, writes down how (H4, H5). */
import type { Log } from '../observe/index.ts';
import type { Line, PreparedSession, SessionEnd, Utterance } from '../sessions/port.ts';
import { keepsSpeech } from '../stores/ended-call.ts';
import type { CallRow, EdgeMemo, Store } from '../stores/port.ts';
import type { Clock } from './clock.ts';
import type { ConnectedLeg, LegEnd } from './leg.ts';
import { Running } from './running.ts';
import { untilStored } from './until-stored.ts';

export interface ConnectedCall {
  readonly call: CallRow;
  readonly prepared: PreparedSession;
  readonly leg: ConnectedLeg;
  readonly holdsSlot: boolean;
  /** Settles once the call is stored as `begin` returned it: its end must not be written before. */
  readonly stored: Promise<void>;
}

export interface SessionRunnerDeps {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
}

export interface SessionRunner {
  /** Starts; returns the call as it is to be stored, which is over already where the caller hung up at once. */
  begin(connected: ConnectedCall): CallRow;
  /** Ends a call from our side (`manual_stopped`); false where none such is running. */
  stop(callId: string): boolean;
  /** Settles once the call's end is stored, at once where no such call is running, and after `limitMs` at the latest. */
  stored(callId: string, limitMs: number): Promise<void>;
  /** What was said so far in a running call, in the call object's fields. */
  live(callId: string): Partial<CallRow> | undefined;
  readonly active: number;
  /** Waits at most `limitMs` for the calls to end, then ends them (H5). */
  drain(limitMs: number): Promise<void>;
}

const LEG_ENDS: Readonly<Record<LegEnd['by'], SessionEnd>> = {
  caller: { status: 'ended', disconnection_reason: 'user_hangup' },
  no_ack: { status: 'error', disconnection_reason: 'error_user_not_joined' },
  no_audio: { status: 'error', disconnection_reason: 'error_no_audio_received' },
  unusable_answer: { status: 'error', disconnection_reason: 'error_retell' },
  media_failed: { status: 'error', disconnection_reason: 'error_retell' },
};
const BROKEN: SessionEnd = { status: 'error', disconnection_reason: 'error_retell' };
/** The end of a call is written without its figures where they take longer. */
const FIGURES_LIMIT_MS = 1_000;
const STOPPED: SessionEnd = { status: 'ended', disconnection_reason: 'manual_stopped' };

export function createSessionRunner(deps: SessionRunnerDeps): SessionRunner {
  const running = new Running<RunningSession>();
  const gone = (callId: string) => running.remove(callId);
  return {
    begin(connected) {
      const session = new RunningSession(deps, connected, gone);
      running.add(connected.call.call_id, session);
      return session.start();
    },
    stop(callId) {
      const session = running.get(callId);
      session?.end(STOPPED, true);
      return session !== undefined;
    },
    stored: (callId, limitMs) => within(deps.clock, limitMs, running.get(callId)?.over),
    live: (callId) => running.get(callId)?.spoken(),
    get active() {
      return running.size;
    },
    async drain(limitMs) {
      await within(deps.clock, limitMs, running.idle());
      for (const session of running.all()) session.end(STOPPED, true);
      await running.idle();
    },
  };
}

/** Waits for it, but not for longer than that. */
async function within(clock: Clock, limitMs: number, settled: Promise<void> | undefined): Promise<void> {
  let cancel = () => {};
  const late = new Promise<void>((resolve) => (cancel = clock.after(limitMs, resolve)));
  await Promise.race([settled, late]);
  cancel();
}

class RunningSession {
  /** Settles once the end is stored. */
  readonly over: Promise<void>;
  #setOver = () => {};
  readonly #deps: SessionRunnerDeps;
  readonly #connected: ConnectedCall;
  readonly #gone: (callId: string) => void;
  readonly #said: Utterance[] = [];
  #started = false;
  #ended = false;
  #change: Partial<CallRow> = {};
  #figures: Promise<Pick<CallRow, 'media_stats'>> = Promise.resolve({});
  /** Where the caller is, while that is still to be written, and the writes of it so far. */
  #dialog: EdgeMemo | undefined;
  #written: Promise<void>;

  constructor(deps: SessionRunnerDeps, connected: ConnectedCall, gone: (callId: string) => void) {
    this.#deps = deps;
    this.#connected = connected;
    this.#gone = gone;
    this.#written = connected.stored;
    this.over = new Promise((resolve) => {
      this.#setOver = resolve;
    });
  }

  start(): CallRow {
    const { prepared, leg, call } = this.#connected;
    if (!leg.line && prepared.opening) {
      this.#said.push({ role: 'agent', content: prepared.opening, at: this.#deps.clock.wallMs() });
    }
    leg.onEnd((end) => this.end(LEG_ENDS[end.by], end.by !== 'caller'));
    leg.onMoved?.((dialog) => this.#moved(dialog));
    if (leg.line && !this.#ended) this.#speak(leg.line);
    this.#started = true;
    return { ...call, ...this.#change };
  }

  #speak(line: Line): void {
    try {
      this.#connected.prepared.start(line, {
        onEnd: (end) => this.end(end, true),
        onUtterance: (utterance) => this.#said.push(utterance),
      });
    } catch (error) {
      this.#bug('start', error);
      this.end(BROKEN, true);
    }
  }

  /** After a crash the BYE has to go where the caller is by then (H3). One write at a time, of the newest place. */
  #moved(dialog: EdgeMemo): void {
    const { store, clock, log } = this.#deps;
    const { call_id: id } = this.#connected.call;
    this.#dialog = dialog;
    this.#written = this.#written.then(async () => {
      const newest = this.#dialog;
      this.#dialog = undefined;
      if (!newest) return;
      const write = async () => void (this.#ended || (await store.updateCall(id, { dialog: newest })));
      await untilStored(write, { clock, log, what: 'move_call', id });
    });
  }

  #bug(what: string, error: unknown): void {
    this.#deps.log.error('bug', { what, id: this.#connected.call.call_id, error });
  }

  /** What was said so far, in the call object's fields. */
  spoken(): Partial<CallRow> {
    if (this.#said.length === 0) return {};
    const startedAt = this.#connected.call.start_timestamp ?? 0;
    return {
      transcript: this.#said
        .map(({ role, content }) => `${role === 'agent' ? 'Agent' : 'User'}: ${content}\n`)
        .join(''),
      transcript_object: this.#said.map(({ role, content, at }) => ({
        role,
        content,
        words: [],
        start: (at - startedAt) / 1_000,
      })),
    };
  }

  end(end: SessionEnd, weHangUp: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    const { call, holdsSlot } = this.#connected;
    this.#letGo(weHangUp);
    this.#figures = this.#readFigures();
    const { store, clock, log } = this.#deps;
    this.#change = {
      call_status: end.status,
      disconnection_reason: end.disconnection_reason,
      end_timestamp: clock.wallMs(),
    };
    log.info('call_ended', { call_id: call.call_id, agent_id: call.agent_id, reason: end.disconnection_reason });
    const options = { clock, log, what: 'end_call', id: call.call_id };
    if (holdsSlot && call.inbound_id) untilStored(() => store.releaseSlot(call.inbound_id ?? ''), options);
    // A call that is over before it was written is written once, by whoever began it.
    if (!this.#started && keepsSpeech(call)) this.#change = { ...this.#change, ...this.spoken() };
    const written = this.#started ? untilStored(() => this.#writeEnd(), options) : this.#connected.stored;
    written.finally(() => {
      this.#gone(call.call_id);
      this.#setOver();
    });
  }

  #letGo(weHangUp: boolean): void {
    const { prepared, leg } = this.#connected;
    for (const letGo of [() => prepared.close(), () => weHangUp && leg.hangUp()]) {
      try {
        letGo();
      } catch (error) {
        this.#bug('end', error);
      }
    }
  }

  /** How the audio was; nothing where the media thread does not tell in time, or there was none. */
  async #readFigures(): Promise<Pick<CallRow, 'media_stats'>> {
    const { leg, call } = this.#connected;
    if (!leg.mediaStats) return {};
    const { clock, log } = this.#deps;
    let cancel = () => {};
    const late = new Promise<undefined>((resolve) => {
      cancel = clock.after(FIGURES_LIMIT_MS, () => resolve(undefined));
    });
    try {
      const figures = await Promise.race([leg.mediaStats(), late]);
      if (!figures) return {};
      log.info('call_media', { call_id: call.call_id, ...figures });
      return { media_stats: figures };
    } catch (error) {
      this.#bug('media_stats', error);
      return {};
    } finally {
      cancel();
    }
  }

  /** After the call's beginning, which may still wait for a full disk. */
  async #writeEnd(): Promise<void> {
    const { call, stored } = this.#connected;
    await stored;
    const figures = await this.#figures;
    await this.#deps.store.endCall(call.call_id, { ...this.#change, ...figures }, this.spoken());
  }
}
