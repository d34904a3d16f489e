/** A sender behind a faulty link: signs and sends as the real one does, and says of each result what was simulated. */
import type { Issue, Json, SimulatedFault } from '@pickup/contract';
import {
  type Clock,
  type FaultyLink,
  LINK_FAULTS,
  type LinkFault,
  type Outbound,
  type OutboundResult,
  startFaultyLink,
} from '@pickup/outbound';
import { differenceOf } from './json-difference.ts';
import { attemptResultOf, type SenderOptions, type WebhookSender, webhookRequest } from './sender.ts';

/** A sender for one simulated inbound; `close` drops what its link has open. */
export interface FaultySender extends WebhookSender {
  close(): Promise<void>;
}

/** What the link is put between. */
export type FaultySenderOptions = SenderOptions & { readonly outbound: Outbound; readonly clock: Clock };

/** Undefined for a fault that is the caller's, not the line's. */
export async function startFaultySender(
  { kind, attempts }: SimulatedFault,
  options: FaultySenderOptions,
): Promise<FaultySender | undefined> {
  const fault = LINK_FAULTS.find((known): known is LinkFault => known === kind);
  if (fault === undefined) return undefined;
  const { outbound, clock } = options;
  const link = await startFaultyLink({ fault, outbound, clock, ...(attempts !== undefined && { attempts }) });
  return overLink(link, options);
}

function overLink(link: FaultyLink, options: SenderOptions): FaultySender {
  return {
    async send(inboundId, ask, signal) {
      const { result, faulty, answers } = await link.post(webhookRequest(options, { inboundId, ask, signal }));
      const noticed = answers ? compareAnswers(answers) : undefined;
      return {
        ...attemptResultOf(result),
        ...(faulty && { simulated: true as const }),
        ...(noticed && { noticed: [noticed] }),
      };
    },
    close: () => link.close(),
  };
}

/** A retry has the same webhook-id, so it must get the same answer: else the caller's agent is a matter of luck. */
function compareAnswers([first, second]: readonly [OutboundResult, OutboundResult]): Issue | undefined {
  if (!first.ok) return undefined;
  if (!second.ok) return differs('', `the second time no answer came (${second.error})`);
  if (first.status !== second.status) return differs('', `${first.status} the first time, ${second.status} the second`);
  const difference = differenceOf(jsonOrText(first.body), jsonOrText(second.body));
  if (difference === undefined) return undefined;
  const { pointer, first: was, second: became } = difference;
  return differs(pointer, `${pointer || 'the body'} was ${shown(was)}, then ${shown(became)}`);
}

function differs(pointer: string, how: string): Issue {
  return {
    severity: 'warning',
    effect: 'ignored',
    code: 'answers_differ',
    rule: 'B3',
    pointer,
    message: `The same request (the same webhook-id) was answered differently the second time: ${how}. The first answer counts.`,
  };
}

const LONGEST_SHOWN = 60;

function shown(value: Json | undefined): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN - 1).toWellFormed()}…` : text;
}

/** The JSON, else the text itself. */
function jsonOrText(body: Buffer): Json {
  const text = body.toString();
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
