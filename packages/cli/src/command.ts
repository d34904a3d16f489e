/** What a command gets and gives. Commands touch the process only through this, so tests can run them. */
import type { Env } from '@pickup/gateway/config';
import type { Style } from './style.ts';

export interface Context {
  /** The arguments behind the command's name. */
  readonly args: readonly string[];
  readonly env: Env;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Colours for what goes to `out`. */
  readonly style: Style;
  /** Cells of a line where `out` is a terminal; absent where it is none. */
  readonly columns?: number;
  /** The first `most` bytes of the standard input, or all there are. */
  readonly readStdin: (most: number) => Promise<Uint8Array>;
  /** Resolves after `ms`. */
  readonly sleep: (ms: number) => Promise<void>;
  readonly monoMs: () => number;
  /** Resolves when the operator asks to stop (SIGINT, SIGTERM); again on each further signal. */
  readonly stopAsked: () => Promise<void>;
}

/** 0: done, and the caller connected; 1: refused, or faults found; 2: wrong use, or it could not be done. */
export type ExitCode = 0 | 1 | 2;

/** A module in commands/ exports `run`. The process ends when it resolves, whatever is still open. */
export interface CommandModule {
  readonly run: (context: Context) => Promise<ExitCode>;
}

/** Something the operator can act on; printed without a stack, exit code 2. */
export class CommandFault extends Error {
  override readonly name = 'CommandFault';
}
