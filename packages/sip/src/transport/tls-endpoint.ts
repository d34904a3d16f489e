/**
 * The TLS half of a stream listener: one identity for both directions, which can be replaced while connections go on.
 * Peers that connect to us need no certificate. Where we connect, the peer's certificate has to be signed by `ca` (or a
 * well-known authority) and to name the host its address was found for, as `URI:sip:host` or as a DNS name, or else the
 * address itself (RFC 5922 7.1, 7.2).
 */
import { isIP, type Server, type Socket, type TcpNetConnectOpts } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  createServer,
  type PeerCertificate,
  type SecureContext,
  type Server as TlsServer,
} from 'node:tls';

/** What TLS needs, PEM. */
export interface TlsIdentity {
  readonly key: string | Buffer;
  /** With the intermediate certificates behind it. */
  readonly cert: string | Buffer;
  /** Who may have signed the certificates of peers that we connect to; default the well-known authorities. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
}

const minVersion = 'TLSv1.2';

/** A TLS server and the way out beside it. */
export class TlsEndpoint {
  readonly server: Server;
  #outgoing: SecureContext;

  /** Throws where the identity cannot be used. */
  constructor(identity: TlsIdentity, handshakeMs: number) {
    this.#outgoing = contextOf(identity);
    const { key, cert } = identity;
    this.server = createServer({ key, cert, minVersion, noDelay: true, handshakeTimeout: handshakeMs });
  }

  /** Handshakes from now on have this identity. Throws, with all as it was, where it cannot be used. */
  setIdentity(identity: TlsIdentity): void {
    this.#outgoing = contextOf(identity);
    const { key, cert } = identity;
    (this.server as TlsServer).setSecureContext({ key, cert, minVersion });
  }

  /** Connects; `name` is the host the certificate has to name, where it is none the address is. */
  connect(place: TcpNetConnectOpts, name: string | undefined): Socket {
    const named = name !== undefined && isIP(name) === 0 ? { servername: name } : {};
    return connect({ ...place, ...named, secureContext: this.#outgoing, checkServerIdentity: checkSipIdentity });
  }
}

function contextOf({ key, cert, ca }: TlsIdentity): SecureContext {
  const trust = ca === undefined ? {} : { ca: typeof ca === 'string' || Buffer.isBuffer(ca) ? ca : [...ca] };
  return createSecureContext({ key, cert, minVersion, ...trust });
}

/** A certificate of a SIP domain names it by a URI without user (RFC 5922 7.1); others as web servers do. */
function checkSipIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const wanted = `uri:sip:${host.toLowerCase()}`;
  const names = (certificate.subjectaltname ?? '').toLowerCase().split(', ');
  return names.includes(wanted) ? undefined : checkServerIdentity(host, certificate);
}
