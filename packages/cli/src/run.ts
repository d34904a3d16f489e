/** Finds the command and runs it. Commands are loaded when called, so that help does not load the server. */
import { nearestName } from '@pickup/gateway/config';
import { CommandFault, type CommandModule, type Context, type ExitCode } from './command.ts';

/** The commands, in the order help lists them. */
export const COMMANDS: readonly { readonly name: string; readonly summary: string }[] = [
  { name: 'demo', summary: 'starts everything with sample data, places a call and shows what happens' },
  { name: 'serve', summary: 'starts the gateway' },
  {
    name: 'call',
    summary: 'places a simulated call, with a faulty line if wanted, and says what the caller lived through',
  },
  { name: 'sms', summary: 'the same with a text' },
  { name: 'inbounds', summary: 'lists calls and texts, shows one whole, follows them, or sends one again' },
  { name: 'numbers', summary: 'lists the numbers' },
  { name: 'keys', summary: 'lists, makes, promotes and revokes API keys' },
  { name: 'check', summary: 'checks a webhook reply without a call, by itself or for a number or an agent' },
  { name: 'doctor', summary: 'checks everything around the gateway and says what to change' },
  { name: 'help', summary: 'this page; `pickup help settings` lists the settings' },
];

/** Runs `pickup <argv>`; gives the exit code, never throws for what an operator can cause. */
export async function run(argv: readonly string[], context: Omit<Context, 'args'>): Promise<ExitCode> {
  const [first = 'help', ...rest] = argv;
  const asksHelp = first === '--help' || first === '-h' || rest.includes('--help');
  const name = asksHelp ? 'help' : first;
  if (!COMMANDS.some((command) => command.name === name)) {
    const near = nearestName(
      name,
      COMMANDS.map((command) => command.name),
    );
    context.err(`pickup: unknown command ${JSON.stringify(name)}${near ? `; did you mean ${near}?` : ''}\n`);
    context.err('pickup help lists the commands\n');
    return 2;
  }
  try {
    const module = (await import(new URL(`./commands/${name}.ts`, import.meta.url).href)) as CommandModule;
    return await module.run({ ...context, args: asksHelp ? [] : rest });
  } catch (error) {
    if (!(error instanceof CommandFault)) throw error;
    context.err(`pickup ${name}: ${error.message}\n`);
    return 2;
  }
}
