/** What an explanation is, and the part of an inbound that it is made from. */
import type { InboundObject } from '../inbound.ts';

/** What became of an inbound, in words; `fix` says what to do where something is wrong or may not be meant so. */
export interface Explanation {
  /** One sentence: what became of it, whose doing that was, and the mistake where there is one. */
  readonly headline: string;
  /** One or two sentences in the imperative. Absent: there is nothing to do. */
  readonly fix?: string;
}

/** The members of an inbound object that are looked at. A rehearsal that was never recorded has some of them. */
export type ExplainedInbound = Pick<InboundObject, 'channel' | 'outcome' | 'attempts' | 'issues' | 'decision'> &
  Partial<
    Pick<
      InboundObject,
      'inbound_id' | 'from_number' | 'to_number' | 'agent_id' | 'agent_version' | 'reply' | 'settings'
    >
  >;

/** One thing that went wrong: `what` is a clause without a full stop. */
export interface Mistake {
  readonly what: string;
  readonly fix?: string;
}

/** Headline and fix as one line of text. */
export function explanationLine({ headline, fix }: Explanation): string {
  return fix === undefined ? headline : `${headline} ${fix}`;
}
