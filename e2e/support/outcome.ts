import type { InboundObject } from '@pickup/contract';
import type { GatewayProcess } from './gateway.ts';
import { until } from './until.ts';

/** Places a simulated call; resolves with the inbound's id. */
export async function simulateCall(
  gateway: GatewayProcess,
  call: { readonly to: string; readonly from?: string; readonly headers?: Readonly<Record<string, string>> },
): Promise<string> {
  const { to, from = '+12137771234', headers } = call;
  const answer = await gateway.rest('POST', '/simulate-inbound-call', {
    from_number: from,
    to_number: to,
    ...(headers && { headers }),
  });
  if (answer.status !== 201) throw new Error(`simulate-inbound-call: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body.inbound_id;
}

/** The record once it has its outcome and is stored. */
export function waitForOutcome(gateway: GatewayProcess, inboundId: string, limitMs = 60_000): Promise<InboundObject> {
  return until(
    `an outcome of ${inboundId}`,
    async () => {
      const { status, body } = await gateway.rest('GET', `/get-inbound/${inboundId}`);
      return status === 200 && body.outcome_timestamp !== undefined && (body as InboundObject);
    },
    limitMs,
  );
}
