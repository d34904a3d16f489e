import type { InboundObject } from '@pickup/contract';
import type { GatewayProcess } from '../../support/gateway.ts';
import { until } from '../../support/until.ts';
import { onlyOutcome } from './records.ts';

/** What is left of a call that was connected. */
export interface EndedCall {
  readonly inbound: InboundObject;
  /** As `/v2/get-call` has it. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into fields of every kind
  readonly call: any;
}

/** The one call to this number: its record and its call object, once the call is over. */
export async function endedCall(gateway: GatewayProcess, to: string): Promise<EndedCall> {
  const { call_id } = await onlyOutcome(gateway, to);
  const call = await until(`the end of the call to ${to}`, async () => {
    const { body } = await gateway.rest('GET', `/v2/get-call/${call_id}`);
    return body.call_status !== 'ongoing' && body;
  });
  return { inbound: await onlyOutcome(gateway, to), call };
}

/** The SIP messages of a record, those received or those sent, as `start line`. */
export function traced(inbound: InboundObject, direction: 'in' | 'out'): readonly string[] {
  return (inbound.sip?.messages ?? []).filter((line) => line.direction === direction).map((line) => line.summary);
}
