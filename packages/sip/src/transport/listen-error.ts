import { bracketHost } from '../message/index.ts';
import type { TransportKind } from './port.ts';

interface Place {
  readonly host: string;
  readonly port: number;
}

/** An error that names transport, host and port; `code` is the system's, `port` the one that was asked for. */
export function listenError(kind: TransportKind, { host, port }: Place, cause: NodeJS.ErrnoException): Error {
  const why = cause.code === 'EADDRINUSE' ? 'the port is in use' : cause.message;
  const error = new Error(`Cannot listen for SIP on ${kind} ${bracketHost(host)}:${port}: ${why}`, { cause });
  return Object.assign(error, { code: cause.code, port });
}
