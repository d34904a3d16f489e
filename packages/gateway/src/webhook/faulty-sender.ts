/** A sender behind a faulty link: signs and sends as the real one does, and says of each result what was simulated. */
import type { SimulatedFault } from '@pickup/contract';
import { compareAnswers } from '@pickup/core';
import {
  type Clock,
  type FaultyLink,
  LINK_FAULTS,
  type LinkFault,
  type Outbound,
  startFaultyLink,
} from '@pickup/outbound';
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
      const noticed = answers && compareAnswers(attemptResultOf(answers[0]), attemptResultOf(answers[1]));
      return {
        ...attemptResultOf(result),
        ...(faulty && { simulated: true as const }),
        ...(noticed && { noticed: [noticed] }),
      };
    },
    close: () => link.close(),
  };
}
