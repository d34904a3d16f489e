/** The simulator edge: a caller without telephony, through the same runner as every other. */

import { describeSimulatedFault, type SimulatedFault } from '@pickup/contract';
import type { Clock } from '../../runners/clock.ts';
import { customHeadersOf } from '../../runners/custom-headers.ts';
import type { InboundRunner } from '../../runners/inbound-runner.ts';
import { ANONYMOUS, isHidden, toE164 } from '../../runners/phone-digits.ts';
import type { ArrivalReader } from '../../runners/read-arrival.ts';
import type { FaultySender } from '../../webhook/faulty-sender.ts';
import type { TakeText } from '../text-port.ts';
import { simulatedLeg } from './simulated-leg.ts';

export interface SimulatedCall {
  readonly from_number: string;
  readonly to_number: string;
  /** As SIP headers would come: X-* and the four that become variables; names in any case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What is to go wrong between Pickup and the endpoint, or with the caller. */
  readonly fault?: SimulatedFault;
}

export interface SimulatedText extends SimulatedCall {
  readonly text: string;
}

/** `chat_id` where it continues a chat; `text_id` is the id of its message there. */
export interface TakenText {
  readonly inbound_id: string;
  readonly text_id?: string;
  readonly chat_id?: string;
}

export interface Simulator {
  /** Resolves once the inbound exists; its record tells the rest. */
  call(call: SimulatedCall): Promise<{
    readonly inbound_id: string;
    /** Settles when the caller stops hearing ringing: connected or turned away. */
    readonly answered: Promise<void>;
    /** Settles when the record is complete and durable. */
    readonly recorded: Promise<void>;
  }>;
  /** Resolves once the text is stored; undefined while none are taken. */
  text(text: SimulatedText): Promise<TakenText | undefined>;
}

export function createSimulator(deps: {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly country: string;
  readonly readArrival: ArrivalReader;
  readonly runner: InboundRunner;
  /** A sender with this fault in between; undefined where the fault is the caller's. */
  readonly startFaultySender: (fault: SimulatedFault) => Promise<FaultySender | undefined>;
  readonly takeText: TakeText;
  /** False once the gateway is stopping (H5). */
  readonly taking: () => boolean;
}): Simulator {
  return {
    async call(call) {
      const inboundId = `inb_${deps.newId()}`;
      const e164 = toE164(call.to_number, deps.country);
      const { fault } = call;
      const facts = await deps.readArrival({
        edge: 'simulator',
        arrived: { monoMs: deps.clock.monoMs(), wallMs: deps.clock.wallMs() },
        dialled: call.to_number,
        ...(e164 !== undefined && { dialledE164: e164 }),
        from: isHidden(call.from_number) ? ANONYMOUS : (toE164(call.from_number, deps.country) ?? call.from_number),
        headers: customHeadersOf(call.headers ?? {}),
        media: deps.taking() ? 'usable' : 'draining',
        inboundId,
      });
      let whenAnswered = () => {};
      const answered = new Promise<void>((resolve) => {
        whenAnswered = resolve;
      });
      const leg = simulatedLeg({ onAnswered: whenAnswered, ...(fault?.kind === 'hang-up' && { clock: deps.clock }) });
      if (!fault) return { inbound_id: inboundId, answered, recorded: deps.runner.run(facts, leg) };
      const told = { ...facts, simulated_fault: describeSimulatedFault(fault) };
      // Begun last: what fails before would leave its link behind.
      const sender = await deps.startFaultySender(fault);
      const recorded = deps.runner.run(told, leg, sender && { sender }).finally(() => sender?.close());
      return { inbound_id: inboundId, answered, recorded };
    },
    async text({ from_number: from, to_number: to, headers, text, fault }) {
      const provider_message_id = `sim_${deps.newId()}`;
      const taken = await deps.takeText({
        ...{ edge: 'simulator', provider_message_id, from, to, text },
        ...(headers && { custom_sip_headers: headers }),
        ...(fault && { simulated_fault: fault }),
      });
      if (taken.kind === 'unavailable' || taken.inbound_id === undefined) return undefined;
      const { kind: _kind, ...told } = taken;
      return { ...told, inbound_id: taken.inbound_id };
    },
  };
}
