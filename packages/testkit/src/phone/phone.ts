import { buildResponse, headerValue, parseMessage, type SipMessage, serializeMessage } from '@pickup/sip';
import { OutgoingCall } from './call.ts';
import { CallAudio } from './call-audio.ts';
import type { CallOptions, PhoneCall } from './call-state.ts';
import type { Destination } from './dialog.ts';
import { openWire, type PhoneTls, type Wire } from './wire.ts';

/** How long the phone still answers retransmissions of a call that is over. */
const LINGER_MS = 32_000;

/** Where and how a phone speaks. */
export interface PhoneOptions {
  /** An address, IPv4 or IPv6. Default 127.0.0.1. */
  readonly host?: string;
  /** Default `udp`. */
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** For `tls`. */
  readonly tls?: PhoneTls;
}

/** A small SIP phone for demo, tests and benches: places calls, speaks and records G.711. */
export interface Phone {
  readonly host: string;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly port: number;
  /** Places a call; resolves once the INVITE is sent. */
  call(options: CallOptions): Promise<PhoneCall>;
  /** Frees the sockets. Calls still up are abandoned without a BYE: hang up first. */
  close(): Promise<void>;
}

/** A phone on any free port of its host. */
export async function createPhone(options: PhoneOptions = {}): Promise<Phone> {
  const { host = '127.0.0.1', transport = 'udp', tls } = options;
  const received: { by?: (bytes: Buffer, from: Destination) => void } = {};
  const wire = await openWire({
    host,
    transport,
    ...(tls && { tls }),
    onMessage: (bytes, from) => received.by?.(bytes, from),
  });
  const phone = new SoftPhone(wire, host, transport);
  received.by = (bytes, from) => phone.receive(bytes, from);
  return phone;
}

class SoftPhone implements Phone {
  readonly host: string;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly port: number;
  readonly #wire: Wire;
  readonly #calls = new Map<string, OutgoingCall>();
  readonly #lingering = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(wire: Wire, host: string, transport: 'udp' | 'tcp' | 'tls') {
    this.#wire = wire;
    this.host = host;
    this.transport = transport;
    this.port = wire.port;
  }

  async call(options: CallOptions): Promise<PhoneCall> {
    const audio = await CallAudio.open(this.host);
    const call: OutgoingCall = new OutgoingCall(options, {
      audio,
      local: this,
      send: (message, to) => this.#send(message, to),
      over: () => this.#linger(call),
    });
    this.#calls.set(call.callId, call);
    call.begin();
    return call;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.#calls.values()) call.abandon();
    for (const timer of this.#lingering) clearTimeout(timer);
    await this.#wire.close();
  }

  #linger(call: OutgoingCall): void {
    const timer = setTimeout(() => {
      this.#lingering.delete(timer);
      this.#calls.delete(call.callId);
    }, LINGER_MS);
    this.#lingering.add(timer.unref());
  }

  #send(message: SipMessage, to: Destination): void {
    if (!this.#closed) this.#wire.send(serializeMessage(message), to);
  }

  /** A message from the network. */
  receive(bytes: Buffer, from: Destination): void {
    const parsed = parseMessage(bytes);
    if (!parsed.ok) return;
    const { message } = parsed;
    const call = this.#calls.get(headerValue(message, 'call-id') ?? '');
    if (call !== undefined) call.receive(message, from);
    else if (message.kind === 'request' && message.method !== 'ACK') {
      this.#send(buildResponse(message, message.method === 'OPTIONS' ? 200 : 481, { toTag: 'phone' }), from);
    }
  }
}
