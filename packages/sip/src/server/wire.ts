import { createHash } from 'node:crypto';
import {
  buildResponse,
  type HeaderInput,
  headerValue,
  type SipRequest,
  type SipResponse,
  serializeMessage,
  serializeVia,
  splitList,
  stampVia,
  type Via,
} from '../message/index.ts';
import type { Destination, Outlet, Packet, Source, Transport } from '../transport/port.ts';
import type { Refusal } from './judge-request.ts';
import type { CoreOptions } from './options.ts';

/** What leaves the server: responses are built, packed, traced and counted here. */
export class Wire {
  /** The headers that name the product, for every response but 100. */
  readonly serverHeaders: HeaderInput;
  readonly #options: CoreOptions;
  readonly #tagSecret: string;
  #sent = 0;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.serverHeaders = options.userAgent === undefined ? [] : [['Server', options.userAgent]];
    this.#tagSecret = options.random();
  }

  /** Messages handed to a transport so far. */
  get sent(): number {
    return this.#sent;
  }

  /** Builds a response of the server's own. */
  build(request: SipRequest, { status, reason, headers }: Refusal, toTag: string): SipResponse {
    const all = [...(headers ?? []), ...this.serverHeaders];
    return buildResponse(request, status, { toTag, headers: all, ...(reason === undefined ? {} : { reason }) });
  }

  pack(response: SipResponse, callId: string, method: string): Packet {
    const summary = `${response.status} ${response.reason} (${method})`;
    return { bytes: serializeMessage(response), callId, summary };
  }

  /** Answers without keeping anything; the tag is the same for every retransmission (RFC 3261 8.2.7). */
  answerStateless(request: SipRequest, refusal: Refusal, outlet: Outlet): void {
    if (request.method === 'ACK') return;
    const callId = headerValue(request, 'call-id') ?? '';
    const identity = `${this.#tagSecret} ${callId} ${headerValue(request, 'via')}`;
    const toTag = createHash('sha256').update(identity).digest('hex').slice(0, 16);
    outlet.send(this.pack(this.build(request, refusal, toTag), callId, request.method));
  }

  outlet(transport: Transport, to: Destination): Outlet {
    return { reliable: transport.reliable, send: (packet, onFailed) => this.send(packet, transport, to, onFailed) };
  }

  /** As `Transport.send`. */
  send(packet: Packet, transport: Transport, to: Destination, onFailed?: (error: Error) => void): void {
    transport.send(packet.bytes, to, onFailed);
    this.#sent++;
    this.trace('out', packet.callId, packet.summary);
  }

  trace(direction: 'in' | 'out', callId: string, summary: string): void {
    this.#options.onTrace?.({ callId, at: this.#options.clock.wallMs(), direction, summary });
  }
}

/** The request with `received` and `rport` in its topmost Via, so that every response carries them. */
export function stampRequest(request: SipRequest, via: Via, source: Source): SipRequest {
  const stamped = stampVia(via, source);
  if (stamped === via) return request;
  const at = request.headers.findIndex((line) => line.key === 'via');
  const line = request.headers[at]!;
  const rest = splitList(line.value).slice(1);
  const headers = [...request.headers];
  headers[at] = { ...line, value: [serializeVia(stamped), ...rest].join(', ') };
  return { ...request, headers };
}
