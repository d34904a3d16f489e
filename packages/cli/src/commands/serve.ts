import { loadConfig, renderConfigSummary, renderFault, renderWarning } from '@pickup/gateway/config';
import type { Context, ExitCode } from '../command.ts';
import { parseOptions } from '../parse-options.ts';

const LEFT_OPEN_MS = 1_000;

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
  const server = await serve({ config: loaded.config, stdout: { write: out } });
  await stopAsked();
  err('pickup: stopping; new calls are refused, a second signal stops at once\n');
  const first = await Promise.race([server.stop().then(() => 'drained'), stopAsked().then(() => 'forced')]);
  // Whatever still runs is cut off: the caller ends the process with this code.
  if (first === 'forced') process.exit(0);
  // Something left open must not keep a drained gateway alive.
  setTimeout(() => process.exit(0), LEFT_OPEN_MS).unref();
  return 0;
}
