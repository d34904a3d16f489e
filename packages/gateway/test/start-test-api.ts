/** For tests: the API over the memory store on a real socket, and the unmodified SDK as its client. */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { defaultCatalogue } from '@pickup/contract';
import { createOutbound } from '@pickup/outbound';
import Retell from 'retell-sdk';
import { createApi } from '../src/api/create-api.ts';
import type { ApiDeps } from '../src/api/deps.ts';
import { createTurns } from '../src/api/one-at-a-time.ts';
import type { ChatRunner } from '../src/chats/chat-port.ts';
import { createChatRunner } from '../src/chats/chat-runner.ts';
import { hookOfPlan } from '../src/events/event-hook.ts';
import { createLibrary, type Library } from '../src/knowledge/index.ts';
import { createInboundFeed } from '../src/observe/inbound-feed.ts';
import { silentLog } from '../src/observe/log.ts';
import { createShops } from '../src/providers/shops.ts';
import { systemClock } from '../src/runners/clock.ts';
import { createMemoryStore } from '../src/stores/memory/index.ts';
import type { Store } from '../src/stores/port.ts';
import { createWebhookSender } from '../src/webhook/sender.ts';

export const FULL_KEY = 'key_full_0123456789';
export const READ_KEY = 'key_read_0123456789';
export const WEBHOOK_KEY = 'key_webhook_0123456789';

/** Short waits, for pages on this machine. */
const PAGE_BOUNDS = { limitMs: 1_000, mostBytes: 100_000, retryAfterMs: [20, 20] };

export interface TestApi {
  readonly library: Library;
  readonly url: string;
  readonly store: Store;
  readonly client: Retell;
  readonly chats: ChatRunner;
  /** The clock's time; it goes on by 1 ms at each look. */
  advance(ms: number): void;
  /** A raw request with the full key; `init.headers` are laid over it. */
  request(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, body: unknown): Promise<Response>;
  close(): Promise<void>;
}

/** Starts on a port of the system's choice. */
export async function startTestApi(over: Partial<ApiDeps> = {}): Promise<TestApi> {
  const store = over.store ?? createMemoryStore();
  let ids = 0;
  const libraryId = () => randomUUID();
  let now = 1_800_000_000_000;
  const clock = { wallMs: () => now++ };
  const newId = () => `${(ids++).toString(36).padStart(4, '0')}0123456789abcdefghijklmnopqr`;
  const chats = createChatRunner({
    ...{ store, clock, newId, log: silentLog, inTurn: createTurns() },
    eventHook: (plan) => hookOfPlan(plan, {}, now),
  });
  const outbound = createOutbound({ clock: systemClock, loopback: true });
  const library = createLibrary({
    ...{ store, outbound, newId: libraryId, nodeId: 'node_1', log: silentLog, bounds: PAGE_BOUNDS },
    clock: { ...systemClock, wallMs: () => now++ },
  });
  const app = createApi({
    store,
    catalogue: defaultCatalogue(),
    clock,
    timers: systemClock,
    feed: createInboundFeed({ log: silentLog }),
    newId,
    authenticate: (key) => {
      if (key === FULL_KEY) return { key_id: 'k1', role: 'full' };
      if (key === WEBHOOK_KEY) return { key_id: 'k3', role: 'webhook' };
      return key === READ_KEY ? { key_id: 'k2', role: 'read_only' } : undefined;
    },
    keys: {
      add: async () => ({ key_id: 'api_key_new', api_key: 'key_new' }),
      list: async () => [],
      promote: async () => false,
      revoke: async () => 'unknown',
    },
    checkUrl: (url) =>
      url.includes('169.254.')
        ? { ok: false, message: 'set PICKUP_WEBHOOK_ALLOW=169.254.0.0/16 to allow it.' }
        : { ok: true },
    sealTrunkPassword: (password, phoneNumber) => `sealed(${password.length}) for ${phoneNumber}`,
    sealInboundPassword: (password, phoneNumber) => `sealed(${password.length}) for callers of ${phoneNumber}`,
    shops: createShops({
      config: { twilio: { apiUrl: '' }, telnyx: { apiUrl: '' } },
      sipTarget: () => undefined,
      clock: systemClock,
    }),
    pause: async () => {},
    openInboundPassword: (sealed) => `opened ${sealed}`,
    sipTarget: () => undefined,
    ringBudgetMs: 45_000,
    liveInbound: () => undefined,
    liveCall: () => undefined,
    chats,
    rehearseStart: async () => ({ ready: true, runtime: 'built-in', issues: [] }),
    analyzeChat: async () => ({ kind: 'cannot', reason: 'that takes a model, and this gateway has none' }),
    sendsTexts: async () => false,
    simulateText: async () => ({ inbound_id: 'inb_simulated_text' }),
    simulateCall: async () => ({ inbound_id: 'inb_simulated' }),
    endCall: () => true,
    sendReplay: (ask, { webhook_id, signing_key = FULL_KEY, signal }) =>
      createWebhookSender({ outbound, signingKey: () => signing_key, wallMs: Date.now, version: 'test' }).send(
        webhook_id,
        ask,
        signal,
      ),
    eventHook: () => undefined,
    ready: () => ({ ready: true, reasons: [] }),
    concurrency: () => ({ current: 2, limit: 20 }),
    library,
    publicUrl: () => 'https://pickup.example',
    log: silentLog,
    ...over,
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const request = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, { ...init, headers: { authorization: `Bearer ${FULL_KEY}`, ...init.headers } });
  return {
    url,
    store,
    library,
    chats,
    advance(ms) {
      now += ms;
    },
    client: new Retell({ apiKey: FULL_KEY, baseURL: url, maxRetries: 0 }),
    request,
    post: (path, body) =>
      request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    async close() {
      await app.close();
      await library.close();
      await outbound.close();
    },
  };
}

/** A voice agent with an LLM of its own. */
export async function makeAgent(client: Retell, over: Record<string, unknown> = {}) {
  const llm = await client.llm.create({ begin_message: 'Hello' });
  return client.agent.create({
    voice_id: '11labs-Adrian',
    response_engine: { type: 'retell-llm', llm_id: llm.llm_id },
    ...over,
  });
}
