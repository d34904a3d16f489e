import type { JsonObject, JsonValue } from '../json.ts';
import type { Destination, TransportKind } from '../transport/port.ts';

/** What has to be known of a dialog to send requests in it, also after a crash. Plain JSON. */
export interface DialogState {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** The To of the INVITE with our tag: From of our requests. */
  readonly localAddress: string;
  /** The From of the INVITE: To of our requests. */
  readonly remoteAddress: string;
  /** URI of the peer's Contact. */
  readonly remoteTarget: string;
  /** Record-Route values, in order (RFC 3261 12.1.1). */
  readonly routes: readonly string[];
  readonly localSeq: number;
  readonly inviteSeq: number;
  readonly transport: TransportKind;
  /** The listener the INVITE came in on. */
  readonly localHost: string;
  readonly localPort: number;
  /** Where the INVITE came from: the way out for names that do not resolve, and for peers behind NAT. */
  readonly peer: Destination;
  /** Is the remote target an address the peer only believes it has (NAT)? Then requests go to `peer`. */
  readonly behindNat: boolean;
}

/** Writes a state as plain JSON. */
export const dialogMemo = (state: DialogState): JsonObject => ({
  ...state,
  peer: { address: state.peer.address, port: state.peer.port },
});

/** Reads back what `dialogMemo` wrote; undefined where it is something else. */
export function readDialogMemo(memo: JsonObject): DialogState | undefined {
  const { peer, routes, behindNat, localSeq, inviteSeq, localPort, transport } = memo;
  const strings = ['callId', 'localTag', 'remoteTag', 'localAddress', 'remoteAddress', 'remoteTarget', 'localHost'];
  const sound =
    strings.every((name) => typeof memo[name] === 'string') &&
    [localSeq, inviteSeq, localPort].every((value) => typeof value === 'number') &&
    (transport === 'udp' || transport === 'tcp' || transport === 'tls') &&
    Array.isArray(routes) &&
    routes.every((route) => typeof route === 'string') &&
    typeof behindNat === 'boolean' &&
    isDestination(peer);
  return sound ? (memo as unknown as DialogState) : undefined;
}

function isDestination(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { address, port } = value as JsonObject;
  return typeof address === 'string' && typeof port === 'number';
}
