import type { HeaderInput, SipRequest } from '../message/index.ts';
import { buildRequest, isSipUri, paramValue, parseNameAddr, parseUri } from '../message/index.ts';
import type { DialogState } from './memo.ts';

/** What a request in a dialog says beside what the dialog knows. */
export interface InDialogOptions {
  readonly method: string;
  readonly seq: number;
  /** The Via value, branch included. */
  readonly via: string;
  readonly userAgent?: string;
  readonly headers?: HeaderInput;
  /** SDP. */
  readonly body?: string;
}

/** The URI a dialog's request is sent towards: the first route, else the remote target. */
export const nextHop = (state: DialogState): string => routeUri(state.routes[0]) ?? state.remoteTarget;

/** Builds a request inside a dialog, by loose or strict routing as the first route asks (RFC 3261 12.2.1.1). */
export function buildInDialogRequest(state: DialogState, options: InDialogOptions): SipRequest {
  const first = routeUri(state.routes[0]);
  const strict = first !== undefined && !isLoose(first);
  const uri = strict ? first : state.remoteTarget;
  const routes = strict ? [...state.routes.slice(1), `<${state.remoteTarget}>`] : state.routes;
  const headers: HeaderInput = [
    ['Via', options.via],
    ['Max-Forwards', '70'],
    ...routes.map((route) => ['Route', route] as const),
    ['From', state.localAddress],
    ['To', state.remoteAddress],
    ['Call-ID', state.callId],
    ['CSeq', `${options.seq} ${options.method}`],
    ...(options.userAgent === undefined ? [] : [['User-Agent', options.userAgent] as const]),
    ...(options.headers ?? []),
  ];
  const body = options.body === undefined ? {} : { body: options.body };
  return buildRequest({ method: options.method, uri, headers, ...body });
}

const routeUri = (route: string | undefined): string | undefined =>
  route === undefined ? undefined : parseNameAddr(route)?.uri;

function isLoose(uri: string): boolean {
  const parsed = parseUri(uri);
  return parsed !== undefined && isSipUri(parsed) && paramValue(parsed.params, 'lr') !== undefined;
}
