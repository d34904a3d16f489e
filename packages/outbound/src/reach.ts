/**
 * Whether a URL can be reached, without a request to it: name, address guard, TCP and TLS as a request would have them,
 * then the connection is closed. Only where asked, a GET without a body follows.
 */
import { get as httpGet } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { createAddressGuard, type GuardOptions } from './address-guard.ts';
import { addressRefused, type DialError, type Failure, internalError, replyFailure, timedOut } from './failure.ts';
import { type DialSettings, makeDialer } from './make-dialer.ts';
import { parseTarget, type Target } from './target.ts';
import type { AttemptPhases, Clock } from './types.ts';

/** What is to be reached. */
export interface ReachRequest {
  readonly url: string;
  /** The longest it may take in all, in ms. */
  readonly limitMs: number;
  /** Sends `GET` to the URL and reads the head of the answer. Default: nothing is sent. */
  readonly get?: boolean;
}

/** How far one came. */
export type ReachResult = { readonly phases: AttemptPhases } & (
  | {
      readonly ok: true;
      /** The address that was connected to. */
      readonly address: string;
      /** Epoch ms until which the certificate is valid; over TLS only. */
      readonly certificateEndsAt?: number;
      /** Of a GET: the status, and the answer's `date` as epoch ms. */
      readonly status?: number;
      readonly date?: number;
    }
  | ({ readonly ok: false } & Failure)
);

/** Tries to reach a URL. Never rejects. */
export type Reach = (request: ReachRequest) => Promise<ReachResult>;

/** Makes the function; it keeps nothing open. Throws on a malformed CIDR in `allow`. */
export function createReach(options: GuardOptions & DialSettings): Reach {
  const { clock } = options;
  const dialer = makeDialer(
    options,
    createAddressGuard(options, () => clock.monoMs()),
  );
  return (request) => {
    const target = parseTarget(request.url);
    if (typeof target === 'string') {
      return Promise.resolve({ ok: false, ...addressRefused(target), phases: { total_ms: 0 } });
    }
    return new Promise((resolve) => {
      const phases = new Phases(clock);
      let open: Socket | undefined;
      const settle = (result: Omit<Extract<ReachResult, { ok: true }>, 'phases'> | ({ ok: false } & Failure)) => {
        cancelLimit();
        open?.on('error', () => {}).destroy();
        resolve({ ...result, phases: phases.end() });
      };
      const cancelDial = dialer.dial(target, phases, (error: DialError | null, socket) => {
        if (!socket) {
          settle({ ok: false, ...(error?.failure ?? internalError(error)) });
          return;
        }
        open = socket;
        const found = describe(socket);
        if (!request.get) {
          settle({ ok: true, ...found });
          return;
        }
        phases.enter('sent');
        readHead(target, socket).then(
          (head) => settle({ ok: true, ...found, ...head }),
          (cause) => settle({ ok: false, ...replyFailure(cause, 'sent') }),
        );
      });
      const cancelLimit = clock.after(request.limitMs, () => {
        cancelDial();
        settle({ ok: false, ...timedOut(phases.stage, 0) });
      });
    });
  };
}

function describe(socket: Socket): { readonly address: string; readonly certificateEndsAt?: number } {
  const address = socket.remoteAddress ?? '';
  if (!(socket instanceof TLSSocket)) return { address };
  const endsAt = Date.parse(socket.getPeerCertificate().valid_to);
  return Number.isNaN(endsAt) ? { address } : { address, certificateEndsAt: endsAt };
}

function readHead(target: Target, socket: Socket): Promise<{ readonly status: number; readonly date?: number }> {
  return new Promise((resolve, reject) => {
    const headers = { host: new URL(target.href).host, connection: 'close' };
    const request = httpGet({ path: target.path, headers, createConnection: () => socket }, (response) => {
      const date = Date.parse(response.headers.date ?? '');
      resolve({ status: response.statusCode ?? 0, ...(!Number.isNaN(date) && { date }) });
      response.destroy();
    });
    request.on('error', reject);
  });
}

/** The stages of a dial and how long each took. */
class Phases {
  stage: 'queue' | 'dns' | 'connect' | 'tls' | 'sent' = 'queue';
  readonly #clock: Clock;
  readonly #startedMs: number;
  #sinceMs: number;
  readonly #spentMs: Partial<Record<'dns' | 'connect' | 'tls' | 'sent' | 'queue', number>> = {};

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedMs = clock.monoMs();
    this.#sinceMs = this.#startedMs;
  }

  enter(stage: 'dns' | 'connect' | 'tls' | 'sent'): void {
    const nowMs = this.#clock.monoMs();
    this.#spentMs[this.stage] = nowMs - this.#sinceMs;
    this.stage = stage;
    this.#sinceMs = nowMs;
  }

  end(): AttemptPhases {
    const nowMs = this.#clock.monoMs();
    this.#spentMs[this.stage] = nowMs - this.#sinceMs;
    const { dns, connect, tls, sent } = this.#spentMs;
    return {
      ...(dns !== undefined && { dns_ms: dns }),
      ...(connect !== undefined && { connect_ms: connect }),
      ...(tls !== undefined && { tls_ms: tls }),
      ...(sent !== undefined && { first_byte_ms: sent }),
      total_ms: nowMs - this.#startedMs,
    };
  }
}
