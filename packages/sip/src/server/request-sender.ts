import { buildInDialogRequest, type DialogState, nextHop } from '../dialog/index.ts';
import { branchCookie, type HeaderInput, parseUri, serializeMessage } from '../message/index.ts';
import { clientKey, NonInviteClientTransaction, type Schedule, type SipTimers } from '../transaction/index.ts';
import { defaultPort, isAddress, type UriTarget, uriTarget } from '../transport/address.ts';
import type { Destination, Packet, Transport } from '../transport/port.ts';
import type { ResolveHost } from '../transport/resolve.ts';
import type { TransportSet } from './transport-set.ts';

interface RequestSenderOptions {
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  readonly random: () => string;
  readonly userAgent: string | undefined;
  readonly resolveHost: ResolveHost;
  readonly transports: TransportSet;
  readonly send: (packet: Packet, transport: Transport, to: Destination) => void;
}

/** Request Timeout: what no answer counts as (RFC 3261 8.1.3.1). */
const timedOut = 408;

/** Sends our requests in dialogs, BYE and UPDATE, and waits for their answers. */
export class RequestSender {
  readonly #options: RequestSenderOptions;
  readonly #transactions = new Map<string, NonInviteClientTransaction>();
  readonly #waiting = new Set<(status: number) => void>();
  #closed = false;

  constructor(options: RequestSenderOptions) {
    this.#options = options;
  }

  /** Client transactions in memory. */
  get size(): number {
    return this.#transactions.size;
  }

  /** Sends a BYE; resolves as `#send` does. */
  async bye(state: DialogState, headers: HeaderInput | undefined): Promise<void> {
    await this.#send(state, 'BYE', headers ?? []);
  }

  /** Sends an UPDATE that refreshes the session (RFC 4028 7.4); resolves as `#send` does. */
  refresh(state: DialogState, seconds: number): Promise<number> {
    const { transports } = this.#options;
    const transport = transports.forDialog(state, this.#target(state)?.transport);
    if (!transport) return Promise.resolve(timedOut);
    return this.#send(state, 'UPDATE', [
      ['Contact', transports.contact(transport, state.peer, state.remoteTarget)],
      ['Supported', 'timer'],
      ['Session-Expires', `${seconds};refresher=uac`],
    ]);
  }

  /** Resolves with the final status, 408 after 64·T1 without one or when closed. Never rejects. */
  async #send(state: DialogState, method: string, headers: HeaderInput): Promise<number> {
    const target = this.#target(state);
    const transport = this.#options.transports.forDialog(state, target?.transport);
    if (!transport) return timedOut;
    const branch = `${branchCookie}${this.#options.random()}`;
    const sentBy = this.#options.transports.advertise(transport, state.peer);
    const request = buildInDialogRequest(state, {
      method,
      seq: state.localSeq + 1,
      via: `SIP/2.0/${transport.kind.toUpperCase()} ${sentBy};branch=${branch};rport`,
      ...(this.#options.userAgent === undefined ? {} : { userAgent: this.#options.userAgent }),
      headers,
    });
    const packet = { bytes: serializeMessage(request), callId: state.callId, summary: `${method} ${request.uri}` };
    const found = this.#destination(state, target, transport);
    const to = found instanceof Promise ? await found : found;
    if (this.#closed) return timedOut;
    return this.#transact(clientKey(branch, method), packet, transport, to);
  }

  /** Hands a response to its transaction; false where there is none. */
  receive(key: string, status: number): boolean {
    const transaction = this.#transactions.get(key);
    transaction?.receive(status);
    return transaction !== undefined;
  }

  /** Resolves everything that waits; nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#transactions.clear();
    for (const resolve of [...this.#waiting]) resolve(timedOut);
    this.#waiting.clear();
  }

  #transact(key: string, packet: Packet, transport: Transport, to: Destination): Promise<number> {
    const { timers, schedule, send } = this.#options;
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      const outlet = { reliable: transport.reliable, send: (bytes: Packet) => send(bytes, transport, to) };
      const transaction = new NonInviteClientTransaction({
        packet,
        outlet,
        timers,
        schedule,
        onFinal: (status) => {
          this.#waiting.delete(resolve);
          resolve(status);
        },
        onTerminated: () => this.#transactions.delete(key),
      });
      this.#transactions.set(key, transaction);
    });
  }

  /** The next hop; undefined where it is the INVITE's source, whatever the Contact says. */
  #target(state: DialogState): UriTarget | undefined {
    if (state.behindNat && state.routes.length === 0) return undefined;
    return uriTarget(parseUri(nextHop(state)));
  }

  /** The next hop's address; the INVITE's source where it has none (RFC 3263 has no answer). */
  #destination(
    state: DialogState,
    target: UriTarget | undefined,
    transport: Transport,
  ): Destination | Promise<Destination> {
    if (!target) return state.peer;
    const { host, port = defaultPort(transport.kind) } = target;
    const place = (address: string): Destination => {
      const found = { address, port, name: host };
      // The connection the INVITE came by serves, as long as it is open: the peer may be unable to take others.
      const isPeer = transport.reliable && transport.kind === state.transport && address === state.peer.address;
      return isPeer ? { ...state.peer, name: host, reconnect: { address, port } } : found;
    };
    if (isAddress(host)) return place(host);
    return this.#options.resolveHost(host).then((address) => (address === undefined ? state.peer : place(address)));
  }
}
