import type { JsonObject, JsonValue } from '../json.ts';
import { header, headerValue, headerValues, type SipRequest } from '../message/index.ts';
import type { Source, Transport } from '../transport/port.ts';

interface InviteOrigin {
  readonly request: SipRequest;
  readonly source: Source;
  readonly local: Transport['local'];
  readonly toTag: string;
}

/** Keeps of an INVITE what its final response needs (inbound.md H3), as plain JSON. */
export function inviteMemo({ request, source, local, toTag }: InviteOrigin): JsonObject {
  return {
    uri: request.uri,
    charset: request.charset,
    via: headerValues(request, 'via'),
    from: headerValue(request, 'from') ?? '',
    to: headerValue(request, 'to') ?? '',
    callId: headerValue(request, 'call-id') ?? '',
    cseq: headerValue(request, 'cseq') ?? '',
    toTag,
    source: { address: source.address, port: source.port, transport: source.transport },
    localHost: local.host,
    localPort: local.port,
  };
}

/** Rebuilds the INVITE, as far as a response needs it; undefined where the memo is something else. */
export function readInviteMemo(memo: JsonObject): InviteOrigin | undefined {
  const { uri, charset, via, from, to, callId, cseq, toTag, source, localHost, localPort } = memo;
  const texts = [uri, from, to, callId, cseq, toTag, localHost];
  const origin = readSource(source);
  if (!origin || !texts.every((text) => typeof text === 'string') || typeof localPort !== 'number') return undefined;
  if (!Array.isArray(via) || via.length === 0 || !via.every((value) => typeof value === 'string')) return undefined;
  const headers = [
    ...via.map((value: string) => header('Via', value)),
    header('From', from as string),
    header('To', to as string),
    header('Call-ID', callId as string),
    header('CSeq', cseq as string),
  ];
  const request: SipRequest = {
    kind: 'request',
    method: 'INVITE',
    uri: uri as string,
    headers,
    body: Buffer.alloc(0),
    charset: charset === 'latin1' ? 'latin1' : 'utf8',
  };
  return { request, source: origin, local: { host: localHost as string, port: localPort }, toTag: toTag as string };
}

function readSource(value: JsonValue | undefined): Source | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const { address, port, transport } = value as JsonObject;
  if (typeof address !== 'string' || typeof port !== 'number') return undefined;
  if (transport !== 'udp' && transport !== 'tcp' && transport !== 'tls') return undefined;
  return { address, port, transport };
}
