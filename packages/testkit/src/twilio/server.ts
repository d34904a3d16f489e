/** A Twilio account on a loopback socket: its REST API, and the webhooks it sends. */
import { type ApiFaults, type ApiRoute, type HttpApi, startHttpApi } from '../http-api/index.ts';
import { authorizeTwilio, makeSid, type TwilioAccount, twilioError } from './account.ts';
import { type TwilioFate, type TwilioMessage, TwilioMessages } from './messages.ts';
import { deliverTwilioWebhook, type TwilioWebhook, type WebhookFields, type WebhookOutcome } from './webhooks.ts';

export interface FakeTwilioOptions {
  /** Default: drawn anew. */
  readonly account?: TwilioAccount;
  /** What becomes of sent messages. Default: sent, then delivered, at once. */
  readonly fate?: (message: TwilioMessage) => TwilioFate;
  readonly faults?: ApiFaults;
}

/** A text that reaches a number of the account. */
export interface TwilioText {
  readonly from: string;
  readonly to: string;
  readonly body: string;
  /** Default: drawn anew; the same one again is a resend. */
  readonly sid?: string;
  readonly media?: readonly { readonly url: string; readonly contentType: string }[];
  /** More or other fields of the webhook. */
  readonly fields?: WebhookFields;
}

/** How a webhook goes out: the number's configured URL, and what is bent. */
export type TwilioRoute = Pick<TwilioWebhook, 'url' | 'fallbackUrl' | 'via' | 'tamper' | 'pauseMs'> & {
  /** Signs with another token than the account's. */
  readonly authToken?: string;
};

/** A running account. */
export interface FakeTwilio extends HttpApi {
  readonly account: TwilioAccount;
  /** Messages it was asked to send, oldest first. */
  readonly sent: readonly TwilioMessage[];
  /** Numbers whose owners opted out. */
  readonly optedOut: Set<string>;
  /** Where status callbacks really go; undefined: where their URL says. */
  via: string | undefined;
  /** Sends the webhook of a text that came in. */
  receive(text: TwilioText, route: TwilioRoute): Promise<WebhookOutcome>;
  /** Resolves once all status callbacks have been answered. */
  settled(): Promise<void>;
  /** Serves further resources. */
  serve(routes: readonly ApiRoute[]): void;
}

/** Starts an account. */
export async function startFakeTwilio(options: FakeTwilioOptions = {}): Promise<FakeTwilio> {
  const account = options.account ?? { accountSid: makeSid('AC'), authToken: makeSid('').padEnd(32, '0') };
  const optedOut = new Set<string>();
  const own: { via: string | undefined } = { via: undefined };
  const messages = new TwilioMessages({
    ...account,
    optedOut,
    via: () => own.via,
    ...(options.fate !== undefined && { fate: options.fate }),
  });
  const routes: ApiRoute[] = [...messages.routes()];
  const api = await startHttpApi({
    routes,
    authorize: (request) => authorizeTwilio(account, request),
    notFound: ({ path }) => twilioError(404, 20404, `The requested resource ${path} was not found`),
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
    receive: (text: TwilioText, route: TwilioRoute) => receive(account, text, route),
    settled: () => messages.settled(),
    serve: (more: readonly ApiRoute[]) => void routes.push(...more),
    close: () => {
      messages.close();
      return api.close();
    },
  });
}

function receive(account: TwilioAccount, text: TwilioText, route: TwilioRoute): Promise<WebhookOutcome> {
  const sid = text.sid ?? makeSid('SM');
  const media = (text.media ?? []).flatMap(({ url, contentType }, nth) => [
    [`MediaUrl${nth}`, url],
    [`MediaContentType${nth}`, contentType],
  ]);
  const fields: WebhookFields = {
    ToCountry: 'US',
    ToState: '',
    SmsMessageSid: sid,
    NumMedia: String(text.media?.length ?? 0),
    ToCity: '',
    FromZip: '',
    SmsSid: sid,
    FromState: '',
    SmsStatus: 'received',
    FromCity: '',
    Body: text.body,
    FromCountry: 'US',
    To: text.to,
    ToZip: '',
    NumSegments: '1',
    MessageSid: sid,
    AccountSid: account.accountSid,
    From: text.from,
    ApiVersion: '2010-04-01',
    ...Object.fromEntries(media),
    ...text.fields,
  };
  return deliverTwilioWebhook({ authToken: account.authToken, ...route, fields });
}
