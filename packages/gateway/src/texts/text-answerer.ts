/**
 * Works off the waiting texts of a pair of numbers, in the order of their storage (F2): words of A8 first, then the
 * ongoing chat (A6), else the decision. Each step is stored with what comes of it, so that it can be cut off anywhere.
 */
import type { InboundObject, Outcome } from '@pickup/contract';
import { begin, confirmationOf, type OptOutWord } from '@pickup/core';
import type { ChatRunner } from '../chats/chat-port.ts';
import type { JobHandler } from '../jobs/job-runner.ts';
import { liveInboundObject } from '../runners/inbound-object.ts';
import type { ArrivalReader } from '../runners/read-arrival.ts';
import type { Job, TextRun, WaitingText } from '../stores/port.ts';
import { StoreUnavailable } from '../stores/port.ts';
import { pairJob, pairOf } from '../stores/texts-of-chat.ts';
import { AgentNotReady, LostToAnother } from './faults.ts';
import { withFault } from './take-text.ts';
import { TextDecision, type TextDecisionDeps } from './text-decision.ts';
import { contentOf, openingOf } from './text-rows.ts';

export interface TextAnswererDeps extends TextDecisionDeps {
  readonly chats: Pick<ChatRunner, 'beginChat' | 'answer' | 'end'>;
  readonly readArrival: ArrivalReader;
  readonly newId: () => string;
  /** Does the provider answer STOP, START and HELP of this number itself (A8)? */
  readonly answersOptOut: (text: WaitingText) => boolean;
}

export interface TextAnswerer {
  readonly handle: JobHandler;
  /** The record of an inbound that is being decided here. */
  live(inboundId: string): InboundObject | undefined;
}

/** An agent that does not answer is waited for that long. */
const AGENT_LIMIT_MS = 3_600_000;
/** A text on which we fail that often is given up: it is our bug, and later texts must not wait for it. */
const MOST_BUGS = 10;

export function createTextAnswerer(deps: TextAnswererDeps): TextAnswerer {
  return new Answerer(deps);
}

class Answerer implements TextAnswerer {
  readonly #deps: TextAnswererDeps;
  readonly #deciding = new Map<string, TextDecision>();

  constructor(deps: TextAnswererDeps) {
    this.#deps = deps;
  }

  live(inboundId: string): InboundObject | undefined {
    return this.#deciding.get(inboundId)?.object();
  }

  readonly handle: JobHandler = async (job, signal) => {
    const pair = String(job.payload['pair']);
    let lost: string | undefined;
    for (;;) {
      signal.throwIfAborted();
      const text = await this.#deps.store.nextText(pair);
      if (text === undefined) return;
      const laterAt = await this.#take(text, { pair, job, signal });
      if (laterAt === 'lost') {
        // Whoever took over goes on; the next look sees what is left. Lost again, it is not looked at in a loop.
        if (lost === text.text_id) throw new LostToAnother(`text ${text.text_id}`);
        lost = text.text_id;
      } else if (laterAt !== undefined)
        return { again: { ...pairJob(pair), run_at: laterAt, job_key_mode: 'preserve_run_at' } };
    }
  };

