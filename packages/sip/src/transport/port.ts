/** The transport port: UDP today; streams fit in as one `Transport` per connection. */

/** Transports a message can name; only udp has a driver so far. */
export type TransportKind = 'udp' | 'tcp' | 'tls';

/** Where a message came from. */
export interface Source {
  readonly address: string;
  readonly port: number;
  readonly transport: TransportKind;
}

/** Where a message goes. */
export interface Destination {
  readonly address: string;
  readonly port: number;
}

/** A way messages go out. */
export interface Transport {
  readonly kind: TransportKind;
  /** Reliable transports need no retransmission of non-2xx finals and requests. */
  readonly reliable: boolean;
  readonly local: { readonly host: string; readonly port: number };
  /** Returns once the socket's send was called: the message is then handed over. Never throws. */
  send(bytes: Uint8Array, to: Destination): void;
  close(): Promise<void>;
}

/** A message on its way out, with what a trace shows of it. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly callId: string;
  readonly summary: string;
}

/** One way out, with the destination fixed. */
export interface Outlet {
  readonly reliable: boolean;
  send(packet: Packet): void;
}
