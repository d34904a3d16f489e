import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { buildResponse, headerValue, parseMessage, type SipMessage, serializeMessage } from '@pickup/sip';
import { OutgoingCall } from './call.ts';
import { CallAudio } from './call-audio.ts';
import type { CallOptions, PhoneCall } from './call-state.ts';
import type { Destination } from './dialog.ts';

/** How long the phone still answers retransmissions of a call that is over. */
const LINGER_MS = 32_000;

/** A small SIP phone for demo, tests and benches: places calls over UDP, speaks and records G.711. */
export interface Phone {
  readonly host: string;
  readonly port: number;
  /** Places a call; resolves once the INVITE is sent. */
  call(options: CallOptions): Promise<PhoneCall>;
  /** Frees the sockets. Calls still up are abandoned without a BYE: hang up first. */
  close(): Promise<void>;
}

/** A phone on any free UDP port of `host`, by default 127.0.0.1. */
export async function createPhone(options: { readonly host?: string } = {}): Promise<Phone> {
  const host = options.host ?? '127.0.0.1';
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 20 }).bind(0, host);
  await once(socket, 'listening');
  return new UdpPhone(socket, host);
}

class UdpPhone implements Phone {
  readonly host: string;
  readonly port: number;
  readonly #socket: Socket;
  readonly #calls = new Map<string, OutgoingCall>();
  readonly #lingering = new Set<NodeJS.Timeout>();
  #closed = false;

  constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.host = host;
    this.port = socket.address().port;
    socket.on('message', (bytes, from) => this.#receive(bytes, { host: from.address, port: from.port }));
    socket.on('error', () => {});
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
    this.#socket.close();
    await once(this.#socket, 'close');
  }

  #linger(call: OutgoingCall): void {
    const timer = setTimeout(() => {
      this.#lingering.delete(timer);
      this.#calls.delete(call.callId);
    }, LINGER_MS);
    this.#lingering.add(timer.unref());
  }

  #send(message: SipMessage, to: Destination): void {
    if (!this.#closed) this.#socket.send(serializeMessage(message), to.port, to.host);
  }

  #receive(bytes: Buffer, from: Destination): void {
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
