/**
 * A bad line between a phone and a SIP server: it stands where the server would for the phone, passes every message on
 * as it is, but for the media addresses of its session descriptions, which it points to impaired wires of its own, one
 * for each call. SIP itself goes through unharmed, so that what is measured is the media. UDP and IPv4 only.
 */
import { Buffer } from 'node:buffer';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { headerValue, parseMessage, type SipMessage, serializeMessage } from '@pickup/sip';
import type { Impairment } from './impairment.ts';
import { type MediaAddress, openUdpWire, type UdpWire } from './udp-wire.ts';

/** Where a link listens for the phone, and what went through it. */
export interface LossyLink {
  readonly host: string;
  readonly port: number;
  /** The wire of a call, once its INVITE with an offer has come; `near` is the phone. */
  wire(callId: string): UdpWire | undefined;
  close(): void;
}

/** Opens a link to `server` for one phone on 127.0.0.1. */
export async function openLossyLink(options: {
  readonly server: { readonly host: string; readonly port: number };
  readonly impairment: Impairment;
  readonly seed: number;
}): Promise<LossyLink> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('error', () => {});
  const relay = new Relay(socket, options);
  return {
    host: '127.0.0.1',
    port: socket.address().port,
    wire: (callId) => relay.wire(callId),
    close: () => relay.close(),
  };
}

interface Call {
  readonly opening: Promise<UdpWire>;
  wire: UdpWire | undefined;
  near: MediaAddress | undefined;
  far: MediaAddress | undefined;
}

type Options = Parameters<typeof openLossyLink>[0];

class Relay {
  readonly #socket: Socket;
  readonly #options: Options;
  readonly #calls = new Map<string, Call>();
  #phone: { readonly address: string; readonly port: number } | undefined;
  #closed = false;

  constructor(socket: Socket, options: Options) {
    this.#socket = socket;
    this.#options = options;
    socket.on('message', (bytes, from) => void this.#relay(bytes, from));
  }

  wire(callId: string): UdpWire | undefined {
    return this.#calls.get(callId)?.wire;
  }

  close(): void {
    this.#closed = true;
    this.#socket.close();
    for (const { opening } of this.#calls.values()) void opening.then((wire) => wire.close());
  }

  async #relay(bytes: Buffer, from: { readonly address: string; readonly port: number }): Promise<void> {
    const { server } = this.#options;
    const fromServer = from.port === server.port && from.address === server.host;
    if (!fromServer) this.#phone = { address: from.address, port: from.port };
    const parsed = parseMessage(bytes);
    const passed = parsed.ok ? serializeMessage(await this.#rewritten(parsed.message, fromServer)) : bytes;
    if (this.#closed) return;
    if (!fromServer) this.#socket.send(passed, server.port, server.host);
    else if (this.#phone !== undefined) this.#socket.send(passed, this.#phone.port, this.#phone.address);
  }

  async #rewritten(message: SipMessage, fromServer: boolean): Promise<SipMessage> {
    const body = Buffer.from(message.body).toString();
    const audio = audioAddress(body);
    const callId = headerValue(message, 'call-id');
    if (audio === undefined || callId === undefined) return message;
    const call = this.#call(callId);
    const wire = await call.opening;
    call.wire = wire;
    call[fromServer ? 'far' : 'near'] = audio;
    if (call.near !== undefined && call.far !== undefined) wire.connect({ near: call.near, far: call.far });
    return { ...message, body: Buffer.from(pointedTo(body, fromServer ? wire.near : wire.far)) };
  }

  #call(callId: string): Call {
    const known = this.#calls.get(callId);
    if (known !== undefined) return known;
    const { impairment, seed } = this.#options;
    const opening = openUdpWire({ impairment, seed: seed + 2 * this.#calls.size });
    const call: Call = { opening, wire: undefined, near: undefined, far: undefined };
    this.#calls.set(callId, call);
    return call;
  }
}

function audioAddress(sdp: string): MediaAddress | undefined {
  const port = Number(/^m=audio (\d+)/m.exec(sdp)?.[1] ?? 0);
  const address = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1];
  return port === 0 || address === undefined ? undefined : { address, port };
}

function pointedTo(sdp: string, end: MediaAddress): string {
  return sdp
    .replace(/^c=IN IP4 \S+/gm, `c=IN IP4 ${end.address}`)
    .replace(/^m=audio \d+/m, `m=audio ${end.port}`)
    .replace(/^a=rtcp:.*$/m, `a=rtcp:${end.port + 1}`);
}
