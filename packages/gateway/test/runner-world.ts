/**
 * For tests of the runners: everything around them in virtual time. The store is the one in memory, watched; leg,
 * endpoint and runtime are played by hand. `happened` has what was done, in order.
 */
import type { AttemptResult, InboundFacts, RefusalAnswer } from '@pickup/core';
import { ManualClock } from '@pickup/testkit/clock';
import { buildFacts, received } from '../../core/test/builders.ts';
import { createLog, type LogFields } from '../src/observe/index.ts';
import { createInboundRunner } from '../src/runners/inbound-runner.ts';
import type { CallLeg, ConnectedLeg, LegEnd } from '../src/runners/leg.ts';
import { createSessionRunner } from '../src/runners/session-runner.ts';
import type { AgentRuntime, PreparedSession, PrepareResult, SessionListener } from '../src/sessions/port.ts';
import { agent, engine } from '../src/stores/conformance/samples.ts';
import { createMemoryStore } from '../src/stores/memory/index.ts';
import { type EdgeMemo, type Store, StoreUnavailable } from '../src/stores/port.ts';
import type { WebhookSender } from '../src/webhook/sender.ts';

/** What a watched store does instead of a command. */
export type Fault = Error | Promise<unknown>;

/** The disk is full. */
export const FULL = new StoreUnavailable('the disk is full');

const WRITES = /^(open|record|settle|claim|release|expire|update|end|register|take|connect|resolve)/;

/** Notes each command that is given, and fails or holds up those that `faults` names. */
export function watchStore(store: Store, happened: string[], faults: Map<string, Fault>): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const command = target[name] as (...args: unknown[]) => Promise<unknown>;
      return async (...args: unknown[]) => {
        if (WRITES.test(name)) happened.push(name);
        const fault = faults.get(name);
        if (fault instanceof Error) throw fault;
        await fault;
        return command.apply(target, args);
      };
    },
  });
}

/** A caller on a line with sound. */
export class FakeLeg implements CallLeg {
  readonly edge = 'sip';
  readonly memo = { invite: { via: 'v' }, dialog: { route: [] } };
  readonly dedupeKey?: string;
  readonly refusals: RefusalAnswer[] = [];
  /** What `accept` does instead. */
  acceptThrows: Error | undefined;
  /** What the media thread says of the audio. */
  figures: ConnectedLeg['mediaStats'] | undefined;
  byes = 0;
  #listeners: (() => void)[] = [];
  #gone = false;
  #onEnd: (end: LegEnd) => void = () => {};
  #ended: LegEnd | undefined;
  #onMoved: (dialog: EdgeMemo) => void = () => {};
  readonly #happened: string[];

  constructor(happened: string[], dedupeKey?: string) {
    this.#happened = happened;
    if (dedupeKey !== undefined) this.dedupeKey = dedupeKey;
  }

  onCallerGone(listener: () => void): void {
    if (this.#gone) listener();
    else this.#listeners.push(listener);
  }

  /** CANCEL. */
  cancel(): void {
    this.#gone = true;
    for (const listener of this.#listeners) listener();
  }

  ring(): void {
    this.#happened.push('ring');
  }

  accept(): ConnectedLeg | undefined {
    this.#happened.push('accept');
    if (this.acceptThrows) throw this.acceptThrows;
    if (this.#gone) return undefined;
    return {
      line: { play: async () => {}, flush() {}, onSpeech() {}, audible: Promise.resolve() },
      dialog: { route: [] },
      onMoved: (listener) => {
        this.#onMoved = listener;
      },
      onEnd: (listener) => {
        if (this.#ended) listener(this.#ended);
        this.#onEnd = listener;
      },
      hangUp: () => {
        this.byes++;
      },
      ...(this.figures && { mediaStats: this.figures }),
    };
  }

  /** The caller moved. */
  move(dialog: EdgeMemo): void {
    this.#onMoved(dialog);
  }

  /** The connected call ends, as the leg sees it. */
  end(by: LegEnd['by']): void {
    this.#ended = { by };
    this.#onEnd({ by });
  }

  refuse(answer: RefusalAnswer): boolean {
    this.#happened.push(`refuse ${answer.code}`);
    this.refusals.push(answer);
    return !this.#gone;
  }

  trace() {
    return [];
  }

  done(): void {
    this.#happened.push('done');
  }
}

/** A session that says what it is told to say. */
export class FakeSession implements PreparedSession {
  closed = 0;
  listener: SessionListener | undefined;
  startThrows: Error | undefined;
  readonly #happened: string[];

  constructor(happened: string[]) {
    this.#happened = happened;
  }

  start(_line: unknown, listener: SessionListener): void {
    this.#happened.push('start');
    if (this.startThrows) throw this.startThrows;
    this.listener = listener;
  }

  close(): void {
    this.closed++;
  }
}

type Answer = AttemptResult | Promise<AttemptResult> | Error;

/** Replies of an endpoint that names an agent, or none. */
export function replying(body: unknown, status = 200): AttemptResult {
  return received(status, body);
}

/** A number with an agent of its own, an agent `agent_1` for replies to name, and nobody on the line yet. */
export async function openWorld() {
  const clock = new ManualClock();
  const happened: string[] = [];
  const faults = new Map<string, Fault>();
  const events: { readonly event: string; readonly fields: LogFields }[] = [];
  const log = createLog({
    clock,
    write: (line) => {
      const { event, ...fields } = JSON.parse(line) as { event: string };
      events.push({ event, fields });
    },
  });
  const memory = createMemoryStore();
  await memory.createEngine(engine('llm_1'));
  await memory.createAgent(agent('agent_1'));
  const store = watchStore(memory, happened, faults);
  const answers: Answer[] = [];
  const asked: { readonly attempt: number; readonly signal: AbortSignal }[] = [];
  const sender: WebhookSender = {
    async send(_id, ask, signal) {
      happened.push(`ask ${ask.attempt}`);
      asked.push({ attempt: ask.attempt, signal });
      const answer = answers.shift() ?? replying({});
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const session = new FakeSession(happened);
  let prepared: () => Promise<PrepareResult> = async () => ({ ready: true, session });
  const runtime: AgentRuntime = {
    name: 'built-in',
    honours: () => new Set<string>(),
    prepare() {
      happened.push('prepare');
      return prepared();
    },
    async close() {},
  };
  const sessions = createSessionRunner({ clock, store, log });
  const runner = createInboundRunner({ clock, random: () => 0.5, store, sender, runtime, sessions, nodeId: 'n', log });
  const leg = new FakeLeg(happened);
  return {
    ...{ clock, happened, faults, events, memory, store, answers, asked, session, sessions, runner, runtime, leg, log },
    /** What the runtime does instead of being ready. */
    prepareWith(instead: typeof prepared): void {
      prepared = instead;
    },
    /** Starts an inbound and lets go of the turn; the promise settles when its record is durable. */
    arrive(over: Parameters<typeof buildFacts>[0] = {}, on: FakeLeg = leg): Promise<void> {
      return runner.run(this.facts(over), on);
    },
    facts(over: Parameters<typeof buildFacts>[0] = {}): InboundFacts {
      return buildFacts({ arrived: { monoMs: clock.monoMs(), wallMs: clock.wallMs() }, ...over });
    },
    /** Runs what is due now. */
    settle: () => clock.advance(0),
    bugs: () => events.filter(({ event }) => event === 'bug'),
  };
}
