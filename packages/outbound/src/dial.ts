/**
 * Opens connections: resolves the name, judges every address, connects to the first that answers, and does TLS on it.
 * The sockets are connected to address literals, so what was judged is what is used.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { AddressGuard } from './address-guard.ts';
import {
  addressRefused,
  connectFailure,
  connectTimeout,
  DialError,
  type Failure,
  nameFailure,
  tlsFailure,
} from './failure.ts';
import type { Names } from './names.ts';
import type { Target } from './target.ts';
import type { AllowedAudit, Clock } from './types.ts';

/** Told of each stage as it begins, for the times of the phases. */
export interface DialWatch {
  enter(stage: 'dns' | 'connect' | 'tls'): void;
}

/** Exactly one of the two is null. */
export type DialDone = (error: DialError | null, socket: Socket | null) => void;

/** What a dialler needs of its surroundings. */
export interface DialerOptions {
  readonly clock: Clock;
  readonly guard: AddressGuard;
  readonly names: Names;
  /** For TCP and TLS together, in ms. */
  readonly connectTimeoutMs: number;
  /** PEM certificates trusted beside the default ones. */
  readonly ca?: string;
  readonly onAllowed?: (audit: AllowedAudit) => void;
}

// RFC 8305, 5: how long an address is tried alone.
const NEXT_ADDRESS_MS = 250;
const MAX_SESSIONS = 2_000;

/** Opens connections with TLS 1.2 or newer, and resumes TLS sessions of endpoints it knows. */
export class Dialer {
  readonly options: DialerOptions;
  readonly secureContext: SecureContext;
  readonly #sessions = new Map<string, Buffer>();

  constructor(options: DialerOptions) {
    this.options = options;
    const ca = options.ca === undefined ? {} : { ca: [...getCACertificates('default'), options.ca] };
    // Made once: reading the trusted certificates anew for every connection costs milliseconds.
    this.secureContext = createSecureContext({ minVersion: 'TLSv1.2', ...ca });
  }

  /** Begins a dial; `done` is called once, later, unless the returned function cancelled it. */
  dial(target: Target, watch: DialWatch, done: DialDone): () => void {
    const dial = new Dial(this, target, watch, done);
    void dial.start();
    return () => dial.cancel();
  }

  session(origin: string): Buffer | undefined {
    return this.#sessions.get(origin);
  }

  keepSession(origin: string, session: Buffer | undefined): void {
    this.#sessions.delete(origin);
    if (session === undefined) return;
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value!);
    this.#sessions.set(origin, session);
  }
}

class Dial {
  readonly #dialer: Dialer;
  readonly #target: Target;
  readonly #watch: DialWatch;
  readonly #done: DialDone;
  readonly #sockets = new Set<Socket>();
  #addresses: readonly string[] = [];
  #next = 0;
  #stage: 'connect' | 'tls' = 'connect';
  #ended = false;
  #cancelTimeout: () => void = () => {};
  #cancelStagger: () => void = () => {};

  constructor(dialer: Dialer, target: Target, watch: DialWatch, done: DialDone) {
    this.#dialer = dialer;
    this.#target = target;
    this.#watch = watch;
    this.#done = done;
  }

  async start(): Promise<void> {
    const { clock, connectTimeoutMs } = this.#dialer.options;
    try {
      this.#addresses = await this.#resolve();
    } catch (error) {
      this.#fail(nameFailure(error));
      return;
    }
    if (this.#ended) return;
    const refusals: { readonly code: string; readonly text: string }[] = [];
    this.#addresses = this.#addresses.filter((address) => this.#permits(address, refusals));
    if (this.#addresses.length === 0) {
      const isOwn = refusals.length > 0 && refusals.every(({ code }) => code === 'own_port');
      const why = refusals.map(({ text }) => text).join('; ');
      this.#fail(addressRefused(isOwn ? 'own_port' : 'not_public', why));
      return;
    }
    this.#watch.enter('connect');
    this.#cancelTimeout = clock.after(connectTimeoutMs, () =>
      this.#fail(connectTimeout(this.#stage, connectTimeoutMs)),
    );
    this.#tryNext();
  }

  cancel(): void {
    if (!this.#ended) this.#end();
  }

  async #resolve(): Promise<readonly string[]> {
    if (this.#target.literal) return [this.#target.host];
    this.#watch.enter('dns');
    return this.#dialer.options.names.lookup(this.#target.host);
  }

  #permits(address: string, refusals: { readonly code: string; readonly text: string }[]): boolean {
    const { host, port } = this.#target;
    const verdict = this.#dialer.options.guard(address, port);
    if (verdict.ok) {
      if (verdict.rule) this.#dialer.options.onAllowed?.({ host, port, address, rule: verdict.rule });
      return true;
    }
    const remedy = verdict.setting ? `; to allow it set ${verdict.setting}` : '';
    refusals.push({ code: verdict.code, text: `${host} is ${address} port ${port}: ${verdict.code}${remedy}` });
    return false;
  }

  #tryNext(): void {
    const address = this.#addresses[this.#next++];
    if (address === undefined || this.#ended || this.#stage === 'tls') return;
    this.#cancelStagger();
    const socket = connectTcp({
      host: address,
      port: this.#target.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 60_000,
    });
    this.#sockets.add(socket);
    const onError = (error: Error) => {
      this.#sockets.delete(socket);
      if (this.#next < this.#addresses.length) this.#tryNext();
      else if (this.#sockets.size === 0) this.#fail(connectFailure(error));
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      this.#connected(socket);
    });
    if (this.#next < this.#addresses.length) {
      this.#cancelStagger = this.#dialer.options.clock.after(NEXT_ADDRESS_MS, () => this.#tryNext());
    }
  }

  #connected(socket: Socket): void {
    this.#sockets.delete(socket);
    this.#dropSockets();
    this.#cancelStagger();
    if (!this.#target.secure) {
      this.#succeed(socket);
      return;
    }
    this.#stage = 'tls';
    this.#watch.enter('tls');
    this.#secure(socket);
  }

  #secure(socket: Socket): void {
    const { host, literal, origin } = this.#target;
    const session = this.#dialer.session(origin);
    const secured = connectTls({
      socket,
      host,
      // RFC 6066, 3: no address literal as server name. The certificate is then matched against `host`.
      ...(literal ? {} : { servername: host }),
      secureContext: this.#dialer.secureContext,
      ALPNProtocols: ['http/1.1'],
      ...(session ? { session } : {}),
    });
    this.#sockets.add(secured);
    const onError = (error: Error) => {
      // A session that the server no longer likes must not fail the next dial too.
      this.#dialer.keepSession(origin, undefined);
      this.#fail(tlsFailure(error));
    };
    secured.once('error', onError);
    secured.on('session', (fresh) => this.#dialer.keepSession(origin, fresh));
    secured.once('secureConnect', () => {
      secured.off('error', onError);
      this.#sockets.delete(secured);
      this.#succeed(secured);
    });
  }

  #succeed(socket: Socket): void {
    this.#end();
    this.#done(null, socket);
  }

  #fail(failure: Failure): void {
    if (this.#ended) return;
    this.#end();
    this.#done(new DialError(failure), null);
  }

  #end(): void {
    this.#ended = true;
    this.#cancelTimeout();
    this.#cancelStagger();
    this.#dropSockets();
  }

  #dropSockets(): void {
    for (const socket of this.#sockets) socket.on('error', ignore).destroy();
    this.#sockets.clear();
  }
}

function ignore(): void {}
