import { loadConfig, readTls, renderConfigSummary, renderFault, renderWarning } from '@pickup/gateway/config';
import type { Context, ExitCode } from '../command.ts';
import { parseOptions } from '../parse-options.ts';
import { startGateway } from '../start-gateway.ts';

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
  const rereadTls = () => readTls(env);
  const server = await startGateway({ config: loaded.config, stdout: { write: out }, rereadTls });
  await runUntilStopped(server, { err, stopAsked });
  return 0;
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
