import { type DialogState, nextHop } from '../dialog/index.ts';
import { type Locate, type Place, placeAt } from '../locate/index.ts';
import { parseUri } from '../message/index.ts';
import { isAddress, type UriTarget, uriTarget } from '../transport/address.ts';
import type { Destination, Transport, TransportKind } from '../transport/port.ts';
import type { TransportSet } from './transport-set.ts';

/** One way a request may go. */
export interface Hop {
  readonly transport: Transport;
  readonly to: Destination;
}

const kinds: readonly TransportKind[] = ['udp', 'tcp', 'tls'];

/** Finds where the requests of a dialog go (RFC 3261 12.2.1.1, RFC 3263). */
export class NextHops {
  readonly #transports: TransportSet;
  readonly #locate: Locate;

  constructor(transports: TransportSet, locate: Locate) {
    this.#transports = transports;
    this.#locate = locate;
  }

  /**
   * The ways to the first route, else to the remote target, best first; to where the INVITE came from, where a name
   * is not known or the caller behind NAT gave an address of its own. At once where nothing has to be looked up.
   */
  find(state: DialogState): readonly Hop[] | Promise<readonly Hop[]> {
    const target = state.behindNat && state.routes.length === 0 ? undefined : this.#target(state);
    if (!target) return this.#back(state);
    const terms = { spoken: new Set(kinds.filter((kind) => this.#listener(state, kind))), usual: state.transport };
    if (isAddress(target.host)) return this.#hops(state, target, [placeAt(target.host, target, terms)]);
    return this.#locate(target, terms).then((places) => this.#hops(state, target, places));
  }

  #target(state: DialogState): UriTarget | undefined {
    const target = uriTarget(parseUri(nextHop(state)));
    if (target?.transport === undefined || this.#listener(state, target.transport)) return target;
    // What it names is not spoken here: the way of the INVITE may still do.
    const { transport: _unspoken, ...rest } = target;
    return rest;
  }

  #hops(state: DialogState, { host }: UriTarget, places: readonly Place[]): readonly Hop[] {
    const hops = places.flatMap((place) => {
      const local = { host: state.localHost, port: state.localPort };
      const transport = this.#transports.findToward(place.address, place.transport, local);
      if (!transport) return [];
      return [{ transport, to: this.#destination(state, transport, { ...place, name: host }) }];
    });
    return hops.length > 0 ? hops : this.#back(state);
  }

  #destination(
    { peer, transport: came }: DialogState,
    { reliable, kind }: Transport,
    { address, port, name }: Place & { readonly name: string },
  ): Destination {
    // The connection the INVITE came by serves, as long as it is open: the peer may be unable to take others.
    const isPeer = reliable && kind === came && address === peer.address;
    return isPeer ? { ...peer, name, reconnect: { address, port } } : { address, port, name };
  }

  #back(state: DialogState): readonly Hop[] {
    const transport = this.#listener(state, state.transport);
    return transport ? [{ transport, to: state.peer }] : [];
  }

  #listener({ localHost, localPort }: DialogState, kind: TransportKind): Transport | undefined {
    return this.#transports.find(kind, { host: localHost, port: localPort });
  }
}
