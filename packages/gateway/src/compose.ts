/** The only place that picks implementations: from a configuration to a gateway whose parts know each other. */
import { join } from 'node:path';
import { createOutbound, type Outbound } from '@pickup/outbound';
import { createApi } from './api/create-api.ts';
import { createTurns } from './api/one-at-a-time.ts';
import { openCatalogueFile } from './catalogue-file.ts';
import { analysisTask, createChatAnalyst } from './chats/analyze-chat.ts';
import type { ChatRunner } from './chats/chat-port.ts';
import { createChatRunner } from './chats/chat-runner.ts';
import { createRehearsedChat } from './chats/judge-start.ts';
import { createModelDirectory, hasKey } from './chats/model-directory.ts';
import { talkerOf } from './chats/pick-talker.ts';
import { createAgentSwap } from './chats/swap-agent.ts';
import type { Config } from './config/index.ts';
import { simulatedTexts } from './edges/simulator/simulated-texts.ts';
import { createSimulator, type Simulator } from './edges/simulator/simulator.ts';
import { CallerTable } from './edges/sip/admission/caller-table.ts';
import { followNumbers } from './edges/sip/admission/follow-numbers.ts';
import { createSipEdge, type SipEdge } from './edges/sip/sip-edge.ts';
import { openProviderEdges, openProviderWebhooks } from './edges/text-providers.ts';
import { hookOf, hookOfPlan } from './events/event-hook.ts';
import { createEventSender } from './events/event-sender.ts';
import {
  createKeyRing,
  type KeyRing,
  loadSealKey,
  openInboundPassword,
  openTrunkPassword,
  sealInboundPassword,
  sealTrunkPassword,
} from './keys/index.ts';
import { createLibrary } from './knowledge/index.ts';
import { createInboundFeed } from './observe/inbound-feed.ts';
import type { Log } from './observe/index.ts';
import { reportOpenPurchases } from './providers/buy-number.ts';
import { createShops } from './providers/shops.ts';
import { sipTargetOf } from './providers/sip-target.ts';
import { TWILIO_SIGNALLING } from './providers/twilio-signalling.ts';
import type { Clock } from './runners/clock.ts';
import { createInboundRunner, type InboundRunner } from './runners/inbound-runner.ts';
import { newId } from './runners/new-id.ts';
import { createArrivalReader } from './runners/read-arrival.ts';
import { createRehearsedStart } from './runners/rehearse-start.ts';
import type { SendReplay } from './runners/replay-inbound.ts';
import { createSessionRunner, type SessionRunner } from './runners/session-runner.ts';
import { tellEnds } from './runners/tell-ends.ts';
import { createBuiltinRuntime } from './sessions/builtin/index.ts';
import { createOfflineVoice, createSentenceCache } from './sessions/voice/index.ts';
import { ANALYZE_CHAT } from './stores/analysis-of-chat.ts';
import { openSqliteStore, type Store } from './stores/index.ts';
import { createTexts, type Texts } from './texts/index.ts';
import { VERSION } from './version.ts';
import { startFaultySender } from './webhook/faulty-sender.ts';
import { createWebhookSender } from './webhook/sender.ts';

/** stop-call answers once the end of the call can be read; on a disk that cannot be written it has been hung up all the same. */
const END_STORED_LIMIT_MS = 3_000;

export interface Gateway {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly runner: InboundRunner;
  readonly sessions: SessionRunner;
  readonly chats: ChatRunner;
  readonly simulator: Simulator;
  readonly texts: Texts;
  readonly nodeId: string;
  /** Opens the HTTP port; resolves with the URL. */
  listen(): Promise<string>;
  /** Opens the SIP ports; calls come from then on. */
  openSip(): Promise<SipEdge>;
  /** Reads the operator's voices and models anew; the log says what came of it. */
  lookAtCatalogue(): void;
  /** From now on simulated calls are refused and `/ready` says no. */
  stopTaking(): void;
  close(): Promise<void>;
}

