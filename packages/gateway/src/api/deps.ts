/** What the REST API needs of the gateway; compose.ts gives it. */
import type { Catalogue, InboundObject, Settings, SimulatedFault } from '@pickup/contract';
import type { RehearsedStart, SessionPlan } from '@pickup/core';
import type { Analyzed } from '../chats/analyze-chat.ts';
import type { ChatRunner } from '../chats/chat-port.ts';
import type { Simulator } from '../edges/simulator/simulator.ts';
import type { TelnyxWebhooks } from '../edges/telnyx/telnyx-webhooks.ts';
import type { TwilioWebhooks } from '../edges/twilio/twilio-webhooks.ts';
import type { KeyRing } from '../keys/index.ts';
import type { Library } from '../knowledge/index.ts';
import type { InboundFeed } from '../observe/inbound-feed.ts';
import type { Log } from '../observe/log.ts';
import type { Shops } from '../providers/shops.ts';
import type { SipTarget } from '../providers/sip-target.ts';
import type { Clock } from '../runners/clock.ts';
import type { SendReplay } from '../runners/replay-inbound.ts';
import type { CallRow, EventHook, Store, WholeChat } from '../stores/port.ts';

/** A key that logged in. `read_only` keys may only read, `webhook` keys nothing: they are there to sign. */
export interface ApiCaller {
  readonly key_id: string;
  readonly role: 'full' | 'read_only' | 'webhook';
}

/** Whose URL is judged: only a number's own webhook may be on loopback. */
export type UrlUse = 'number_webhook' | 'agent_webhook' | 'knowledge_page';

export type UrlVerdict =
  | { readonly ok: true }
  /** `message` names the setting that would allow the address. */
  | { readonly ok: false; readonly message: string };

export interface ApiDeps {
  readonly store: Store;
  /** May be another at each look: the operator's file is taken up anew while the gateway runs. */
  readonly catalogue: Catalogue;
  readonly clock: { wallMs(): number };
  /** What is timed within a request: streams, replays. */
  readonly timers: Clock;
  /** Closed with the server. */
  readonly feed: InboundFeed;
  /** At least 128 random bits in [0-9a-z]; call ids are credentials (A3). */
  readonly newId: () => string;
  /** Of the bearer key; undefined for a wrong or revoked one. Compares in constant time. */
  readonly authenticate: (key: string) => ApiCaller | undefined | Promise<ApiCaller | undefined>;
  readonly keys: Pick<KeyRing, 'add' | 'list' | 'promote' | 'revoke'>;
  readonly checkUrl: (url: string, use: UrlUse) => UrlVerdict;
  /** Seals a trunk's password for its number's row: in another row it does not open. */
  readonly sealTrunkPassword: (password: string, phoneNumber: string) => string;
  /** Seals the password of a number's callers, likewise. */
  readonly sealInboundPassword: (password: string, phoneNumber: string) => string;
  /** The password of a number's callers; throws where it does not open. */
  readonly openInboundPassword: (sealed: string, phoneNumber: string) => string;
  /** Where others reach SIP; undefined where that is not known. */
  readonly sipTarget: () => SipTarget | undefined;
  /** How long a caller may ring where the number does not say, in ms. */
  readonly ringBudgetMs: number;
  /** Where numbers are bought and given back. */
  readonly shops: Shops;
  /** Resolves after so many ms. */
  readonly pause: (ms: number) => Promise<void>;
  /** The record of an inbound that is still in progress here. */
  readonly liveInbound: (inboundId: string) => InboundObject | undefined;
  /** What was said so far in a call that is connected here. */
  readonly liveCall: (callId: string) => Partial<CallRow> | undefined;
  readonly chats: Pick<ChatRunner, 'answer' | 'end' | 'start'>;
  /** What a session would say of its plan; nobody is connected. */
  readonly rehearseStart: (plan: SessionPlan) => Promise<RehearsedStart>;
  /** Analyses a chat that is over, anew. */
  readonly analyzeChat: (chat: WholeChat) => Promise<Analyzed>;
  readonly simulateCall: (call: {
    readonly from_number: string;
    readonly to_number: string;
    readonly headers?: Readonly<Record<string, string>>;
    /** What is to go wrong on the line, or with the caller. */
    readonly fault?: SimulatedFault;
  }) => Promise<{ readonly inbound_id: string }>;
  /** Undefined while no texts are taken. */
  readonly simulateText: Simulator['text'];
  /** Is there a way out for texts of this number to somebody who never wrote to it? */
  readonly sendsTexts: (phoneNumber: string) => Promise<boolean>;
  /** Ends a connected call with BYE and waits until that is stored, for a time; false where it is not connected here. */
  readonly endCall: (callId: string) => boolean | Promise<boolean>;
  /** Where the events of a registered call go; undefined: nowhere. */
  readonly eventHook: (agent: Settings, variables: Readonly<Record<string, string>>) => EventHook | undefined;
  readonly sendReplay: SendReplay;
  readonly ready: () => { readonly ready: boolean; readonly reasons: readonly string[] };
  /** `limit` 0: none. */
  readonly concurrency: () => { readonly current: number; readonly limit: number };
  readonly library: Pick<Library, 'create' | 'add' | 'refresh' | 'delete' | 'deleteSource' | 'readForm'>;
  /** Where others reach the API, without a slash at its end. */
  readonly publicUrl: () => string;
  /** Proves that a question about a call is Twilio’s; absent without its credentials. */
  readonly twilioCalls?: Pick<TwilioWebhooks, 'readForm'>;
  /** What Twilio asks of us; absent without its credentials. */
  readonly twilio?: TwilioWebhooks;
  /** What Telnyx tells us; absent without its public key. */
  readonly telnyx?: TelnyxWebhooks;
  readonly log: Log;
  /** Largest form with files in bytes; default 50 MiB. */
  readonly formLimitBytes?: number;
  /** Largest request body in bytes; default 4 MiB. */
  readonly bodyLimitBytes?: number;
}
