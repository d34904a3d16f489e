/**
 * `pickup demo`: a gateway with sample data, a sample endpoint, one real SIP call and one conversation in texts through
 * both, told as it happens.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createLog, type RunningGateway, SAMPLE_NUMBER } from '@pickup/gateway';
import { type Config, loadConfig, renderFault, renderWarning } from '@pickup/gateway/config';
import { createPhone, type PhoneCall } from '@pickup/testkit/phone';
import { type Client, createClient } from '../client.ts';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { firstFreePort, sipPortFree, tcpPortFree } from '../demo/free-ports.ts';
import { newestInbound } from '../demo/newest-inbound.ts';
import { startSampleEndpoint } from '../demo/sample-endpoint.ts';
import { textSample } from '../demo/text-sample.ts';
import { followInbound } from '../follow-inbound.ts';
import { parseOptions } from '../parse-options.ts';
import { startGateway } from '../start-gateway.ts';

const USAGE = 'pickup demo [--once]';
/** The sample endpoint knows this caller by name. */
const CALLER = '+12137771234';
const ENDPOINT_PORT = 8790;
/** How long the caller listens before hanging up. */
const LISTEN_MS = 6_000;
const ANSWER_LIMIT_MS = 20_000;

/** 0 when the caller was greeted; 1 when not. Without `--once` the gateway stays up until it is told to stop. */
export async function run(context: Context): Promise<ExitCode> {
  const { values } = parseOptions(context.args, { once: { type: 'boolean' } }, { least: 0, most: 0, usage: USAGE });
  const env = await withFreePorts(context);
  const config = configOf(context, env);
  const endpointPort = await firstFreePort(ENDPOINT_PORT, tcpPortFree);
  context.out('pickup demo: starting a gateway with sample data…\n');
  const url = `http://127.0.0.1:${endpointPort}/`;
  // Warnings only: the timeline tells the rest.
  const log = createLog({ write: context.err, level: 'warn', form: 'human', clock: { wallMs: Date.now } });
  const gateway = await startGateway({ config, stdout: { write: context.out }, samples: { webhookUrl: url }, log });
  const apiKey = gateway.keys.signingKey();
  const endpoint = await startSampleEndpoint({ port: endpointPort, apiKey }).catch(async (error: Error) => {
    await gateway.stop();
    throw new CommandFault(error.message);
  });
  context.out(`the sample endpoint (examples/receiver/server.ts) listens at ${endpoint.url}\n`);
  try {
    const client = createClient({ ...env, PICKUP_API_KEY: apiKey }, gateway.httpUrl);
    const greeted = await placeCall(context, { gateway, client, home: config.home });
    const answered = greeted && (await textSample(context, { gateway, client, from: CALLER }));
    if (!values.once && answered) await stayUp(context, gateway);
    return answered ? 0 : 1;
  } finally {
    await Promise.race([gateway.stop(), context.sleep(5_000)]);
    endpoint.stop();
  }
}

/** A default port that is taken is replaced and said; one the operator chose is not touched. */
async function withFreePorts(context: Context): Promise<Context['env']> {
  const env = { ...context.env };
  const chosen = (name: string) => env[name] !== undefined || env[`${name}_FILE`] !== undefined;
  const replace = async (name: string, wanted: number, free: (port: number) => Promise<boolean>) => {
    if (chosen(name)) return;
    const port = await firstFreePort(wanted, free);
    if (port !== wanted) context.out(`port ${wanted} is taken, so ${name} is ${port}\n`);
    env[name] = String(port);
  };
  await replace('PICKUP_HTTP_PORT', 8787, tcpPortFree);
  await replace('PICKUP_SIP_PORT', 5060, sipPortFree);
  return env;
}

function configOf(context: Context, env: Context['env']): Config {
  const loaded = loadConfig(env);
  for (const warning of loaded.warnings) context.err(`pickup: warning: ${renderWarning(warning)}\n`);
  if (loaded.ok) return loaded.config;
  throw new CommandFault(loaded.faults.map(renderFault).join('\n'));
}

interface Placed {
  readonly gateway: RunningGateway;
  readonly client: Client;
  readonly home: string;
}

async function placeCall(context: Context, { gateway, client, home }: Placed): Promise<boolean> {
  const [host = '127.0.0.1', port = '5060'] = gateway.sip.split(/:(?=\d+$)/);
  context.out(`a SIP phone dials ${SAMPLE_NUMBER} at ${gateway.sip} as ${CALLER}\n\n`);
  const phone = await createPhone();
  try {
    const call = await phone.call({ to: SAMPLE_NUMBER, from: CALLER, server: { host, port: Number(port) } });
    const inboundId = await newestInbound(context, gateway, 'sip');
    const told = followInbound(context, { client, inboundId, lingerMs: LISTEN_MS + 5_000 });
    const final = await Promise.race([call.final, context.sleep(ANSWER_LIMIT_MS).then(() => undefined)]);
    if (final?.code !== 200) {
      context.out(
        `the phone was not answered: ${final ? `SIP ${final.code}` : `nothing for ${ANSWER_LIMIT_MS / 1_000} s`}\n`,
      );
      await call.hangUp();
      return false;
    }
    await context.sleep(LISTEN_MS);
    await call.hangUp();
    const { call: session } = await told;
    const said = (session?.transcript_object ?? []).map((line) => line.content ?? '').join(' ');
    return await heard(context, call, join(home, 'demo'), said);
  } finally {
    await phone.close();
  }
}

async function heard(context: Context, call: PhoneCall, folder: string, said: string): Promise<boolean> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `heard-${new Date().toISOString().replace(/[:.]/g, '-')}.wav`);
  await call.saveWav(file);
  const loud = call.heard().some((sample) => Math.abs(sample) > 1_000);
  context.out(`\nwhat the phone heard is in ${file}\n`);
  if (loud && said !== '') context.out(`the agent said: ${said}\n`);
  else context.out('the phone heard nothing\n');
  return loud && said !== '';
}

async function stayUp(context: Context, gateway: RunningGateway): Promise<void> {
  const url = gateway.httpUrl.endsWith(':8787') ? '' : ` --url ${gateway.httpUrl}`;
  context.out(
    `\nThe gateway stays up: REST at ${gateway.httpUrl}, SIP at ${gateway.sip}.\n` +
      `Dial sip:${SAMPLE_NUMBER}@${gateway.sip} with a softphone on this machine, or in another terminal:\n` +
      `  ./pickup call --from ${CALLER} --to ${SAMPLE_NUMBER}${url}\n` +
      `  ./pickup sms --from ${CALLER} --to ${SAMPLE_NUMBER}${url} --text 2\n` +
      'Ctrl-C stops it.\n',
  );
  await context.stopAsked();
}
