/** The simulator edge: a caller without telephony, through the same runner as every other. */

import type { Clock } from '../../runners/clock.ts';
import { isCustomHeader } from '../../runners/custom-headers.ts';
import type { InboundRunner } from '../../runners/inbound-runner.ts';
import type { CallLeg, ConnectedLeg } from '../../runners/leg.ts';
import { ANONYMOUS, isHidden, toE164 } from '../../runners/phone-digits.ts';
import type { ArrivalReader } from '../../runners/read-arrival.ts';
import type { TakeText } from '../text-port.ts';

export interface SimulatedCall {
  readonly from_number: string;
  readonly to_number: string;
  /** As SIP headers would come: X-* and the four that become variables; names in any case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface SimulatedText extends SimulatedCall {
  readonly text: string;
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
  text(text: SimulatedText): Promise<{ readonly inbound_id: string; readonly chat_id?: string } | undefined>;
}

export function createSimulator(deps: {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly country: string;
  readonly readArrival: ArrivalReader;
  readonly runner: InboundRunner;
  readonly takeText: TakeText;
  /** False once the gateway is stopping (H5). */
  readonly taking: () => boolean;
}): Simulator {
  return {
    async call(call) {
      const inboundId = `inb_${deps.newId()}`;
      const e164 = toE164(call.to_number, deps.country);
      const facts = await deps.readArrival({
        edge: 'simulator',
        arrived: { monoMs: deps.clock.monoMs(), wallMs: deps.clock.wallMs() },
        dialled: call.to_number,
        ...(e164 !== undefined && { dialledE164: e164 }),
        from: isHidden(call.from_number) ? ANONYMOUS : (toE164(call.from_number, deps.country) ?? call.from_number),
        headers: customHeaders(call.headers ?? {}),
        media: deps.taking() ? 'usable' : 'draining',
        inboundId,
      });
      let whenAnswered = () => {};
      const answered = new Promise<void>((resolve) => {
        whenAnswered = resolve;
      });
      return { inbound_id: inboundId, answered, recorded: deps.runner.run(facts, simulatedLeg(whenAnswered)) };
    },
    async text({ from_number: from, to_number: to, headers, text }) {
      const provider_message_id = `sim_${deps.newId()}`;
      const numbers = { from, to, ...(headers && { custom_sip_headers: headers }) };
      const taken = await deps.takeText({ edge: 'simulator', provider_message_id, ...numbers, text });
      if (taken.kind === 'unavailable' || taken.inbound_id === undefined) return undefined;
      const { inbound_id } = taken;
      return { inbound_id, ...('chat_id' in taken && taken.chat_id !== undefined && { chat_id: taken.chat_id }) };
    },
  };
}

/** As the SIP edge takes them: names lower-cased, others left out, no control characters (E9). */
function customHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const taken = Object.entries(headers).filter(([name]) => isCustomHeader(name));
  return Object.fromEntries(
    taken.map(([name, value]) => [name.toLowerCase(), value.replace(/[\u0000-\u001f\u007f]/g, '')]),
  );
}

/** Hears the agent's first words and hangs up. */
function simulatedLeg(onAnswered: () => void): CallLeg {
  return {
    edge: 'simulator',
    onCallerGone() {},
    ring() {},
    accept: (): ConnectedLeg => {
      onAnswered();
      return { onEnd: (listener) => listener({ by: 'caller' }), hangUp() {} };
    },
    refuse: () => {
      onAnswered();
      return true;
    },
    trace: () => [],
    done() {},
  };
}
