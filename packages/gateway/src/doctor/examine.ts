/**
 * pickup doctor: every check of a gateway's surroundings, stopped or running. It writes and removes one file in the data
 * folder, binds ports for a moment, and with `send` sends one webhook; SQLite may leave an empty log beside the database.
 */
import { join } from 'node:path';
import { createOutbound, createReach } from '@pickup/outbound';
import { type Env, loadConfig } from '../config/index.ts';
import { createShops } from '../providers/shops.ts';
import { sipTargetOf } from '../providers/sip-target.ts';
import { type Clock, systemClock } from '../runners/clock.ts';
import { judgeAddresses, withCallers } from './addresses.ts';
import { judgeBought } from './bought-numbers.ts';
import { judgeCertificate, probeShown } from './certificate.ts';
import { judgeFolder, judgeSpace } from './data-folder.ts';
import { judgeDatabase } from './database.ts';
import { fail, type NamedFinding, ok } from './finding.ts';
import { judgeLimits, probeLimits } from './limits.ts';
import { judgeNames, lookUpAll } from './names.ts';
import { judgePorts, tryPorts, wantedPorts } from './ports.ts';
import { judgePublicUrl } from './public-url.ts';
import { CHECK_LIMIT_MS, type Check, runChecks } from './run-checks.ts';
import { judgeRunning, ownUrl } from './running.ts';
import { judgeSealKey } from './secrets.ts';
import { judgeSettings } from './settings.ts';
import { askOwnPorts, judgeOptions } from './sip-options.ts';
import { Surroundings } from './surroundings.ts';
import { judgeTestReply } from './test-webhook.ts';
import { judgeClock, probeSynchronised } from './wall-clock.ts';
import { judgeWebhook, judgeWebhookList, tryWebhook, webhooksToTry } from './webhook.ts';

/** Two requests after each other, at the other end of the internet. */
const BOUGHT_LIMIT_MS = 20_000;

export interface ExamineOptions {
  readonly env: Env;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Only this number's webhook, instead of the most used ones. */
  readonly number?: string;
  /** Sends that number's endpoint one signed test webhook. */
  readonly send?: boolean;
  /** Hears once which checks take longer than a second. */
  readonly onSlow?: (names: readonly string[]) => void;
}

/** Runs every check; the settings alone where they do not load. Never rejects for what it finds. */
export async function examine(options: ExamineOptions): Promise<readonly NamedFinding[]> {
  const loaded = loadConfig(options.env);
  const settings = judgeSettings(loaded).map((finding) => ({ name: 'settings', ...finding }));
  if (!loaded.ok) return settings;
  const { clock = systemClock, onSlow } = options;
  const checks = checksOf(new Surroundings(loaded.config, { ...options, clock }), options);
  return [...settings, ...(await runChecks(checks, { clock, ...(onSlow && { onSlow }) }))];
}

/** The checks in the order in which they are shown. */
function checksOf(around: Surroundings, { number, send = false }: ExamineOptions): readonly Check[] {
  const { config, clock } = around;
  const testLimitMs = send ? { limitMs: 2 * CHECK_LIMIT_MS + 1_000 } : {};
  return [
    { name: 'gateway', run: async () => judgeRunning(await around.running, config.home) },
    { name: 'data folder', run: async () => judgeFolder(await around.folder) },
    { name: 'disk', run: async () => judgeSpace(await around.folder) },
    { name: 'seal key', run: async () => judgeSealKey(await around.key, await around.store) },
    { name: 'database', run: async () => judgeDatabase(await around.store, join(config.home, 'pickup.db')) },
    { name: 'ports', run: () => checkPorts(around) },
    { name: 'limits', run: async () => judgeLimits(await probeLimits((await around.running).lock.pid), config) },
    {
      name: 'addresses',
      run: async () => judgeAddresses(await around.addresses(), withCallers(config, (await around.store).numbers)),
    },
    { name: 'TLS', run: () => checkCertificate(around) },
    {
      name: 'clock',
      ...testLimitMs,
      run: async () => {
        const [synchronised, others] = await Promise.all([probeSynchronised(), around.otherClocks()]);
        return judgeClock({ ...(synchronised !== undefined && { synchronised }), others });
      },
    },
    {
      name: 'DNS',
      run: async () => judgeNames(await lookUpAll(await around.namesInUse(), { lookup: around.names, clock })),
    },
    ...publicUrlCheck(around),
    { name: 'bought numbers', limitMs: BOUGHT_LIMIT_MS, run: () => checkBought(around) },
    { name: 'webhook', run: () => checkWebhooks(around, number) },
    ...(send ? [{ name: 'test webhook', ...testLimitMs, run: () => checkTest(around) }] : []),
  ];
}

async function checkPorts({ running, config }: Surroundings) {
  const { lock } = await running;
  if (!lock.held) return judgePorts(await tryPorts(wantedPorts(config)));
  const answers = await askOwnPorts(config);
  return answers.length > 0
    ? judgeOptions(answers)
    : [ok('held by the running Pickup; not known here, since PICKUP_SIP_PORT is 0')];
}

async function checkCertificate({ running, config, clock }: Surroundings) {
  const { lock } = await running;
  const { tls, hosts } = config.sip;
  const asks = lock.held && tls !== undefined && tls.port !== 0;
  const shown = asks ? await probeShown(hosts[0] ?? '127.0.0.1', tls.port) : undefined;
  return judgeCertificate(config, {
    nowMs: clock.wallMs(),
    ...(shown && { shown }),
    ...(lock.pid !== undefined && { pid: lock.pid }),
  });
}

function publicUrlCheck(around: Surroundings): readonly Check[] {
  const { publicUrl, http } = around.config;
  if (publicUrl === undefined) return [];
  return [
    {
      name: 'public URL',
      async run() {
        const [reached, running] = await Promise.all([around.publicUrl, around.running]);
        if (!reached) return [];
        return judgePublicUrl(reached, { publicUrl, running: running.healthy === true, own: ownUrl(http) });
      },
    },
  ];
}

async function checkBought({ config, store, clock }: Surroundings) {
  const bought = (await store).numbers?.bought ?? [];
  return judgeBought(bought, createShops({ config, clock, sipTarget: () => sipTargetOf(config.sip, []) }));
}

async function checkWebhooks(around: Surroundings, number: string | undefined) {
  const store = await around.store;
  const outbound = createOutbound(around.guard);
  const reach = createReach(around.guard);
  const by = { reach, checkUrl: (url: string) => outbound.checkUrl(url) };
  const tried = await Promise.all(webhooksToTry(store, number).map((inUse) => tryWebhook(inUse, by)));
  await outbound.close();
  const nowMs = around.clock.wallMs();
  return [...tried.map((one) => judgeWebhook(one, nowMs)), ...judgeWebhookList(store, number)];
}

async function checkTest(around: Surroundings) {
  const sent = await around.test;
  if (sent) return judgeTestReply(sent);
  const store = await around.store;
  if (!store.number) return [];
  if (!store.number.inbound_webhook_url) return [ok('not sent: the number asks no webhook for calls')];
  return [
    fail(
      'not sent: no key to sign with could be opened',
      'see the seal key above; pickup keys list shows which key signs',
    ),
  ];
}
