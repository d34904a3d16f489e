/** Where and how the other side wants audio. */
export interface SdpAudio {
  readonly address: string;
  readonly port: number;
  readonly payloadType: 0 | 8;
  /** Payload type of telephone-event (RFC 4733), where the other side takes it. */
  readonly dtmfPayloadType?: number;
}

/** Our session description: G.711 and telephone-event on one audio line. */
export function writeSdp(audio: { readonly host: string; readonly port: number }, codecs: readonly (0 | 8)[]): string {
  const address = `IN IP${audio.host.includes(':') ? 6 : 4} ${audio.host}`;
  const lines = [
    'v=0',
    `o=phone 1 1 ${address}`,
    's=-',
    `c=${address}`,
    't=0 0',
    `m=audio ${audio.port} RTP/AVP ${[...codecs, 101].join(' ')}`,
    ...codecs.map((codec) => `a=rtpmap:${codec} ${codec === 0 ? 'PCMU' : 'PCMA'}/8000`),
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:20',
    'a=sendrecv',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** The audio of a session description, with the first of its codecs that is also ours; `undefined` if there is none. */
export function readSdp(body: string, codecs: readonly (0 | 8)[]): SdpAudio | undefined {
  const [session, ...media] = body.split(/^(?=m=)/m);
  const audio = media.find((part) => part.startsWith('m=audio '));
  const line = /^m=audio (\d+)\S* \S+ ([\d ]+)/.exec(audio ?? '');
  const address = /^c=IN IP[46] ([^\s/]+)/m.exec(audio ?? '') ?? /^c=IN IP[46] ([^\s/]+)/m.exec(session ?? '');
  const types = line?.[2]?.trim().split(' ').map(Number) ?? [];
  const payloadType = types.map((type) => codecs.find((codec) => codec === type)).find((type) => type !== undefined);
  if (line === null || !address || payloadType === undefined) return undefined;
  const events = /^a=rtpmap:(\d+) telephone-event\/8000/im.exec(audio ?? '')?.[1];
  const dtmf = events !== undefined && types.includes(Number(events)) ? { dtmfPayloadType: Number(events) } : {};
  return { address: address[1]!, port: Number(line[1]), payloadType, ...dtmf };
}
