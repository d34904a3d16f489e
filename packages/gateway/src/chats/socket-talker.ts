/**
 * Talks by a customer's own server over Retell's LLM WebSocket. The socket is there for one turn: the server is told the
 * whole talk each time, as after a reconnection of Retell's, so nothing is lost with a connection or a process.
 */
import type { JsonObject } from '@pickup/contract';
import {
  BEGIN_RESPONSE,
  callDetails,
  MAX_SAID,
  pingPong,
  readServerEvent,
  responseRequired,
  type ServerEvent,
  type TalkEntry,
  withEntries,
} from '@pickup/conversation';
import type { Outbound, OutboundSocket } from '@pickup/outbound';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import type { ChatMoment, ChatTalker, TurnResult } from './talker.ts';

export interface SocketDeps {
  readonly outbound: Pick<Outbound, 'openSocket'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly times?: Partial<SocketTimes>;
}

export interface SocketTimes {
  /** Until the socket is open; default 10,000. */
  readonly openMs: number;
  /** How long a server may take for its begin message; one that says none begins with the user. Default 5,000. */
  readonly beginMs: number;
  /** How long it may take for its config before it is asked; default 500. */
  readonly configMs: number;
  /** Until a response is complete; default 60,000. */
  readonly responseMs: number;
}

interface SocketState {
  readonly history: readonly TalkEntry[];
  /** Of the last response that was asked for. */
  readonly responses: number;
}

const TIMES: SocketTimes = { openMs: 10_000, beginMs: 5_000, configMs: 500, responseMs: 60_000 };
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_ENTRIES = 100;
const PING_MS = 2_000;
/** A server that was lost in the middle is asked once more. */
const MAX_TRIES = 2;

/** `url` is `llm_websocket_url`; the chat's id is put behind its path. */
export function socketTalker(deps: SocketDeps, url: string): ChatTalker {
  const times = { ...TIMES, ...deps.times };
  const run = async (asks: boolean, state: SocketState, moment: ChatMoment, signal: AbortSignal) => {
    for (let tries = 1; ; tries++) {
      const turn = new SocketTurn(deps, { url: withId(url, moment.plan.session_id), times, moment, state, asks });
      const result = await turn.run(signal);
      // One that had all its time is not given it twice.
      if (result.ok || !result.retry || tries >= MAX_TRIES || signal.aborted || turn.isLate) return result;
    }
  };
  return {
    costly: true,
    open: (moment, signal) => run(false, { history: [], responses: 0 }, moment, signal),
    answer(stored, text, moment, signal) {
      const { history = [], responses = 0 } = stored as Partial<SocketState>;
      const said = withEntries(history, [{ role: 'user', content: text }]);
      return run(true, { history: said, responses: responses + 1 }, moment, signal);
    },
  };
}

interface Given {
  readonly url: string;
  readonly times: SocketTimes;
  readonly moment: ChatMoment;
  readonly state: SocketState;
  /** A response is asked for; else the begin message is waited for. */
  readonly asks: boolean;
}

/** One socket, from its opening to the end of the response. */
class SocketTurn {
  readonly #deps: SocketDeps;
  readonly #given: Given;
  readonly #entries: TalkEntry[] = [];
  readonly #cancels = new Set<() => void>();
  readonly #done = Promise.withResolvers<TurnResult>();
  readonly #startedMs: number;
  #socket: OutboundSocket | undefined;
  #content = '';
  #withToolCalls = false;
  #asked = false;
  #configured = false;
  #over = false;
  /** It ended because the server did not answer in time. */
  isLate = false;

  constructor(deps: SocketDeps, given: Given) {
    this.#deps = deps;
    this.#given = given;
    this.#startedMs = deps.clock.monoMs();
  }

