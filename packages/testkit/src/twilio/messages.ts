/** Twilio's Messages resource: create, fetch, list, and what becomes of a message after it was accepted. */
import type { ApiReply, ApiRequest, ApiRoute } from '../http-api/index.ts';
import { formOf, makeSid, rfc2822, type TwilioAccount, twilioError, twilioPage } from './account.ts';
import { deliverTwilioWebhook } from './webhooks.ts';

export type TwilioMessageStatus = 'queued' | 'sending' | 'sent' | 'delivered' | 'undelivered' | 'failed';

/** A message the fake was asked to send. */
export interface TwilioMessage {
  readonly sid: string;
  readonly from: string;
  readonly to: string;
  readonly body: string;
  readonly mediaUrls: readonly string[];
  readonly statusCallback?: string;
  readonly createdAtMs: number;
  status: TwilioMessageStatus;
  errorCode?: number;
}

/** What becomes of an accepted message, step by step; `delayMs` before each step. */
export interface TwilioFate {
  readonly steps: readonly (
    | TwilioMessageStatus
    | { readonly status: TwilioMessageStatus; readonly errorCode: number }
  )[];
  readonly delayMs?: number;
}

export interface TwilioMessagesOptions extends TwilioAccount {
  /** Default: sent, then delivered, at once. */
  readonly fate?: (message: TwilioMessage) => TwilioFate;
  /** Numbers that opted out: sending to them is error 21610. */
  readonly optedOut: ReadonlySet<string>;
  /** Where requests to status callbacks really go. */
  readonly via?: () => string | undefined;
}

/** The account's messages. */
export class TwilioMessages {
  readonly sent: TwilioMessage[] = [];
  readonly #options: TwilioMessagesOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #callbacks = new Set<Promise<unknown>>();

  constructor(options: TwilioMessagesOptions) {
    this.#options = options;
  }

  /** Routes for the server. */
  routes(): readonly ApiRoute[] {
    const base = `/2010-04-01/Accounts/${this.#options.accountSid}/Messages`;
    return [
      { method: 'POST', path: new RegExp(`${base}\\.json`), serve: (request) => this.#create(request) },
      { method: 'GET', path: new RegExp(`${base}\\.json`), serve: (request) => this.#list(request) },
      { method: 'GET', path: new RegExp(`${base}/(SM[0-9a-f]{32})\\.json`), serve: (request) => this.#fetch(request) },
    ];
  }

  /** Resolves once every status callback that is under way has been answered. */
  async settled(): Promise<void> {
    while (this.#timers.size > 0 || this.#callbacks.size > 0) {
      await Promise.all([...this.#callbacks]);
      if (this.#timers.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Forgets what was still to come. */
  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #create(request: ApiRequest): ApiReply {
    const form = formOf(request);
    const refused = refuse(form, this.#options.optedOut);
    if (refused !== undefined) return refused;
    const callback = form.get('StatusCallback');
    const message: TwilioMessage = {
      sid: makeSid('SM'),
      from: form.get('From')!,
      to: form.get('To')!,
      body: form.get('Body') ?? '',
      mediaUrls: form.getAll('MediaUrl'),
      ...(callback !== null && { statusCallback: callback }),
      createdAtMs: Date.now(),
      status: 'queued',
    };
    this.sent.push(message);
    this.#follow(message);
    return { status: 201, json: this.#resource(message) };
  }

  #follow(message: TwilioMessage): void {
    const { steps, delayMs = 0 } = this.#options.fate?.(message) ?? { steps: ['sent', 'delivered'] };
    const next = (nth: number) => {
      const step = steps[nth];
      if (step === undefined) return;
      const timer = setTimeout(async () => {
        this.#timers.delete(timer);
        message.status = typeof step === 'string' ? step : step.status;
        if (typeof step === 'object') message.errorCode = step.errorCode;
        const callback = this.#notify(message);
        this.#callbacks.add(callback);
        await callback;
        this.#callbacks.delete(callback);
        next(nth + 1);
      }, delayMs);
      this.#timers.add(timer);
    };
    next(0);
  }

  async #notify(message: TwilioMessage): Promise<void> {
    if (message.statusCallback === undefined) return;
    const { accountSid, authToken, via } = this.#options;
    await deliverTwilioWebhook({
      url: message.statusCallback,
      authToken,
      via: via?.(),
      fields: {
        ApiVersion: '2010-04-01',
        AccountSid: accountSid,
        From: message.from,
        To: message.to,
        MessageSid: message.sid,
        MessageStatus: message.status,
        SmsSid: message.sid,
        SmsStatus: message.status,
        ...(message.errorCode !== undefined && { ErrorCode: String(message.errorCode) }),
      },
    });
  }

  #fetch(request: ApiRequest): ApiReply {
    const message = this.sent.find(({ sid }) => sid === request.params[0]);
    if (message === undefined) return twilioError(404, 20404, `The requested resource ${request.path} was not found`);
    return { status: 200, json: this.#resource(message) };
  }

  /** Newest first; `DateSent>` and `DateSent<` are whole instants here, as Twilio takes ISO 8601. */
  #list(request: ApiRequest): ApiReply {
    const { query } = request;
    const after = Date.parse(query.get('DateSent>') ?? '');
    const before = Date.parse(query.get('DateSent<') ?? '');
    const found = this.sent.filter(
      (message) =>
        (query.get('To') ?? message.to) === message.to &&
        (query.get('From') ?? message.from) === message.from &&
        !(message.createdAtMs < after) &&
        !(message.createdAtMs > before),
    );
    return twilioPage(
      request,
      'messages',
      found.toReversed().map((message) => this.#resource(message)),
    );
  }

  #resource(message: TwilioMessage): unknown {
    const { accountSid } = this.#options;
    const uri = `/2010-04-01/Accounts/${accountSid}/Messages/${message.sid}`;
    const gone = message.status !== 'queued';
    return {
      body: message.body,
      num_segments: String(Math.max(1, Math.ceil(message.body.length / 153))),
      direction: 'outbound-api',
      from: message.from,
      to: message.to,
      date_updated: rfc2822(Date.now()),
      price: null,
      error_message: null,
      uri: `${uri}.json`,
      account_sid: accountSid,
      num_media: String(message.mediaUrls.length),
      status: message.status,
      messaging_service_sid: null,
      sid: message.sid,
      date_sent: gone ? rfc2822(message.createdAtMs) : null,
      date_created: rfc2822(message.createdAtMs),
      error_code: message.errorCode ?? null,
      price_unit: 'USD',
      api_version: '2010-04-01',
      subresource_uris: { media: `${uri}/Media.json` },
    };
  }
}

/** The refusals of creating a message, in Twilio's words and codes. */
function refuse(form: URLSearchParams, optedOut: ReadonlySet<string>): ApiReply | undefined {
  const to = form.get('To');
  const body = form.get('Body') ?? '';
  if (!to) return twilioError(400, 21604, "A 'To' phone number is required.");
  if (!form.get('From')) return twilioError(400, 21603, "A 'From' phone number is required.");
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return twilioError(400, 21211, `Invalid 'To' Phone Number: ${to}`);
  if (body === '' && !form.has('MediaUrl')) return twilioError(400, 21602, 'Message body is required.');
  if (body.length > 1600) {
    return twilioError(400, 21617, 'The concatenated message body exceeds the 1600 character limit');
  }
  if (optedOut.has(to)) return twilioError(400, 21610, 'Attempt to send to unsubscribed recipient');
  return undefined;
}