export async function compose(given: {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  /** Default: SQLite in the data folder. */
  readonly openStore?: (options: { readonly folder: string; readonly log: Log }) => Store;
}): Promise<Gateway> {
  const { config, log, clock, openStore = openSqliteStore } = given;
  const store = openStore({ folder: config.home, log });
  try {
    return await composeOn(store, { config, log, clock });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function composeOn(
  stored: Store,
  given: { readonly config: Config; readonly log: Log; readonly clock: Clock },
): Promise<Gateway> {
  const { config, log, clock } = given;
  const callers = new CallerTable(config.sip.peers, config.twilio.accountSid === undefined ? [] : TWILIO_SIGNALLING);
  const feed = createInboundFeed({ log });
  const numbers = followNumbers({ store: tellEnds(stored, feed), table: callers, clock, log });
  const { store } = numbers;
  const seal = await loadSealKey({
    home: config.home,
    ...(config.sealKey && { fromEnv: Buffer.from(config.sealKey).toString('hex') }),
    store,
    log,
  });
  const keys = createKeyRing({ store, seal, clock, home: config.home, log });
  const { written_to } = await keys.bootstrap(config.apiKey);
  if (written_to !== undefined) log.info('The first API key was made; it is in this file.', { file: written_to });
  const nodeId = (await store.getMeta('node_id')) ?? (await newNode(store));
  const env = (name: string) => process.env[name];
  const catalogue = openCatalogueFile({
    ...{ home: config.home, log, clock },
    hasKey: (model) => hasKey(model, config.models, env),
  });
  const ownPorts: number[] = [config.http.port, config.sip.port];
  const allow = config.webhook.allow.map((cidr) => cidr.text);
  await auditAllowList(store, allow.join(','), clock.wallMs());
  const outboundFor = (loopback: boolean) =>
    createOutbound({
      clock,
      allow,
      loopback,
      ownPorts: () => ownPorts,
      userAgent: `Pickup/${VERSION}`,
      onAllowed: (audit) => log.info('private_address_allowed', { ...audit }),
    });
  // Loopback is for a number's own webhook only, and not once others reach this gateway.
  const toNumbers = outboundFor(config.publicUrl === undefined);
  const toAgents = outboundFor(false);
  const voice = createOfflineVoice({ clock, log, maxChildren: 2 });
  const speech = createSentenceCache({ voice, clock, log, folder: join(config.home, 'voice-cache') });
  const runtime = createBuiltinRuntime({ voice: speech, clock, log });
  const sessions = createSessionRunner({ clock, store, log });
  const sending = {
    outbound: toNumbers,
    signingKey: () => keys.signingKey(),
    wallMs: clock.wallMs,
    version: VERSION,
  };
  const sender = createWebhookSender(sending);
  const sendReplay: SendReplay = (ask, { webhook_id, signing_key, signal }) => {
    const own = signing_key === undefined ? sending : { ...sending, signingKey: () => signing_key };
    return createWebhookSender(own).send(webhook_id, ask, signal);
  };
  const hooks = config.webhook.eventUrl === undefined ? {} : { url: config.webhook.eventUrl };
  const savedEventHook = async (agentId: string, version: number) => {
    const agent = await store.getAgent(agentId, version);
    return agent && hookOf(agent.settings, {}, { ...hooks, channel: agent.channel });
  };
  const runner = createInboundRunner({
    ...{ clock, random: Math.random, store, sender, runtime, sessions, feed, nodeId, log },
    eventHook: (plan) => hookOfPlan(plan, hooks, clock.wallMs()),
    savedEventHook,
  });
  const models = createModelDirectory({
    catalogue: () => catalogue.current,
    setup: config.models,
    ...{ env, clock, random: Math.random },
  });
  const turns = {
    ...{ models, store, clock, log, outbound: toAgents },
    signingKey: () => keys.signingKey(),
    swapAgent: createAgentSwap({
      store,
      get catalogue() {
        return catalogue.current;
      },
      checkUrl: (url) => verdict(toAgents, url),
      wallMs: clock.wallMs,
    }),
  };
  const chats = createChatRunner({
    ...{ clock, newId, log, inTurn: createTurns() },
    store: {
      ...store,
      // The job that sends what was said is taken by the commit of the turn.
      advanceChat(advance) {
        const advancing = store.advanceChat(advance);
        texts.takeAlong();
        return advancing;
      },
    },
    talkerOf: (plan) => talkerOf(plan, turns),
    eventHook: (plan) => hookOfPlan(plan, hooks, clock.wallMs()),
    analysisTask: (plan) => analysisTask(models, plan.agent),
  });
  const analyst = createChatAnalyst({ store, models, log });
  const events = createEventSender({
    ...{ store, outbound: toAgents, signingKey: () => keys.signingKey(), clock, log, version: VERSION },
  });
  const readArrival = createArrivalReader({
    store,
    clock,
    newId,
    ringBudgetMs: config.webhook.ringBudgetMs,
    textBudgetMs: config.webhook.textBudgetMs,
    webhookProfile: config.webhook.profile,
    concurrency: config.concurrency,
    get catalogue() {
      return catalogue.current;
    },
    checkUrl: (url) => verdict(toAgents, url),
  });
  let taking = true;
  const texts = createTexts({
    ...{ store, clock, random: Math.random, sender, chats, newId, nodeId, log, feed, readArrival },
    gateway: readArrival.gateway,
    savedEventHook,
    startFaultySender: (fault) => startFaultySender(fault, { ...sending, clock }),
    handlers: { [ANALYZE_CHAT]: analyst.handle },
    country: config.sip.country,
    taking: () => taking,
    checkUrl: (url) => verdict(toAgents, url),
  });
  texts.addEdge(simulatedTexts);
  for (const edge of await openProviderEdges(config)) texts.addEdge(edge);
  const simulator = createSimulator({
    clock,
    newId,
    country: config.sip.country,
    readArrival,
    takeText: texts.take,
    runner,
    startFaultySender: (fault) => startFaultySender(fault, { ...sending, clock }),
    taking: () => taking,
  });
  const library = createLibrary({ store, outbound: toAgents, clock, newId, nodeId, log });
  const rehearseChat = createRehearsedChat({ talkerOf: (plan) => talkerOf(plan, turns), clock });
  const rehearseCall = createRehearsedStart({ runtime, clock, log });
  let publicUrl = config.publicUrl ?? '';
  let sipAddresses: SipEdge['addresses'] = [];
  const sipTarget = () => sipTargetOf(config.sip, sipAddresses);
  const providers = await openProviderWebhooks({
    ...{ config, log, publicUrl: () => publicUrl },
    takeText: texts.take,
    onStatus: texts.onStatus,
  });
  const api = createApi({
    store,
    get catalogue() {
      return catalogue.current;
    },
    library,
    publicUrl: () => publicUrl,
    clock,
    timers: clock,
    feed,
    newId,
    authenticate: (key) => keys.authenticate(key),
    keys,
    checkUrl: (url, use) => verdict(use === 'number_webhook' ? toNumbers : toAgents, url),
    sealTrunkPassword: (password, phoneNumber) => sealTrunkPassword(seal, phoneNumber, password),
    sealInboundPassword: (password, phoneNumber) => sealInboundPassword(seal, phoneNumber, password),
    shops: createShops({ config, sipTarget, clock }),
    sipTarget,
    ringBudgetMs: config.webhook.ringBudgetMs,
    openInboundPassword: (sealed, phoneNumber) => openInboundPassword(seal, phoneNumber, sealed),
    ...providers,
    ...(providers.twilio && { twilioCalls: providers.twilio }),
    pause: (ms) => new Promise((resolve) => void clock.after(ms, resolve)),
    liveInbound: (id) => runner.live(id) ?? texts.live(id),
    liveCall: (callId) => sessions.live(callId),
    chats,
    rehearseStart: (plan) => (plan.channel === 'chat' ? rehearseChat(plan) : rehearseCall(plan)),
    analyzeChat: analyst.analyze,
    simulateCall: async (call) => ({ inbound_id: (await simulator.call(call)).inbound_id }),
    simulateText: (text) => simulator.text(text),
    sendsTexts: (phoneNumber) => texts.sendsFrom(phoneNumber),
    async endCall(callId) {
      const ended = sessions.stop(callId);
      if (ended) await sessions.stored(callId, END_STORED_LIMIT_MS);
      return ended;
    },
    sendReplay,
    eventHook: (agent, variables) => hookOf(agent, variables, hooks),
    ready: () => ({ ready: taking, reasons: taking ? [] : ['the gateway is stopping'] }),
    concurrency: () => ({ current: runner.ringing + sessions.active, limit: callsAtMost(config) }),
    log,
  });
  return {
    store,
    keys,
    runner,
    sessions,
    chats,
    simulator,
    texts,
    nodeId,
    async listen() {
      const { host, port } = config.http;
      await library.recover();
      await reportOpenPurchases(store, log);
      await api.listen({ host, port }).catch((error) => {
        throw explainListen(error, `PICKUP_HTTP_PORT ${port}`);
      });
      const { port: bound } = api.server.address() as { port: number };
      ownPorts.push(bound);
      const url = `http://${bracket(host)}:${bound}`;
      publicUrl ||= url;
      return url;
    },
    async openSip() {
      // The first call must not wait for the voice to load.
      await voice.warmUp();
      await numbers.start();
      const edge = createSipEdge({
        config,
        clock,
        store,
        log,
        newId,
        readArrival,
        runner,
        callers,
        takeText: texts.take,
        openInboundPassword: (sealed, phoneNumber) => openInboundPassword(seal, phoneNumber, sealed),
        openTrunkPassword: (sealed, phoneNumber) => openTrunkPassword(seal, phoneNumber, sealed),
        version: VERSION,
      });
      const sip = await edge.catch((error) => {
        const { tls, port } = config.sip;
        const isTls =
          tls !== undefined && tls.port !== port && (error as { readonly port?: unknown }).port === tls.port;
        throw explainListen(error, isTls ? `PICKUP_SIP_TLS_PORT ${tls.port}` : `PICKUP_SIP_PORT ${port}`);
      });
      log.info('sip_listening', {
        addresses: sip.addresses.map(({ transport, host, port }) => `${transport}:${bracket(host)}:${port}`),
      });
      sipAddresses = sip.addresses;
      ownPorts.push(...sip.addresses.map((address) => address.port));
      texts.addEdge(sip.texts);
      events.start();
      library.start();
      await texts.start();
      return sip;
    },
    lookAtCatalogue: () => catalogue.look(),
    stopTaking() {
      taking = false;
    },
    async close() {
      numbers.stop();
      catalogue.stop();
      await texts.close();
      chats.stop();
      await api.close();
      await library.close();
      await events.close();
      await Promise.all([toNumbers.close(), toAgents.close()]);
      await runtime.close();
      await speech.close();
      await voice.close();
      await store.close();
    },
  };
}

const bracket = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** What the operator allows webhooks to reach is a change like any other (case 47). */
async function auditAllowList(store: Store, allow: string, now: number): Promise<void> {
  if (allow === ((await store.getMeta('webhook_allow')) ?? '')) return;
  const action = `PICKUP_WEBHOOK_ALLOW=${allow}`;
  await store.recordAudit({ timestamp: now, key_id: 'system', action, target: {}, fields: [] });
  await store.putMeta('webhook_allow', allow);
}

async function newNode(store: Store): Promise<string> {
  const nodeId = `node_${newId()}`;
  await store.putMeta('node_id', nodeId);
  return nodeId;
}

/** The operator's limit; in any case each call needs two ports for its audio. */
function callsAtMost({ concurrency, rtp }: Config): number {
  const most = Math.floor((rtp.ports.last - rtp.ports.first + 1) / 2);
  return concurrency === 0 ? most : Math.min(concurrency, most);
}

function verdict(outbound: Outbound, url: string) {
  const judged = outbound.checkUrl(url);
  return judged.ok ? { ok: true as const } : { ok: false as const, message: judged.message };
}

function explainListen(error: unknown, what: string): Error {
  const taken = error instanceof Error && (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  return taken ? new Error(`${what} is in use by another program; choose another`) : (error as Error);
}