  async #take(
    text: WaitingText,
    given: { readonly pair: string; readonly job: Job; readonly signal: AbortSignal },
  ): Promise<number | 'lost' | undefined> {
    try {
      return await this.#handleOne(text, given.pair, given.signal);
    } catch (error) {
      if (error instanceof LostToAnother) return 'lost';
      const isBug = !given.signal.aborted && !(error instanceof AgentNotReady) && !(error instanceof StoreUnavailable);
      if (!isBug || given.job.attempts < MOST_BUGS) throw error;
      this.#deps.log.error('bug', { what: 'text', id: text.text_id, error });
      await this.#giveUp(text, 'a fault of Pickup');
      return undefined;
    }
  }

  async #handleOne(text: WaitingText, pair: string, signal: AbortSignal): Promise<number | undefined> {
    if (text.handling !== 'chat') return this.#word(text, pair);
    const { chat_id: chatId, opted_out: optedOut } = (await this.#deps.store.getTextPair(pair)) ?? {};
    const run = await this.#deps.store.getTextRun(text.inbound_id);
    if (optedOut && !text.unowned) return this.#drop(text, run);
    if (run) return this.#decide(run, pair, text, signal);
    if (chatId !== undefined && (await this.#answer(chatId, text, signal))) return undefined;
    return this.#decide(await this.#reopen(text), pair, text, signal);
  }

  /** A8: no webhook and no agent; a running chat ends, and whoever wrote hears one confirmation. */
  async #word(text: WaitingText, pair: string): Promise<undefined> {
    const { store, clock, chats, answersOptOut, takeAlong, log } = this.#deps;
    const { handling, text_id, inbound_id } = text;
    if (handling === 'stop') {
      const chatId = (await store.getTextPair(pair))?.chat_id;
      if (chatId !== undefined) await chats.end(chatId, 'user_hangup');
    }
    const isSilent = handling === 'opted_out' || answersOptOut(text);
    const now = clock.wallMs();
    const finishing = store.finishText({
      text_id,
      now,
      why: handling,
      settlement: { inbound_id, outcome: 'opted_out', outcome_timestamp: now, steps: wordSteps(text, isSilent) },
      ...(!isSilent && { confirmation: { part_id: `${text_id}.1`, body: confirmationOf(handling as OptOutWord) } }),
    });
    takeAlong();
    if (await finishing) log.info('opt_out_word', { inbound_id, word: handling, confirmed: !isSilent });
    return undefined;
  }

  /** A8: its sender stopped texts before it was answered, so nobody is asked what could not be sent. */
  async #drop(text: WaitingText, run: TextRun | undefined): Promise<undefined> {
    const { store, clock, log } = this.#deps;
    const { text_id, inbound_id, to_number, from_number } = text;
    const now = clock.wallMs();
    if (run) {
      const steps = ['its sender stopped texts before it was answered (A8) → opted_out, silence'];
      await store.settleTextInbound({
        pair: pairOf(to_number, from_number),
        decision: { inbound_id, decided_timestamp: now, intended: 'opted_out', attempts: [], issues: [], steps },
        settlement: { inbound_id, outcome: 'opted_out', outcome_timestamp: now },
        silent: true,
      });
    }
    await store.finishText({ text_id, now, why: 'opted_out' });
    log.info('text_dropped', { id: text_id, inbound_id, why: 'opted_out' });
    return undefined;
  }

  async #decide(run: TextRun, pair: string, text: WaitingText, signal: AbortSignal): Promise<number | undefined> {
    const decision = new TextDecision(this.#deps, { run, pair, text });
    this.#deciding.set(run.inbound_id, decision);
    try {
      return await decision.run(signal);
    } finally {
      this.#deciding.delete(run.inbound_id);
    }
  }

  /** False where there is no chat any more that could answer. */
  async #answer(chatId: string, text: WaitingText, signal: AbortSignal): Promise<boolean> {
    const { chats, clock, store } = this.#deps;
    const answer = await chats.answer(chatId, contentOf(text), { text_id: text.text_id, signal });
    switch (answer.kind) {
      case 'answered':
        // Stored with the answer; one that was answered before without being marked so would come again for ever.
        if (answer.repeated) await store.finishText({ text_id: text.text_id, now: clock.wallMs(), why: 'answered' });
        return true;
      case 'over':
      case 'unknown':
        return false;
      case 'failed':
        if (answer.retry && clock.wallMs() - text.arrival_timestamp < AGENT_LIMIT_MS)
          throw new AgentNotReady(answer.reason);
        await this.#giveUp(text, answer.reason);
        return true;
      case 'cannot_answer':
        await this.#giveUp(text, answer.reason);
        return true;
    }
  }

  /** Its chat ended before it could be answered: it is a first text now (A6). */
  async #reopen(text: WaitingText): Promise<TextRun> {
    const { store, clock, newId, readArrival, nodeId } = this.#deps;
    const read = await readArrival({
      channel: 'sms',
      edge: text.edge,
      arrived: { monoMs: clock.monoMs(), wallMs: clock.wallMs() },
      dialled: text.to_number,
      from: text.from_number,
      headers: text.custom_sip_headers ?? {},
      media: 'usable',
      inboundId: `inb_${newId()}`,
    });
    const facts = withFault(read, text.simulated_fault);
    await store.reopenText(text.text_id, openingOf(facts, nodeId));
    this.#deps.feed?.changed(() => liveInboundObject(begin(facts).state, []));
    const run = await store.getTextRun(facts.inbound_id);
    if (run === undefined) throw new LostToAnother(`inbound ${facts.inbound_id}`);
    return run;
  }

  /** Nobody answers it; where it was the first of its inbound, that is `agent_failed`. */
  async #giveUp(text: WaitingText, why: string): Promise<void> {
    const { store, clock, log } = this.#deps;
    const now = clock.wallMs();
    const { text_id, inbound_id } = text;
    log.error('text_not_answered', { id: text_id, inbound_id, why });
    const run = await store.getTextRun(inbound_id);
    const outcome: Outcome = 'agent_failed';
    if (run) {
      const steps = [`${why} → ${outcome}, silence`];
      await store.settleTextInbound({
        pair: pairOf(text.to_number, text.from_number),
        decision: { inbound_id, decided_timestamp: now, intended: outcome, attempts: [], issues: [], steps },
        settlement: { inbound_id, outcome, outcome_timestamp: now },
        silent: true,
      });
    }
    await store.finishText({ text_id, now, why });
  }
}

function wordSteps({ handling, edge }: WaitingText, isSilent: boolean): readonly string[] {
  const arrived = `sms at the ${edge} edge`;
  if (handling === 'opted_out') return [arrived, 'its sender wants no texts until a START (A8) → opted_out, silence'];
  const how = isSilent ? 'the provider answers it itself' : 'one confirmation';
  return [arrived, `the text is the word for ${handling} (A8): no webhook, ${how} → opted_out`];
}
