import type { Context, ExitCode } from '../command.ts';
import { runSimulation } from '../simulate/run-simulation.ts';

/**
 * `pickup sms`: a simulated text, through a running gateway or straight at an endpoint (`--webhook`), with a faulty
 * line if wanted. 0 when an agent answers it, 1 when nobody does.
 */
export function run(context: Context): Promise<ExitCode> {
  return runSimulation(context, 'sms');
}
