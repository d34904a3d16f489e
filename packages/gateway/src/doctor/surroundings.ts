/** What several checks look at, each looked at once and only when needed. */
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createOutbound, createReach, Names, type Reach } from '@pickup/outbound';
import { type Config, isLoopback } from '../config/index.ts';
import type { Clock } from '../runners/clock.ts';
import { inspectStore, type StoreInspection } from '../stores/index.ts';
import { VERSION } from '../version.ts';
import { type AddressFacts, namesToResolve } from './addresses.ts';
import { probeFolder } from './data-folder.ts';
import { lookUpAll } from './names.ts';
import { tryPublicUrl } from './public-url.ts';
import { CHECK_LIMIT_MS } from './run-checks.ts';
import { probeRunning } from './running.ts';
import { probeSealKey, signingKeyOf } from './secrets.ts';
import { aheadOf, sendTestWebhook, type TestResult } from './test-webhook.ts';
import type { OtherClock } from './wall-clock.ts';
import { webhooksToTry } from './webhook.ts';

/** The store is read by several checks; it leaves them time to judge. */
const STORE_LIMIT_MS = CHECK_LIMIT_MS - 500;
const LOOKUP_LIMIT_MS = 3_000;

/** The world around one configuration. */
export class Surroundings {
  readonly config: Config;
  readonly clock: Clock;
  readonly running: ReturnType<typeof probeRunning>;
  readonly store: Promise<StoreInspection>;
  readonly key: ReturnType<typeof probeSealKey>;
  readonly folder: ReturnType<typeof probeFolder>;
  readonly names: Names;
  readonly #number: string | undefined;
  readonly #send: boolean;
  #publicUrl: ReturnType<typeof tryPublicUrl> | undefined;
  #test: Promise<TestResult | undefined> | undefined;

  constructor(config: Config, given: { readonly clock: Clock; readonly number?: string; readonly send?: boolean }) {
    const { clock, number, send = false } = given;
    this.config = config;
    this.clock = clock;
    this.#number = number;
    this.#send = send;
    this.running = probeRunning(config);
    this.store = inspectStore({
      folder: config.home,
      limitMs: STORE_LIMIT_MS,
      ...(number !== undefined && { phoneNumber: number }),
    });
    this.key = probeSealKey(config);
    this.folder = probeFolder(config.home, clock);
    this.names = new Names({ clock, resolver: new Resolver({ timeout: 1_000, tries: 2 }), timeoutMs: LOOKUP_LIMIT_MS });
    // Each is awaited by a check, but perhaps later than it fails.
    for (const one of [this.running, this.store, this.key, this.folder]) one.catch(() => {});
  }

  /** The guard of numbers' webhooks, as the gateway sets it up. */
  get guard() {
    const { config } = this;
    return {
      clock: this.clock,
      allow: config.webhook.allow.map((cidr) => cidr.text),
      loopback: config.publicUrl === undefined,
      ownPorts: () => [config.http.port, config.sip.port, ...(config.sip.tls ? [config.sip.tls.port] : [])],
    };
  }

  get publicUrl() {
    const { publicUrl } = this.config;
    // The operator's own URL may be private.
    const reach: Reach = createReach({ clock: this.clock, loopback: true, allow: ['0.0.0.0/0', '::/0'] });
    if (publicUrl !== undefined) this.#publicUrl ??= tryPublicUrl(publicUrl, reach);
    return this.#publicUrl;
  }

  /** Undefined where none was asked for, or none could be sent. */
  get test(): Promise<TestResult | undefined> {
    this.#test ??= this.#send ? this.#sendTest() : Promise.resolve(undefined);
    return this.#test;
  }

  async #sendTest(): Promise<TestResult | undefined> {
    const [store, key] = await Promise.all([this.store, this.key]);
    const signingKey = signingKeyOf(key, store);
    if (!store.number || signingKey === undefined) return undefined;
    const outbound = createOutbound(this.guard);
    try {
      const test = { number: store.number, profile: this.config.webhook.profile, signingKey, version: VERSION };
      return await sendTestWebhook(test, { outbound, clock: this.clock });
    } finally {
      await outbound.close();
    }
  }

  /** Clocks that were heard of by the way; this machine's own is none. */
  async otherClocks(): Promise<readonly OtherClock[]> {
    const [reached, test] = await Promise.all([this.publicUrl, this.test]);
    const isOther = reached?.ok && !isLoopback(reached.address) && !ownAddresses().includes(reached.address);
    const date = isOther ? reached.date : undefined;
    const host = this.config.publicUrl && new URL(this.config.publicUrl).host;
    return [
      ...(date !== undefined && host ? [{ host, aheadMs: aheadOf(date, this.clock.wallMs()) }] : []),
      ...(test?.other ? [test.other] : []),
    ];
  }

  /** Of the webhooks that are tried and of the gateway itself. */
  async namesInUse(): Promise<readonly string[]> {
    const urls = webhooksToTry(await this.store, this.#number).map((one) => one.url);
    const all = [...urls, ...(this.config.publicUrl ? [this.config.publicUrl] : [])].filter((url) => URL.canParse(url));
    const hosts = all.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, '')).filter((host) => isIP(host) === 0);
    return [...new Set([...hosts, ...namesToResolve(this.config)])];
  }

  async addresses(): Promise<AddressFacts> {
    const found = await lookUpAll(namesToResolve(this.config), { lookup: this.names, clock: this.clock });
    return {
      own: ownAddresses(),
      names: new Map(found.map(({ name, addresses, code }) => [name, code === undefined ? addresses : { code }])),
    };
  }
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((entry) => entry.address));
}
