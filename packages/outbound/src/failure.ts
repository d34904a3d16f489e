/** Errors become classes with a fault, a public sentence and a private cause. */
import { errors } from 'undici';
import { NameError } from './names.ts';
import type { AttemptError, Fault } from './types.ts';

/** Why a request has no complete reply: class, whose fault, a public message and a private cause. */
export interface Failure {
  readonly error: AttemptError;
  readonly fault: Fault;
  /** Public: no host, no address, nothing of a body. */
  readonly message: string;
  /** Private. */
  readonly detail: string;
  /** Stable, and more exact than `error`: a system, TLS or DNS code, the stage a time-out ended in, why an address is refused. */
  readonly reason?: string;
}

/** How far an exchange had come. */
export type Stage = 'queue' | 'dns' | 'connect' | 'tls' | 'sent' | 'headers' | 'body';

/** A failed dial, with the stage it failed in. */
export class DialError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.detail);
    this.failure = failure;
  }
}

const WAITING: Readonly<Record<Stage, string>> = {
  queue: 'waiting for a free connection to the endpoint',
  dns: 'resolving the host name',
  connect: 'connecting',
  tls: 'in the TLS handshake',
  sent: 'waiting for the reply',
  headers: 'receiving the reply',
  body: 'receiving the reply',
};

// What this machine lacks: descriptors, ports, routes, permissions. None of it is the endpoint's doing.
const OUR_CODES = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'ENETUNREACH']);
// Answers about the name; whatever else goes wrong on the way to an answer is unknown, hence ours.
const NAME_CODES = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED', 'EBADNAME', 'EFORMERR']);

/**
 * The deadline passed. The endpoint's, unless the request never left our queue, the name look-up was still running,
 * or our own event loop ran late.
 */
export function timedOut(stage: Stage, lateMs: number): Failure {
  const ours = stage === 'queue' || stage === 'dns' || lateMs > 250;
  const message = `No complete reply within the time allowed; it ended ${WAITING[stage]}.`;
  return {
    error: 'timeout',
    fault: ours ? 'gateway' : 'endpoint',
    message,
    detail: `${message} Late by ${lateMs} ms.`,
    reason: stage,
  };
}

/** The request was given up; `fault` is that of whoever gave it up. */
export function abortedBy(fault: Fault, detail: string): Failure {
  return { error: 'aborted', fault, message: 'The request was given up before a reply came.', detail };
}

/** A fault of Pickup. */
export function internalError(cause: unknown): Failure {
  return {
    error: 'internal_error',
    fault: 'gateway',
    message: 'Pickup could not send the request.',
    detail: text(cause),
  };
}

/** The name could not be resolved: the fault of the endpoint where the name is to blame, else ours. */
export function nameFailure(cause: unknown): Failure {
  if (!(cause instanceof NameError)) return internalError(cause);
  const fault = NAME_CODES.has(cause.code) ? 'endpoint' : 'gateway';
  return {
    error: 'dns_error',
    fault,
    message: `The host name could not be resolved (${cause.code}).`,
    detail: text(cause),
    reason: cause.code,
  };
}

const REFUSED: Readonly<Record<RefusedBecause, string>> = {
  invalid_url: 'The URL cannot be read.',
  unsupported_scheme: 'The URL begins with neither http:// nor https://.',
  not_public: 'The URL leads to an address that is not public and not allowed by the operator.',
  own_port: 'The URL leads to Pickup itself.',
};

/** Why no connection is made to where a URL leads. */
export type RefusedBecause = 'invalid_url' | 'unsupported_scheme' | 'not_public' | 'own_port';

/** The endpoint's fault: it is the saved URL that leads there. */
export function addressRefused(reason: RefusedBecause, detail: string = reason): Failure {
  return { error: 'address_refused', fault: 'endpoint', message: REFUSED[reason], detail, reason };
}

/** TCP could not connect: the fault of the endpoint, unless this machine ran out of something. */
export function connectFailure(cause: unknown): Failure {
  const code = codeOf(cause);
  const fault = OUR_CODES.has(code) ? 'gateway' : 'endpoint';
  return {
    error: 'connect_error',
    fault,
    message: `The connection could not be made${inBrackets(code)}.`,
    detail: text(cause),
    ...(code !== '' && { reason: code }),
  };
}

/** TCP or TLS took longer than `timeoutMs`. */
export function connectTimeout(stage: 'connect' | 'tls', timeoutMs: number): Failure {
  const error = stage === 'tls' ? 'tls_error' : 'connect_error';
  const what = stage === 'tls' ? 'The TLS handshake was not completed' : 'The connection was not made';
  const message = `${what} within ${timeoutMs} ms.`;
  return { error, fault: 'endpoint', message, detail: message, reason: 'ETIMEDOUT' };
}

/** The handshake failed or the certificate is not valid for the host. */
export function tlsFailure(cause: unknown): Failure {
  const code = codeOf(cause);
  const message = `The TLS handshake failed${inBrackets(code)}.`;
  return { error: 'tls_error', fault: 'endpoint', message, detail: text(cause), ...(code !== '' && { reason: code }) };
}

/** A connection or reply broke; `stage` is how far it had come. */
export function replyFailure(cause: unknown, stage: Stage): Failure {
  if (cause instanceof DialError) return cause.failure;
  const code = codeOf(cause);
  const detail = text(cause);
  const headersIn = stage === 'body';
  const broken = (error: AttemptError, message: string): Failure => ({ error, fault: 'endpoint', message, detail });
  if (cause instanceof errors.HTTPParserError) {
    // The parser's complaint at the end of the stream, with no byte to point at.
    return (cause as { data?: unknown }).data === ''
      ? broken('incomplete_reply', 'The reply ended before it was complete.')
      : broken('malformed_reply', 'The reply is not valid HTTP.');
  }
  if (headersIn && code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return broken('incomplete_reply', 'The reply ended before it was complete.');
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    return broken('malformed_reply', 'The reply is not valid HTTP.');
  }
  if (code === 'UND_ERR_SOCKET') {
    return headersIn || stage === 'headers'
      ? broken('incomplete_reply', 'The reply ended before it was complete.')
      : broken('connection_reset', 'The endpoint closed the connection without a reply.');
  }
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ETIMEDOUT' || code === 'ECONNABORTED') {
    return broken('connection_reset', 'The endpoint reset the connection.');
  }
  if (code.startsWith('ERR_SSL')) return tlsFailure(cause);
  return internalError(cause);
}

/** What came is not HTTP; `message` is public. */
export function malformedReply(message: string): Failure {
  return { error: 'malformed_reply', fault: 'endpoint', message, detail: message };
}

/** Whether the peer ended a connection, as opposed to a fault of ours or of the framing. */
export function isReset(cause: unknown): boolean {
  const code = codeOf(cause);
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

function codeOf(cause: unknown): string {
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

const inBrackets = (code: string) => (code === '' ? '' : ` (${code})`);

function text(cause: unknown): string {
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
}
