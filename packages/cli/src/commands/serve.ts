import { loadConfig, renderConfigSummary, renderFault, renderWarning } from '@pickup/gateway/config';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { parseOptions } from '../parse-options.ts';

/** `pickup serve`: runs the gateway until it is told to stop (H5). A second signal stops it at once. */
export async function run({ args, env, out, err, stopAsked }: Context): Promise<ExitCode> {
  parseOptions(
    args,
    {},
    { least: 0, most: 0, usage: 'pickup serve   (set up by the environment: pickup help settings)' },
  );
  const loaded = loadConfig(env);
  for (const warning of loaded.warnings) err(`pickup: warning: ${renderWarning(warning)}\n`);
  if (!loaded.ok) {
    for (const fault of loaded.faults) err(`pickup: ${renderFault(fault)}\n`);
    err('pickup: not started; `pickup help settings` explains each setting\n');
    return 2;
  }
  for (const line of renderConfigSummary(loaded.readings)) err(`pickup: ${line}\n`);
  const { serve } = await import('@pickup/gateway');
  const server = await serve({ config: loaded.config, stdout: { write: out } }).catch((error: unknown) => {
    throw explainStart(error);
  });
  await runUntilStopped(server, { err, stopAsked });
  return 0;
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

/** Drains at the first signal; returns when that is done, or at the second one. */
export async function runUntilStopped(
  server: { stop(): Promise<void>; stopNow(): Promise<void> },
  { err, stopAsked }: Pick<Context, 'err' | 'stopAsked'>,
): Promise<void> {
  await stopAsked();
  err('pickup: stopping; new calls are refused, a second signal stops at once\n');
  await Promise.race([server.stop(), stopAsked().then(() => server.stopNow())]);
}
