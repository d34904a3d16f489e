/** MESSAGE requests (RFC 3428) as data: the text in one, and what a MESSAGE back to its sender needs. */
import type { JsonObject, JsonValue } from '../json.ts';
import {
  headerList,
  headerValue,
  paramValue,
  parseNameAddr,
  parseParams,
  type SipHead,
  type SipRequest,
  serializeNameAddr,
} from '../message/index.ts';
import { responseDestination } from '../transport/address.ts';
import type { Destination, Source, Transport, TransportKind } from '../transport/port.ts';
import type { Refusal } from './judge-request.ts';

/** The only body a MESSAGE may bring (RFC 3428 8 asks for it at least). */
export const textType = 'text/plain';
const acceptText: Refusal = { status: 415, headers: [['Accept', textType]] };
/** Longer than anybody types; what is longer is a file. */
const mostTextBytes = 32 * 1024;

/** The text of a MESSAGE, or why it is refused. Line ends become `\n`. */
export function readText(request: SipRequest): { readonly text: string } | { readonly refusal: Refusal } {
  const codings = headerList(request, 'content-encoding').filter((coding) => coding.toLowerCase() !== 'identity');
  if (codings.length > 0) return { refusal: { status: 415, headers: [['Accept-Encoding', 'identity']] } };
  const type = headerValue(request, 'content-type');
  if (request.body.length === 0) return { refusal: { status: 400, reason: 'Empty Message' } };
  const charset = type === undefined ? 'utf-8' : charsetOf(type);
  if (charset === undefined) return { refusal: acceptText };
  if (request.body.length > mostTextBytes) return { refusal: { status: 413 } };
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(request.body);
    return { text: text.replaceAll('\r\n', '\n') };
  } catch {
    return { refusal: { status: 400, reason: `Body Is Not ${charset.toUpperCase()}` } };
  }
}

/** The charset of a text/plain; undefined for other types and for charsets nobody here can read. */
function charsetOf(type: string): string | undefined {
  const semicolon = type.indexOf(';');
  const media = (semicolon < 0 ? type : type.slice(0, semicolon)).trim().toLowerCase();
  if (media !== textType) return undefined;
  const params = semicolon < 0 ? [] : parseParams(type, semicolon);
  const named = params && paramValue(params, 'charset')?.replaceAll('"', '').trim().toLowerCase();
  // ASCII is UTF-8, and what calls itself ASCII often is not.
  if (named === undefined || named === '' || named === 'us-ascii') return 'utf-8';
  try {
    return new TextDecoder(named).encoding;
  } catch {
    return undefined;
  }
}

/** The way back to who sent a MESSAGE: always the peer it came from, never where its From or a Contact point. */
export interface MessageRoute {
  readonly transport: TransportKind;
  readonly localHost: string;
  readonly localPort: number;
  readonly to: Destination;
  /** Our address, as the sender wrote it: the From of a MESSAGE back. */
  readonly localAddress: string;
  /** The sender's: its To. */
  readonly remoteAddress: string;
}

/** The route of a MESSAGE that arrived, as plain JSON. */
export function messageMemo(
  { request, head, source }: { readonly request: SipRequest; readonly head: SipHead; readonly source: Source },
  transport: Transport,
): JsonObject {
  const { address, port, reconnect, name } = responseDestination(head.via, source);
  return {
    transport: source.transport,
    localHost: transport.local.host,
    localPort: transport.local.port,
    to: { address, port, ...(reconnect && { reconnect: { ...reconnect } }), ...(name !== undefined && { name }) },
    localAddress: withoutParams(headerValue(request, 'to') ?? ''),
    remoteAddress: withoutParams(headerValue(request, 'from') ?? ''),
  };
}

/** Reads back what `messageMemo` wrote; undefined where it is something else. */
export function readMessageMemo(memo: JsonObject): MessageRoute | undefined {
  const { transport, localHost, localPort, to, localAddress, remoteAddress } = memo;
  const sound =
    (transport === 'udp' || transport === 'tcp' || transport === 'tls') &&
    [localHost, localAddress, remoteAddress].every((text) => typeof text === 'string') &&
    typeof localPort === 'number' &&
    isPlace(to) &&
    (to['reconnect'] === undefined || isPlace(to['reconnect']));
  return sound ? (memo as unknown as MessageRoute) : undefined;
}

function isPlace(value: JsonValue | undefined): value is JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { address, port } = value as JsonObject;
  return typeof address === 'string' && typeof port === 'number';
}

/** An address without its tag, which belongs to the request it stood in. */
function withoutParams(value: string): string {
  const address = parseNameAddr(value);
  return address ? serializeNameAddr({ ...address, params: [] }) : '';
}
