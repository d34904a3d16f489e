/** Texts, from their edge to their answer: takes them, has them answered and sends what was said. */
import type { EdgeName, InboundObject } from '@pickup/contract';
import type { OnTextStatus, TakeText, TextEdge } from '../edges/text-port.ts';
import { createJobRunner, type JobHandler } from '../jobs/job-runner.ts';
import { createTextTaker, type TextTakerDeps } from './take-text.ts';
import { createTextAnswerer, type TextAnswererDeps } from './text-answerer.ts';
import { createTextSender } from './text-sender.ts';

export interface Texts {
  readonly take: TakeText;
  readonly onStatus: OnTextStatus;
  /** One per name; the last one holds. */
  addEdge(edge: TextEdge): void;
  /** Is there a way out for texts of this number to somebody who never wrote to it? */
  sendsFrom(phoneNumber: string): Promise<boolean>;
  /** To be called right behind a turn of a chat that is being stored, before it is waited for. */
  takeAlong(): void;
  /** The record of an inbound that is being decided here. */
  live(inboundId: string): InboundObject | undefined;
  /** Goes on with what waits, from before the start too. */
  start(): Promise<void>;
  /** Lets what is under way end for at most 5 s; the rest goes on at the next start. Closes the edges. */
  close(): Promise<void>;
}

export type TextsDeps = Omit<TextAnswererDeps, 'answersOptOut' | 'takeAlong'> &
  Omit<TextTakerDeps, 'takeAlong'> & {
    /** Further work that the same runner does, by task. */
    readonly handlers?: Readonly<Record<string, JobHandler>>;
  };

const CLOSE_LIMIT_MS = 5_000;
/** How long a provider may resend a message, by far. */
const FORGET_AFTER_MS = 30 * 24 * 3_600_000;
const FORGET_EVERY_MS = 3_600_000;
/** In one commit: calls that ring wait for it. */
const FORGET_AT_ONCE = 500;

export function createTexts(deps: TextsDeps): Texts {
  const { store, clock, nodeId, log } = deps;
  const edges = new Map<EdgeName, TextEdge>();
  const takeAlong = () => jobs.takeAlong();
  const answerer = createTextAnswerer({
    ...deps,
    takeAlong,
    answersOptOut: ({ edge, to_number }) => edges.get(edge)?.answersOptOut(to_number) ?? false,
  });
  const edgeOfNumber = async (phoneNumber: string): Promise<EdgeName | undefined> => {
    const type = (await store.getNumber(phoneNumber))?.settings.phone_number_type;
    return type === 'retell-twilio' ? 'twilio' : type === 'retell-telnyx' ? 'telnyx' : undefined;
  };
  const sender = createTextSender({
    ...{ store, clock, log },
    edgeOf: (name) => edges.get(name),
    edgeOfNumber,
    wake: () => jobs.wake(),
  });
  const jobs = createJobRunner({
    ...{ store, clock, nodeId, log },
    handlers: { ...deps.handlers, answer_texts: answerer.handle, send_texts: sender.handle },
  });
  let isOpen = true;
  let stopForgetting = () => {};
  const forget = async () => {
    const before = clock.wallMs() - FORGET_AFTER_MS;
    while (isOpen && (await store.forgetTexts(before, FORGET_AT_ONCE)) > 0);
  };
  const forgetLater = () => {
    stopForgetting = clock.after(FORGET_EVERY_MS, () => {
      forget()
        .catch((error) => log.error('forget_failed', { error: String(error) }))
        .finally(() => isOpen && forgetLater());
    });
  };
  return {
    take: createTextTaker({ ...deps, takeAlong }),
    onStatus: sender.onStatus,
    addEdge: (edge) => void edges.set(edge.name, edge),
    async sendsFrom(phoneNumber) {
      const name = await edgeOfNumber(phoneNumber);
      return name !== undefined && edges.has(name);
    },
    takeAlong,
    live: (inboundId) => answerer.live(inboundId),
    async start() {
      await jobs.start();
      forgetLater();
    },
    async close() {
      isOpen = false;
      stopForgetting();
      await jobs.stop(CLOSE_LIMIT_MS);
      await Promise.all([...edges.values()].map((edge) => edge.close()));
    },
  };
}
