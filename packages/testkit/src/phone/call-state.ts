/** Headers by lower-case name; of repeated ones the values joined by commas. */
export type Headers = Readonly<Record<string, string>>;

/** A response as the phone saw it; times count from the first INVITE. */
export interface SeenResponse {
  readonly code: number;
  readonly reason: string;
  readonly headers: Headers;
  readonly body: string;
  readonly atMs: number;
}

/** Who ended a call: the phone, or the server. */
export type EndedBy = 'us' | 'them';

/** What happens to a call, in order. `refused` is followed by `ended`. */
export type CallState =
  | { readonly kind: 'trying'; readonly atMs: number }
  | { readonly kind: 'ringing'; readonly atMs: number }
  | { readonly kind: 'answered'; readonly atMs: number }
  | {
      readonly kind: 'refused';
      readonly atMs: number;
      readonly code: number;
      readonly reason: string;
      readonly headers: Headers;
    }
  | { readonly kind: 'ended'; readonly atMs: number; readonly by: EndedBy };

/** How to place a call. */
export interface CallOptions {
  /** A number, or a whole `sip:` URI. */
  readonly to: string;
  readonly from: string;
  readonly server: { readonly host: string; readonly port: number };
  /** More headers of the INVITE. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `normal`; `delayed` sends none and answers in the ACK; else an SDP, `{port}` being our RTP port. */
  readonly offer?: 'normal' | 'delayed' | (string & {});
  /** In order of preference. Default `[0, 8]`. */
  readonly codecs?: readonly (0 | 8)[];
  /** 8 kHz samples said once answered. */
  readonly speak?: Int16Array;
}

/** A call placed by the test phone. */
export interface PhoneCall {
  readonly callId: string;
  readonly states: readonly CallState[];
  readonly provisionals: readonly SeenResponse[];
  /** The final answer of the INVITE; 408 when none came in 32 s (Timer B) or the phone was closed. */
  readonly final: Promise<SeenResponse>;
  /** Resolves when it is over, refused and cancelled calls included. Never rejects. */
  readonly ended: Promise<{ readonly by: EndedBy }>;
  /** Every SIP message, as `start line`. */
  readonly messages: readonly { readonly direction: 'in' | 'out'; readonly summary: string; readonly atMs: number }[];
  readonly packetsReceived: number;
  /** Tells every state, also those already past. */
  onState(fn: (state: CallState) => void): void;
  /** Resolves at the first state of that kind; rejects when the call ends without it. */
  waitFor<Kind extends CallState['kind']>(kind: Kind): Promise<Extract<CallState, { kind: Kind }>>;
  /** CANCEL while ringing, and waits for the 487; BYE once answered. Resolves when the server has confirmed. */
  hangUp(): Promise<void>;
  /** Says samples after what is being said; resolves when sent. */
  say(samples: Int16Array): Promise<void>;
  /**
   * Presses keys (`0123456789*#ABCD`) one after the other, 100 ms each with 60 ms between them, as RFC 4733 events in
   * place of audio; resolves when the last was sent or the call is over. Rejects before the call is answered, on other
   * characters, and where the other side takes no telephone events.
   */
  sendDigits(digits: string): Promise<void>;
  /** What was heard so far, 8 kHz; lost packets are silence. */
  heard(): Int16Array;
  saveWav(path: string): Promise<void>;
}
