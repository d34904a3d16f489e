import { OUTCOMES } from '@pickup/contract';
import { nearestName } from '@pickup/gateway/config';
import { createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { list } from '../inbounds/list.ts';
import { replay } from '../inbounds/replay.ts';
import { show } from '../inbounds/show.ts';
import { tail } from '../inbounds/tail.ts';
import { parseOptions } from '../parse-options.ts';

const USAGE =
  'pickup inbounds list [--to NUMBER] [--from NUMBER] [--channel call|sms] [--outcome OUTCOME] [--limit N]\n' +
  '       pickup inbounds show ID\n' +
  '       pickup inbounds tail [--to NUMBER] [--channel call|sms] [--outcome OUTCOME]\n' +
  '       pickup inbounds replay ID [--webhook URL [--signing-key KEY]]\n' +
  '       each with [--json] [--url URL]';

/** Options beside --json and --url, by what is asked for. */
const OPTIONS: Readonly<Record<string, { readonly takesId: boolean; readonly options: readonly string[] }>> = {
  list: { takesId: false, options: ['to', 'from', 'channel', 'outcome', 'limit'] },
  show: { takesId: true, options: [] },
  tail: { takesId: false, options: ['to', 'channel', 'outcome'] },
  replay: { takesId: true, options: ['webhook', 'signing-key'] },
};

/** `pickup inbounds list|show|tail|replay`: the records. */
export async function run(context: Context): Promise<ExitCode> {
  const { values, positionals } = parseOptions(
    context.args,
    {
      to: { type: 'string' },
      from: { type: 'string' },
      channel: { type: 'string' },
      outcome: { type: 'string' },
      limit: { type: 'string' },
      webhook: { type: 'string' },
      'signing-key': { type: 'string' },
      json: { type: 'boolean' },
      url: { type: 'string' },
    },
    { least: 1, most: 2, usage: USAGE },
  );
  const [what = '', id] = positionals;
  const known = Object.hasOwn(OPTIONS, what) ? OPTIONS[what] : undefined;
  if (!known || known.takesId !== (id !== undefined)) throw new CommandFault(`usage: ${USAGE}`);
  const other = Object.keys(values).find((name) => !['json', 'url', ...known.options].includes(name));
  if (other !== undefined) throw new CommandFault(`pickup inbounds ${what} takes no --${other}\nusage: ${USAGE}`);
  oneOf('channel', values.channel, ['call', 'sms']);
  oneOf('outcome', values.outcome, OUTCOMES);
  const client = createClient(context.env, values.url);
  switch (what) {
    case 'show':
      return show(context, client, id!, values.json === true);
    case 'replay':
      return replay(context, client, id!, { ...values, signingKey: values['signing-key'] });
    case 'tail':
      return tail(context, client, values);
    default:
      return list(context, client, values);
  }
}

function oneOf(what: string, value: string | undefined, known: readonly string[]): void {
  if (value === undefined || known.includes(value)) return;
  const near = nearestName(value, known);
  throw new CommandFault(
    `unknown ${what} ${value}${near ? `; did you mean ${near}?` : `; known are ${known.join(', ')}`}`,
  );
}
