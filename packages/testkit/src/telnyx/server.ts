/** A Telnyx account on a loopback socket: its REST API, and the webhooks it sends. */
import { randomUUID } from 'node:crypto';
import { type ApiFaults, type ApiRoute, type HttpApi, startHttpApi } from '../http-api/index.ts';
import { authorizeTelnyx, makeTelnyxAccount, type TelnyxAccount, telnyxError } from './account.ts';
import { type TelnyxFate, type TelnyxMessage, TelnyxMessages } from './messages.ts';
import { deliverTelnyxWebhook, type TelnyxWebhook, type TelnyxWebhookOutcome } from './webhooks.ts';

export interface FakeTelnyxOptions {
  /** Default: a new one. */
  readonly account?: TelnyxAccount;
  readonly fate?: (message: TelnyxMessage) => TelnyxFate;
  readonly faults?: ApiFaults;
}

/** A text that reaches a number of the account. */
export interface TelnyxText {
  readonly from: string;
  readonly to: string;
  readonly text: string;
  /** The message's id. Default: drawn anew; the same one again is a resend. */
  readonly id?: string;
  readonly media?: readonly { readonly url: string; readonly content_type: string }[];
  /** More or other fields of the payload. */
  readonly payload?: Readonly<Record<string, unknown>>;
  /** Default `message.received`. */
  readonly eventType?: string;
}

/** How a webhook goes out. */
export type TelnyxRoute = Pick<TelnyxWebhook, 'url' | 'failoverUrl' | 'via' | 'tamper' | 'signedAtMs' | 'pauseMs'> & {
  /** Signs with another key than the account's. */
  readonly account?: TelnyxAccount;
};

/** A running account. The API is under `<url>/v2`, as the library's base URL is. */
export interface FakeTelnyx extends HttpApi {
  readonly account: TelnyxAccount;
  readonly sent: readonly TelnyxMessage[];
  readonly optedOut: Set<string>;
  /** Where events really go; undefined: where their URL says. */
  via: string | undefined;
  receive(text: TelnyxText, route: TelnyxRoute): Promise<TelnyxWebhookOutcome>;
  settled(): Promise<void>;
  /** Serves further resources. */
  serve(routes: readonly ApiRoute[]): void;
}

/** Starts an account. */
export async function startFakeTelnyx(options: FakeTelnyxOptions = {}): Promise<FakeTelnyx> {
  const account = options.account ?? makeTelnyxAccount();
  const optedOut = new Set<string>();
  const own: { via: string | undefined } = { via: undefined };
  const messages = new TelnyxMessages({
    account,
    optedOut,
    via: () => own.via,
    ...(options.fate !== undefined && { fate: options.fate }),
  });
  const routes: ApiRoute[] = [...messages.routes()];
  const api = await startHttpApi({
    routes,
    authorize: (request) => authorizeTelnyx(account, request),
    notFound: () => telnyxError(404, '10005', 'Resource not found'),
    faults: options.faults,
  });
  const { url, port, requests, failWith } = api;
  return Object.assign(own, {
    url,
    port,
    requests,
    failWith,
    account,
    sent: messages.sent,
    optedOut,
    receive: (text: TelnyxText, route: TelnyxRoute) => receive(account, text, route),
    settled: () => messages.settled(),
    serve: (more: readonly ApiRoute[]) => void routes.push(...more),
    close: () => {
      messages.close();
      return api.close();
    },
  });
}

function receive(account: TelnyxAccount, text: TelnyxText, route: TelnyxRoute): Promise<TelnyxWebhookOutcome> {
  return deliverTelnyxWebhook({
    account,
    ...route,
    eventType: text.eventType ?? 'message.received',
    payload: {
      record_type: 'message',
      direction: 'inbound',
      id: text.id ?? randomUUID(),
      type: text.media === undefined ? 'SMS' : 'MMS',
      messaging_profile_id: '16fd2706-8baf-433b-82eb-8c7fada847da',
      from: { phone_number: text.from, carrier: 'T-Mobile USA', line_type: 'Wireless' },
      to: [{ phone_number: text.to, status: 'webhook_delivered', carrier: 'Telnyx', line_type: 'Wireless' }],
      cc: [],
      text: text.text,
      media: (text.media ?? []).map((one) => ({ ...one, sha256: null, size: null })),
      encoding: 'GSM-7',
      parts: 1,
      tags: [],
      received_at: new Date().toISOString(),
      errors: [],
      ...text.payload,
    },
  });
}