  async run(signal: AbortSignal): Promise<TurnResult> {
    const { url, times } = this.#given;
    const early: string[] = [];
    const opened = await this.#deps.outbound.openSocket({
      ...{ url, signal, openLimitMs: times.openMs, maxMessageBytes: MAX_MESSAGE_BYTES },
      // Messages that come with the opening are read once it is known here.
      onMessage: (text) => (this.#socket ? this.#take(text) : early.push(text)),
      onClose: () => this.#lost(),
    });
    if (!opened.ok) return this.#tell(failed(`the agent's own server cannot be reached: ${opened.message}`, true));
    this.#socket = opened.socket;
    for (const text of early) this.#take(text);
    if (this.#given.asks) this.#after(times.configMs, () => this.#ask());
    const limitMs = this.#given.asks ? times.responseMs : times.beginMs;
    this.#after(limitMs, () => this.#late());
    const result = await this.#done.promise;
    for (const cancel of this.#cancels) cancel();
    opened.socket.close();
    return this.#tell(result);
  }

  #take(text: string): void {
    if (this.#over) return;
    const event = readServerEvent(text);
    switch (event.type) {
      case 'config':
        return this.#config(event);
      case 'response':
        return this.#response(event);
      case 'interrupt':
        return this.#said(event, false);
      case 'entry':
        return this.#add(event.entry);
      case 'ping':
      case 'other':
    }
  }

  #config({ callDetails: wants, keepsAlive, withToolCalls }: Extract<ServerEvent, { type: 'config' }>): void {
    // It comes once; a flood of them must not be answered with one.
    if (this.#configured) return;
    this.#configured = true;
    this.#withToolCalls = withToolCalls;
    if (wants) this.#socket?.send(callDetails(this.#callObject()));
    if (keepsAlive) this.#ping();
    if (this.#given.asks) this.#ask();
  }

  #response(event: Extract<ServerEvent, { type: 'response' }>): void {
    const { asks, state } = this.#given;
    // What it says on every connection has been said when the chat began; late pieces of other responses are nobody's.
    if (event.id !== (asks ? state.responses : BEGIN_RESPONSE)) {
      if (asks && event.id === BEGIN_RESPONSE && event.complete) this.#ask();
      return;
    }
    for (const what of event.unable) {
      this.#deps.log.warn('not_applied', { chat_id: this.#given.moment.plan.session_id, what });
    }
    this.#said(event, true);
  }

  #said(
    event: { readonly content: string; readonly complete: boolean; readonly endsChat: boolean },
    isAnswer: boolean,
  ): void {
    this.#content = (this.#content + event.content).slice(0, MAX_SAID);
    if (!event.complete) return;
    this.#flush();
    if (event.endsChat) this.#settle("the agent's own server ended the chat");
    else if (isAnswer) this.#settle();
  }

  #flush(): void {
    const content = this.#content.trim().toWellFormed();
    this.#content = '';
    if (content !== '') this.#add({ role: 'agent', content });
  }

  /** Of a flood the end stays: it has the answer. */
  #add(entry: TalkEntry): void {
    if (this.#entries.length >= MAX_ENTRIES) this.#entries.shift();
    this.#entries.push(entry);
  }

  #finish(result: TurnResult): void {
    this.#over = true;
    this.#done.resolve(result);
  }

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    const { responses, history } = this.#given.state;
    this.#socket?.send(responseRequired(responses, history, this.#withToolCalls));
  }

  #ping(): void {
    this.#socket?.send(pingPong(this.#deps.clock.wallMs()));
    this.#after(PING_MS, () => this.#ping());
  }

  #late(): void {
    // A server that says nothing by itself leaves the beginning to the user.
    if (!this.#given.asks) return this.#settle();
    this.isLate = true;
    this.#finish(failed("the agent's own server did not answer in time", true));
  }

  #lost(): void {
    this.#finish(failed("the connection to the agent's own server was lost", true));
  }

  #settle(ended?: string): void {
    this.#flush();
    const { history, responses } = this.#given.state;
    const state = { phase: 'waiting', variables: {}, history: withEntries(history, this.#entries), responses };
    const turn = {
      entries: this.#entries,
      state: state as unknown as JsonObject,
      collected: {},
      ...(ended !== undefined && { ended }),
    };
    this.#finish({ ok: true, turn });
  }

  #after(delayMs: number, fire: () => void): void {
    this.#cancels.add(this.#deps.clock.after(delayMs, fire));
  }

  #callObject() {
    const { plan, startedAt } = this.#given.moment;
    return {
      // Servers written for calls look for this name.
      call_id: plan.session_id,
      chat_id: plan.session_id,
      agent_id: plan.agent_id,
      agent_version: plan.agent_version,
      direction: plan.direction,
      start_timestamp: startedAt,
      ...(plan.from_number !== '' && { from_number: plan.from_number, to_number: plan.to_number }),
      ...(plan.metadata && { metadata: plan.metadata }),
      retell_llm_dynamic_variables: plan.dynamic_variables,
    };
  }

  #tell(result: TurnResult): TurnResult {
    const { session_id: chat_id, agent_id } = this.#given.moment.plan;
    const took_ms = Math.round(this.#deps.clock.monoMs() - this.#startedMs);
    const why = result.ok ? {} : { reason: result.reason, retry: result.retry };
    this.#deps.log.info('chat_turn', { chat_id, agent_id, ok: result.ok, took_ms, engine: 'custom-llm', ...why });
    return result;
  }
}

function failed(reason: string, retry: boolean): TurnResult {
  return { ok: false, reason, retry };
}

function withId(url: string, id: string): string {
  const full = new URL(url);
  full.pathname = `${full.pathname.replace(/\/+$/, '')}/${encodeURIComponent(id)}`;
  return full.href;
}
