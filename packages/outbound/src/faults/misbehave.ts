/** How each fault answers on the link's socket: given the endpoint's reply, or without one. */
import type { ServerResponse } from 'node:http';
import type { Clock, OutboundReply } from '../types.ts';
import type { LinkFault } from './link-fault.ts';

/** Between two bytes of a dripping reply. */
const DRIP_MS = 300;
/** Until the first bytes have left: an RST overtakes what is still on its way. */
const BEFORE_RESET_MS = 50;
/** Where the reply has no body that could be cut. */
const CUT_JSON = '{"call_inbound": {"override_agent_id": "ag';

/** Of one connection, or about the body, which is inflated already. */
const NOT_PASSED_ON = new Set([
  ...['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-connection', 'te', 'trailer'],
  ...['content-length', 'content-encoding'],
]);

/** Answers without asking the endpoint; false where this fault needs its reply. */
export function answersAlone(fault: LinkFault, response: ServerResponse): boolean {
  if (fault === 'timeout') return true;
  if (fault !== '500') return false;
  end(response, 500, { 'content-type': 'application/json' }, Buffer.from('{"error":"a simulated fault of Pickup"}'));
  return true;
}

/** Passes the endpoint's reply on as the fault has it. */
export function passOn(fault: LinkFault, response: ServerResponse, reply: OutboundReply, clock: Clock): void {
  const headers = headersOf(reply);
  const { status, body } = reply;
  if (fault === 'slow-drip') return drip(response, reply, headers, clock);
  if (fault === 'reset') return reset(response, reply, headers, clock);
  if (fault !== 'malformed') return end(response, status, headers, body);
  const cut = body.length < 2 ? Buffer.from(CUT_JSON) : body.subarray(0, Math.ceil(body.length / 2));
  // A status that says there is no body would hide the cut.
  end(response, status === 204 ? 200 : status, headers, cut);
}

type Headers = Readonly<Record<string, string>>;

function headersOf({ headers }: OutboundReply): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name)));
}

function begin(response: ServerResponse, status: number, headers: Headers, length: number): void {
  const framed = status === 204 || status === 304 ? headers : { ...headers, 'content-length': String(length) };
  response.writeHead(status, { ...framed, connection: 'close' });
  response.flushHeaders();
}

function end(response: ServerResponse, status: number, headers: Headers, body: Buffer): void {
  begin(response, status, headers, body.length);
  response.end(body);
}

function drip(response: ServerResponse, { status, body }: OutboundReply, headers: Headers, clock: Clock): void {
  response.socket?.setNoDelay(true);
  begin(response, status, headers, body.length);
  let sent = 0;
  let cancel = () => {};
  response.once('close', () => cancel());
  const next = () => {
    if (sent === body.length) {
      response.end();
      return;
    }
    response.write(body.subarray(sent, ++sent));
    cancel = clock.after(DRIP_MS, next);
  };
  cancel = clock.after(DRIP_MS, next);
}

function reset(response: ServerResponse, { status, body }: OutboundReply, headers: Headers, clock: Clock): void {
  // More is announced than is sent, whatever the reply was.
  begin(response, status === 204 ? 200 : status, headers, body.length + 16);
  if (body.length > 0) response.write(body.subarray(0, Math.ceil(body.length / 2)));
  const cancel = clock.after(BEFORE_RESET_MS, () => response.socket?.resetAndDestroy());
  response.once('close', cancel);
}
