import type { Context, ExitCode } from '../command.ts';
import { runSimulation } from '../simulate/run-simulation.ts';

/**
 * `pickup call`: a simulated call, through a running gateway or straight at an endpoint (`--webhook`), with a faulty
 * line or caller if wanted. 0 when it connected, 1 when it did not.
 */
export function run(context: Context): Promise<ExitCode> {
  return runSimulation(context, 'call');
}
