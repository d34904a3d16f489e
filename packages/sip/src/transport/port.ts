/** The transport port: one `Transport` per listener, whatever number of connections it holds. */

/** Transports a message can name. */
export type TransportKind = 'udp' | 'tcp' | 'tls';

/** Where a message came from. */
export interface Source {
  readonly address: string;
  readonly port: number;
  readonly transport: TransportKind;
}

/** Where a message goes. On a stream: the connection to that address and port where it is open, else a new one. */
export interface Destination {
  readonly address: string;
  readonly port: number;
  /** Where a new connection goes; default `address` and `port`. Of no meaning to UDP. */
  readonly reconnect?: { readonly address: string; readonly port: number };
  /** The host name the address was found for: what a TLS certificate has to name. */
  readonly name?: string;
}

/** A way messages go out. */
export interface Transport {
  readonly kind: TransportKind;
  /** Reliable transports need no retransmission of non-2xx finals and requests. */
  readonly reliable: boolean;
  readonly local: { readonly host: string; readonly port: number };
  /**
   * Returns once the socket's send was called: the message is then handed over. Never throws. `onFailed` is told later,
   * once at most, that it cannot arrive: no connection could be had, the last one broke before the message left, or the
   * system does not send it (RFC 3261 18.4). Silence proves nothing.
   */
  send(bytes: Uint8Array, to: Destination, onFailed?: (error: Error) => void): void;
  close(): Promise<void>;
}

/** What came in on a transport. */
export interface TransportEvents {
  /** True where it came from an admitted peer. */
  onMessage(bytes: Uint8Array, source: Source, transport: Transport): boolean;
  /** Streams only: a head without usable length. The connection ends after what is sent within this call. */
  onUnframed(
    head: Uint8Array,
    fault: { readonly status: number; readonly reason: string },
    source: Source,
    transport: Transport,
  ): void;
  /** Streams only: is a connection from there taken at all? Asked before any handshake; default yes. */
  heeds?(source: Source): boolean;
  /** Streams only: a connection from there ended that brought no message, or no end to its handshake. */
  onWasted?(source: Source): void;
  /** Streams only: the peers (`flowKey`) whose connections calls go over; they are not closed for being quiet. */
  flowsInUse?(): ReadonlySet<string>;
}

/** A peer's end of a connection, as one word. */
export const flowKey = (kind: TransportKind, { address, port }: Destination): string => `${kind} ${address} ${port}`;

/** A message on its way out, with what a trace shows of it. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly callId: string;
  readonly summary: string;
}

/** One way out, with the destination fixed. */
export interface Outlet {
  readonly reliable: boolean;
  /** As `Transport.send`. */
  send(packet: Packet, onFailed?: (error: Error) => void): void;
}
