/** What speaks: text in, samples out. Faults are returned, never thrown. */

/** Time as the gateway injects it. */
export interface Clock {
  monoMs(): number;
  wallMs(): number;
  /** Calls once; the returned function cancels. */
  after(delayMs: number, fire: () => void): () => void;
}

export interface Log {
  info(event: string, fields: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
  error(event: string, fields: Readonly<Record<string, unknown>>): void;
}

export interface SpeechRequest {
  readonly text: string;
  /** The engine's name of a voice, `en-us`; see `espeakVoice`. */
  readonly voice: string;
  /** 0.5 to 2. */
  readonly speed: number;
}

/** `timeout`, `crashed`, `closed` and `busy` may be tried again; `refused` is about the request itself. */
export type SpeechError = 'timeout' | 'crashed' | 'refused' | 'busy' | 'closed' | 'aborted';

export type SpeechResult =
  /** Signed 16-bit mono at 8,000 Hz, without silence at the ends. Shared: not to be written to. */
  | { readonly ok: true; readonly samples: Int16Array }
  | { readonly ok: false; readonly error: SpeechError; readonly message: string };

export interface OfflineVoice {
  /** Changes whenever the same request could sound otherwise; part of cache keys. */
  readonly engineVersion: string;
  synthesise(request: SpeechRequest): Promise<SpeechResult>;
  /** Resolves when the engine has loaded, or did not within its time. */
  warmUp(): Promise<boolean>;
  close(): Promise<void>;
}
