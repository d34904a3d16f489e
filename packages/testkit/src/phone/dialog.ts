import {
  buildRequest,
  headerList,
  headerValue,
  isSipUri,
  parseNameAddr,
  parseUri,
  type SipRequest,
  type SipResponse,
} from '@pickup/sip';

/** A host and port to send to. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

/** The caller's end of a dialog: what its requests have in common (RFC 3261, 12.1.2 and 12.2.1.1). */
export interface Dialog {
  readonly from: string;
  readonly to: string;
  readonly callId: string;
  readonly target: string;
  readonly routes: readonly string[];
}

/** The dialog that a 2xx creates. */
export function dialogOf(invite: SipRequest, answer: SipResponse): Dialog {
  const contact = parseNameAddr(headerValue(answer, 'contact') ?? '');
  return {
    from: headerValue(invite, 'from')!,
    to: headerValue(answer, 'to')!,
    callId: headerValue(invite, 'call-id')!,
    target: contact?.uri ?? invite.uri,
    routes: headerList(answer, 'record-route').reverse(),
  };
}

/** A request inside the dialog, loose-routed. */
export function dialogRequest(
  dialog: Dialog,
  options: { readonly method: string; readonly seq: number; readonly via: string; readonly body?: string },
): SipRequest {
  const { method, seq, via, body } = options;
  const routes = dialog.routes.map((route) => ['Route', route] as const);
  return buildRequest({
    method,
    uri: dialog.target,
    headers: [
      ['Via', via],
      ['Max-Forwards', '70'],
      ...routes,
      ['From', dialog.from],
      ['To', dialog.to],
      ['Call-ID', dialog.callId],
      ['CSeq', `${seq} ${method}`],
    ],
    ...(body === undefined ? {} : { body }),
  });
}

/** Where the dialog's requests go: the first route, else the target. */
export function dialogDestination(dialog: Dialog, fallback: Destination): Destination {
  const first = dialog.routes[0];
  const uri = parseUri(first === undefined ? dialog.target : (parseNameAddr(first)?.uri ?? ''));
  if (uri === undefined || !isSipUri(uri)) return fallback;
  return { host: uri.host, port: uri.port ?? 5060 };
}
