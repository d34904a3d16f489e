/** One run of the author's function: its deadline, its reply, and what the linter finds in it. */
import { lintReply } from '@pickup/contract';
import { writeReply } from '../reply/write-reply.ts';
import { DeadlineSignal } from './deadline.ts';
import type { InboundContext, InboundEvent } from './event.ts';
import type { InboundHandlerOptions } from './inbound-handler.ts';
import { tellError, tellIssues, unharmed } from './notices.ts';
import type { SharedRun } from './reply-memory.ts';

/** What is known of the attempt that starts a run. */
export interface RunFacts {
  readonly inboundId: string | undefined;
  /** From 1. */
  readonly attempt: number;
  /** Epoch ms. */
  readonly deadlineAt: number;
}

/** The author's function failed, and its author has been told. */
export class HandlerFailed extends Error {}

/** Starts a run; its reply rejects with HandlerFailed and nothing else. */
export type StartRun = (event: InboundEvent, facts: RunFacts) => SharedRun;

/** Prepares the author's functions for runs. */
export function createRunner(options: InboundHandlerOptions, now: () => number): StartRun {
  const tell = { onIssue: options.onIssue ?? tellIssues(), onError: options.onError ?? tellError };
  return (event, facts) => {
    const deadline = new DeadlineSignal(facts.deadlineAt, now);
    const context = contextOf(event, facts, deadline);
    const reply = decide(event, context, { ...options, ...tell }).finally(() => deadline.end());
    return {
      reply,
      extend: (until) => deadline.extend(until),
      get aborted() {
        return deadline.aborted;
      },
    };
  };
}

function contextOf(event: InboundEvent, facts: RunFacts, deadline: DeadlineSignal): InboundContext {
  const { inboundId, attempt, deadlineAt } = facts;
  return {
    event: event.event,
    ...(inboundId !== undefined && { inboundId }),
    attempt,
    deadlineAt,
    // Looked at by few, and only then does its timer run.
    get signal() {
      return deadline.signal;
    },
    ...(event.replayOf !== undefined && { replayOf: event.replayOf }),
  };
}

type Telling = InboundHandlerOptions & Required<Pick<InboundHandlerOptions, 'onIssue' | 'onError'>>;

async function decide(event: InboundEvent, context: InboundContext, options: Telling): Promise<string> {
  try {
    const isCall = event.event === 'call_inbound';
    const result = await (isCall ? options.onCall?.(event.party, context) : options.onSms?.(event.party, context));
    const text = writeReply(result, event.event);
    const { issues } = lintReply(JSON.parse(text), { channel: isCall ? 'call' : 'sms' });
    for (const issue of issues) unharmed(() => options.onIssue(issue, context));
    return text;
  } catch (error) {
    unharmed(() => options.onError(error, context));
    throw new HandlerFailed();
  }
}
