import { renderConfigHelp } from '@pickup/gateway/config';
import type { Context, ExitCode } from '../command.ts';
import { COMMANDS } from '../run.ts';

const EXAMPLES = `Examples:
  pickup serve
  pickup call --from +12137771234 --to +12137771235 --header X-Account:42
  pickup call --webhook http://127.0.0.1:3000/inbound --signing-key KEY --fault slow-drip
  pickup sms --webhook http://127.0.0.1:3000/inbound --signing-key KEY --text "Are you open?"
  pickup inbounds list --outcome declined --limit 10
  pickup inbounds show inb_…
  pickup inbounds tail --to +12137771235
  pickup inbounds replay inb_… --webhook http://127.0.0.1:3000/webhook
  pickup check reply.json --number +12137771235
  pickup doctor --number +12137771235 --send

Options of all commands that ask a running Pickup:
  --url URL   where it is; else PICKUP_HTTP_HOST and PICKUP_HTTP_PORT
  --json      print what it answered as JSON
The key is PICKUP_API_KEY, else the file api-key in PICKUP_HOME.
`;

/** `pickup help [settings]`: the commands, or every setting. */
export async function run({ args, out, style }: Context): Promise<ExitCode> {
  if (args[0] === 'settings') {
    out(`${renderConfigHelp()}\n`);
    return 0;
  }
  out('Pickup answers your phone numbers and asks your webhook who should take the call.\n\n');
  out(`${style.bold('pickup <command>')}\n`);
  for (const { name, summary } of COMMANDS) out(`  ${style.accent(name.padEnd(12))} ${summary}\n`);
  out(`\n${EXAMPLES}`);
  return 0;
}
