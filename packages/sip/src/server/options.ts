import type { Clock } from '../clock.ts';
import type { Dialog } from '../dialog/index.ts';
import type { JsonObject } from '../json.ts';
import type { Locate } from '../locate/index.ts';
import type { HeaderInput, SipRequest } from '../message/index.ts';
import type { ParsedOffer } from '../sdp/index.ts';
import type { SipTimers } from '../transaction/index.ts';
import type { PublicHost } from '../transport/address.ts';
import type { Source, TransportKind } from '../transport/port.ts';
import type { StreamLimits } from '../transport/stream-limits.ts';
import type { TlsIdentity } from '../transport/tls-endpoint.ts';
import type { FindCredentials } from './answer-to.ts';
import type { Refusal } from './judge-request.ts';
import type { MessageEnd, OutgoingMessage } from './message-sender.ts';
import type { IncomingMessage } from './message-server.ts';

/** One message that went in or out. */
export interface TraceLine {
  readonly callId: string;
  /** Epoch ms. */
  readonly at: number;
  readonly direction: 'in' | 'out';
  /** `INVITE sip:…`, `180 Ringing (INVITE)`. */
  readonly summary: string;
}

/**
 * What becomes of a request at the door. `unproven` is let in too, though its source may be forged: what the rules then
 * refuse of it is answered without keeping or repeating anything.
 */
export type Admission = 'accept' | 'unproven' | 'refuse' | 'drop' | Refusal;

/** What the server needs apart from its listeners. */
export interface CoreOptions {
  readonly clock: Clock;
  /** A fresh token for tags and branches; at least 64 random bits, token characters. */
  readonly random: () => string;
  /** Advertised in Contact and Via, port and all; default the listener's own address. */
  readonly publicHost?: PublicHost;
  /** The Server and User-Agent headers; default none. */
  readonly userAgent?: string;
  /** Asked for every message, before it is read: false is silence. Default: everybody is heard. */
  heeds?(source: Source): boolean;
  /**
   * Asked for every request before anything is kept of it: `refuse` is a stateless 403, another refusal is stateless too,
   * `drop` is silence.
   */
  admit(source: Source, request: SipRequest): Admission;
  /**
   * Something came that is no request one could answer: what cannot be read, a response nobody waits for, a connection
   * that ended without a message.
   */
  onStray?(source: Source): void;
  /** A new call. 100 has been sent. What it throws ends that call with 500. */
  onInvite(invite: IncomingInvite): void;
  /** A text (RFC 3428), outside of calls. Absent: MESSAGE is answered with 405. What it throws is a 500. */
  onMessage?(message: IncomingMessage): void;
  /** Every message sent and received, retransmissions included. */
  onTrace?(line: TraceLine): void;
  /** What a listener threw while a message was taken in; default: thrown on. */
  onError?(error: unknown, callId: string): void;
  /** Defaults 500, 4,000 and 5,000. */
  readonly timers?: Partial<SipTimers>;
  /** Finds where a host in a route or Contact is reached (RFC 3263); default DNS and the hosts file. */
  readonly locate?: Locate;
  /** What to answer a 401 or 407 with that comes to a request of ours; default nothing. */
  readonly credentials?: FindCredentials;
}

/** Settings of a server, with where it listens. */
export interface ServerOptions extends CoreOptions {
  readonly listeners: readonly Listener[];
  /** What each TCP and TLS listener allows its peers. */
  readonly streams?: Partial<StreamLimits>;
}

/** Where to listen. Port 0 takes a free one; UDP and TCP (or TLS) of one host with port 0 get the same number. */
export type Listener =
  | { readonly transport: 'udp' | 'tcp'; readonly host: string; readonly port: number }
  | ({ readonly transport: 'tls'; readonly host: string; readonly port: number } & TlsIdentity);

/** Counts since the start, unless they say otherwise. */
export interface SipStats {
  readonly received: number;
  readonly sent: number;
  /** Datagrams and stream messages that could not be parsed. */
  readonly malformed: number;
  /** Requests `admit` refused or dropped. */
  readonly notAdmitted: number;
  /** Messages of sources that are not heeded. */
  readonly unheeded: number;
  readonly invites: number;
  /** Refusals whose ACK never came (timer H). */
  readonly unacknowledged: number;
  /** Now in memory. */
  readonly transactions: number;
  readonly dialogs: number;
}

