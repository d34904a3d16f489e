import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { nearestName } from '@pickup/gateway/config';
import { CommandFault } from './command.ts';

/** Parses a command's options. Throws CommandFault for an unknown one, with the nearest that exists. */
export function parseOptions<const T extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: T,
  positionals: { readonly least: number; readonly most: number; readonly usage: string },
) {
  const parsed = attempt(args, options, positionals.usage);
  const count = parsed.positionals.length;
  if (count < positionals.least || count > positionals.most) throw new CommandFault(`usage: ${positionals.usage}`);
  return parsed;
}

function attempt<const T extends ParseArgsOptionsConfig>(args: readonly string[], options: T, usage: string) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    const typed = args.find((arg) => arg.startsWith('--') && !(arg.slice(2).split('=')[0]! in options));
    const near = typed && nearestName(typed.slice(2).split('=')[0]!, Object.keys(options));
    const why = typed
      ? `unknown option ${typed.split('=')[0]}${near ? `; did you mean --${near}?` : ''}`
      : String((error as Error).message);
    throw new CommandFault(`${why}\nusage: ${usage}`);
  }
}

/** A whole number of at least 1, or a fault that names the option. */
export function positiveInteger(text: string, option: string): number {
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < 1) throw new CommandFault(`${option} must be a whole number of at least 1`);
  return value;
}
