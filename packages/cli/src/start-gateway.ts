/** Starting a gateway from a command: what is in the way becomes one line. */
import type { RunningGateway, ServeOptions } from '@pickup/gateway';
import { CommandFault } from './command.ts';

/** `serve` of the gateway, loaded only now. Throws CommandFault for a port, folder or key that is in the way. */
export async function startGateway(options: ServeOptions): Promise<RunningGateway> {
  const { serve } = await import('@pickup/gateway');
  return serve(options).catch((error: unknown) => {
    throw explainStart(error);
  });
}

const SOCKET_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken; does another Pickup run? PICKUP_HTTP_PORT and PICKUP_SIP_PORT choose others',
  EADDRNOTAVAIL: 'is no address of this machine; see PICKUP_HTTP_HOST and PICKUP_SIP_HOST',
  EACCES: 'may not be used by this user; ports below 1024 need a privilege',
};

const BUGS = new Set(['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'AssertionError']);

/** What an operator can mend, as such; a bug stays as it is, with its stack. */
export function explainStart(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, address, port } = error as NodeJS.ErrnoException & {
    readonly address?: string;
    readonly port?: number;
  };
  const why = code === undefined ? undefined : SOCKET_FAULTS[code];
  if (why !== undefined && address !== undefined) {
    return new CommandFault(`${address}${port === undefined ? '' : `:${port}`} ${why}`);
  }
  return BUGS.has(error.name) || code?.startsWith('ERR_') ? error : new CommandFault(error.message);
}