/** A running server. */
export interface SipServer {
  readonly addresses: readonly { readonly transport: TransportKind; readonly host: string; readonly port: number }[];
  /** After a crash: the final response to a stored INVITE, repeated until its ACK. False for a memo it cannot read. */
  recoverRefuse(memo: JsonObject, code: number, options?: RefuseOptions): boolean;
  /** After a crash: a BYE in a stored dialog. Resolves when it was answered or given up; never rejects. */
  recoverBye(dialogMemo: JsonObject, headers?: HeaderInput): Promise<void>;
  /** Sends a text to the peer that a text came from. Resolves with its answer, at the latest after 64·T1. */
  sendMessage(message: OutgoingMessage): Promise<MessageEnd>;
  stats(): SipStats;
  /**
   * Every TLS listener shows this identity from now on; connections that are open go on. Throws, with all as it was,
   * where it cannot be used.
   */
  setTlsIdentity(identity: TlsIdentity): void;
  /** Stops at once: every timer and socket. Ending calls first is the caller's. */
  close(): Promise<void>;
}

/** What a refusal says beside its code. */
export interface RefuseOptions {
  /** Reason phrase; default the usual one. */
  readonly reason?: string;
  readonly headers?: HeaderInput;
  /**
   * Sent once and forgotten, whatever becomes of it: for who may be anybody, so that a forged source gets no stream of
   * repetitions and nothing is kept of its guesses. The INVITE, come again, is a new one. Default: repeated to the ACK.
   */
  readonly once?: boolean;
}

/**
 * A call that rings. `provisional`, `accept` and `refuse` are synchronous: when they return, the transport's send was
 * called. Exactly one final response is ever sent; after it, or after a CANCEL, they do nothing.
 */
export interface IncomingInvite {
  readonly request: SipRequest;
  readonly source: Source;
  /** The listener it came in by. */
  readonly local: { readonly host: string; readonly port: number };
  readonly callId: string;
  /** Empty where the caller sent none (RFC 2543). */
  readonly fromTag: string;
  readonly cseq: number;
  /** Our tag, in every response but 100. */
  readonly toTag: string;
  /** undefined: no SDP in the INVITE, so the 200 carries our offer and the ACK the answer. */
  readonly offer: ParsedOffer | undefined;
  /** Plain JSON: enough to refuse the call after a crash. */
  readonly memo: JsonObject;
  /** Plain JSON: enough to end the call after a crash, had it been accepted just before. */
  readonly dialogMemo: JsonObject;
  /** A CANCEL, or a BYE while ringing, was matched before a final response; or a PRACK that had to come did not. */
  readonly cancelled: boolean;
  /**
   * The caller requires reliable provisional responses and made no offer: the first `provisional` has to carry ours
   * (RFC 3262 5), its PRACK brings the answer (`onAnswer`), and the 200 says no more of it.
   */
  readonly ringsWithOffer: boolean;
  /** The values of a header, one per line. */
  headers(name: string): string[];
  /**
   * False where it is too late. May be repeated. Where the caller requires 100rel it is sent reliably, and nothing is
   * sent while the one before waits for its PRACK.
   */
  provisional(code: 180 | 183, extra?: { readonly sdp?: string; readonly headers?: HeaderInput }): boolean;
  /**
   * Sends the 200, repeated until the ACK. undefined where it is too late. Only where `ringsWithOffer` and the PRACK is
   * still to come, the 200 waits for it (RFC 3262 3).
   */
  accept(options: { readonly sdp: string; readonly headers?: HeaderInput }): Dialog | undefined;
  /** Sends a final response of 300 to 699, repeated until the ACK unless `once`. False where it is too late. */
  refuse(code: number, options?: RefuseOptions): boolean;
  /**
   * The caller gave up; 200 to the CANCEL and 487 are already sent. Called at once if it already happened. undefined
   * where it said so beforehand (Expires; 487 is sent), or no PRACK came in 64·T1 (504 is sent).
   */
  onCancel(listener: (cancel: SipRequest | undefined) => void): void;
  /** The answer to the offer of `ringsWithOffer`; undefined where the PRACK had none that can be read. */
  onAnswer(listener: (answer: ParsedOffer | undefined) => void): void;
}
