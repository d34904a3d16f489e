/** What `pickup call` and `pickup sms` are told by their options. */
import {
  type Channel,
  parseFaultOption,
  SIMULATED_FAULTS,
  SIMULATED_TEXT_FAULTS,
  type SimulatedFault,
} from '@pickup/contract';
import { nearestName } from '@pickup/gateway/config';
import { readAgentOption } from '../agent-option.ts';
import { CommandFault, type Context } from '../command.ts';
import { parseOptions, positiveInteger } from '../parse-options.ts';

/** Numbers kept for fiction: who calls and who is called where nobody says. */
const SOME_CALLER = '+12025550100';
const SOME_NUMBER = '+12025550199';
/** How long a connected call is watched for what the agent says. */
const LINGER_MS = 3_000;

/** One call or text to be tried out. */
export interface Simulation {
  readonly channel: Channel;
  readonly from_number: string;
  readonly to_number: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A text's words; '' on a call. */
  readonly text: string;
  readonly fault?: SimulatedFault;
  readonly lingerMs: number;
  readonly json: boolean;
  /** Where the gateway is; default by the settings. */
  readonly url?: string;
  /** The endpoint to ask without a gateway. */
  readonly webhook?: WebhookOptions;
}

/** An endpoint that is asked directly. */
export interface WebhookOptions {
  readonly url: string;
  readonly signingKey?: string;
  /** The number's own agent. */
  readonly agent?: { readonly agent_id: string; readonly agent_version?: number | string };
}

const COMMON = {
  from: { type: 'string' },
  to: { type: 'string' },
  header: { type: 'string', multiple: true },
  fault: { type: 'string' },
  webhook: { type: 'string' },
  'signing-key': { type: 'string' },
  agent: { type: 'string' },
  linger: { type: 'string' },
  json: { type: 'boolean' },
  url: { type: 'string' },
} as const;

function usageOf(channel: Channel): string {
  const [name, words, headers] =
    channel === 'call' ? ['call', '', ' [--header X-Name:value]…'] : ['sms', ' --text WORDS', ''];
  return (
    `pickup ${name} --to NUMBER [--from NUMBER]${words}${headers} [--fault FAULT] [--linger MS] [--json] [--url URL]\n` +
    `       pickup ${name} --webhook URL [--signing-key KEY] [--agent ID[@VERSION]] [--to NUMBER] [--from NUMBER]${words}${headers} [--fault FAULT] [--json]\n` +
    `FAULT: ${faultsOf(channel).join(', ')}; on the first attempts only: 500:2`
  );
}

/** Reads the options. Throws CommandFault with what is wrong and how it goes. */
export function readSimulation({ args }: Context, channel: Channel): Simulation {
  const usage = usageOf(channel);
  const wrong = (why: string) => new CommandFault(`${why}\nusage: ${usage}`);
  const { values } = parseOptions(args, { ...COMMON, text: { type: 'string' } }, { least: 0, most: 0, usage });
  const { webhook, to, url } = values;
  if (webhook === undefined && !to) throw wrong('--to is needed: the number that is called (or --webhook URL)');
  if (webhook === undefined && (values['signing-key'] !== undefined || values.agent !== undefined)) {
    throw wrong('--signing-key and --agent go with --webhook; a gateway has its own');
  }
  if (webhook !== undefined && url !== undefined)
    throw wrong('--webhook asks the endpoint itself, so there is no --url');
  if (channel === 'sms' && !values.text) throw wrong('--text is needed: the words of the text');
  if (channel === 'call' && values.text !== undefined) throw wrong('--text is for pickup sms');
  const fault = values.fault === undefined ? undefined : readFault(values.fault, channel, wrong);
  return {
    channel,
    from_number: values.from ?? SOME_CALLER,
    to_number: to ?? SOME_NUMBER,
    headers: readHeaders(values.header ?? []),
    text: values.text ?? '',
    ...(fault && { fault }),
    lingerMs: values.linger === undefined ? LINGER_MS : positiveInteger(values.linger, '--linger'),
    json: values.json === true,
    ...(url !== undefined && { url }),
    ...(webhook !== undefined && { webhook: readWebhook(webhook, values) }),
  };
}

const faultsOf = (channel: Channel) => (channel === 'call' ? SIMULATED_FAULTS : SIMULATED_TEXT_FAULTS);

function readFault(text: string, channel: Channel, wrong: (why: string) => CommandFault): SimulatedFault {
  const fault = parseFaultOption(text);
  if (fault?.kind === 'hang-up' && channel === 'sms') throw wrong('nobody hangs up on a text');
  if (fault) return fault;
  const [kind = ''] = text.split(':');
  const known = faultsOf(channel);
  if (known.some((name) => name === kind)) throw wrong(`after ${kind}: a number from 1 to 4 is needed`);
  const near = nearestName(kind, known);
  throw wrong(`there is no fault ${JSON.stringify(text)}${near === undefined ? '' : `; did you mean ${near}?`}`);
}

function readWebhook(
  url: string,
  more: { readonly 'signing-key'?: string | undefined; readonly agent?: string | undefined },
): WebhookOptions {
  if (!URL.canParse(url) || !/^https?:/i.test(url)) {
    throw new CommandFault(`--webhook must be an http or https URL, not ${JSON.stringify(url)}`);
  }
  const key = more['signing-key'];
  return {
    url,
    ...(key !== undefined && { signingKey: key }),
    ...(more.agent !== undefined && { agent: readAgentOption(more.agent) }),
  };
}

/** `X-Name:value`; an equals sign will do too. */
function readHeaders(texts: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const text of texts) {
    const found = /^([A-Za-z0-9-]+)\s*[=:]\s*(.*)$/s.exec(text);
    if (!found) throw new CommandFault(`--header must be X-Name:value, not ${JSON.stringify(text)}`);
    headers[found[1]!] = found[2]!;
  }
  return headers;
}
