/** Telnyx's messages: send, retrieve, and the events that follow. */
import { randomUUID } from 'node:crypto';
import type { ApiReply, ApiRequest, ApiRoute } from '../http-api/index.ts';
import { jsonOf, type TelnyxAccount, telnyxError } from './account.ts';
import { deliverTelnyxWebhook } from './webhooks.ts';

export type TelnyxMessageStatus = 'queued' | 'sent' | 'delivered' | 'sending_failed' | 'delivery_failed';

/** A message the fake was asked to send. */
export interface TelnyxMessage {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly mediaUrls: readonly string[];
  readonly webhookUrl?: string;
  readonly createdAtMs: number;
  status: TelnyxMessageStatus;
}

/** What becomes of an accepted message, step by step; `delayMs` before each. */
export interface TelnyxFate {
  readonly steps: readonly TelnyxMessageStatus[];
  readonly delayMs?: number;
}

export interface TelnyxMessagesOptions {
  readonly account: TelnyxAccount;
  /** Default: sent, then delivered, at once. */
  readonly fate?: (message: TelnyxMessage) => TelnyxFate;
  /** Numbers that opted out: sending to them is error 40300. */
  readonly optedOut: ReadonlySet<string>;
  readonly via?: () => string | undefined;
}

/** The account's messages. */
export class TelnyxMessages {
  readonly sent: TelnyxMessage[] = [];
  readonly #options: TelnyxMessagesOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #callbacks = new Set<Promise<unknown>>();

  constructor(options: TelnyxMessagesOptions) {
    this.#options = options;
  }

  /** Routes for the server. */
  routes(): readonly ApiRoute[] {
    return [
      { method: 'POST', path: /\/v2\/messages/, serve: (request) => this.#send(request) },
      { method: 'GET', path: /\/v2\/messages\/([^/]+)/, serve: (request) => this.#retrieve(request) },
    ];
  }

  /** Resolves once every event that is under way has been answered. */
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

  #send(request: ApiRequest): ApiReply {
    const body = jsonOf(request);
    const refused = refuse(body, this.#options.optedOut);
    if (refused !== undefined) return refused;
    const message: TelnyxMessage = {
      id: randomUUID(),
      from: String(body.from),
      to: String(body.to),
      text: typeof body.text === 'string' ? body.text : '',
      mediaUrls: Array.isArray(body.media_urls) ? body.media_urls.map(String) : [],
      ...(typeof body.webhook_url === 'string' && { webhookUrl: body.webhook_url }),
      createdAtMs: Date.now(),
      status: 'queued',
    };
    this.sent.push(message);
    this.#follow(message);
    return { status: 200, json: { data: resource(message) } };
  }

  #follow(message: TelnyxMessage): void {
    const { steps, delayMs = 0 } = this.#options.fate?.(message) ?? { steps: ['sent', 'delivered'] };
    const next = (nth: number) => {
      const step = steps[nth];
      if (step === undefined) return;
      const timer = setTimeout(async () => {
        this.#timers.delete(timer);
        message.status = step;
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

  async #notify(message: TelnyxMessage): Promise<void> {
    if (message.webhookUrl === undefined) return;
    await deliverTelnyxWebhook({
      url: message.webhookUrl,
      eventType: message.status === 'sent' ? 'message.sent' : 'message.finalized',
      payload: resource(message),
      account: this.#options.account,
      via: this.#options.via?.(),
    });
  }

  #retrieve(request: ApiRequest): ApiReply {
    const message = this.sent.find(({ id }) => id === request.params[0]);
    if (message === undefined) return telnyxError(404, '10005', 'Resource not found');
    return { status: 200, json: { data: resource(message) } };
  }
}

function resource(message: TelnyxMessage): unknown {
  const failed = message.status === 'sending_failed' || message.status === 'delivery_failed';
  const at = new Date(message.createdAtMs).toISOString();
  return {
    record_type: 'message',
    direction: 'outbound',
    id: message.id,
    type: message.mediaUrls.length > 0 ? 'MMS' : 'SMS',
    messaging_profile_id: '16fd2706-8baf-433b-82eb-8c7fada847da',
    from: { phone_number: message.from, carrier: 'Telnyx', line_type: 'Wireless' },
    to: [{ phone_number: message.to, status: message.status, carrier: 'T-MOBILE USA, INC.', line_type: 'Wireless' }],
    text: message.text,
    media: message.mediaUrls.map((url) => ({ url, sha256: null, content_type: null, size: null })),
    webhook_url: message.webhookUrl ?? null,
    webhook_failover_url: null,
    encoding: 'GSM-7',
    parts: Math.max(1, Math.ceil(message.text.length / 153)),
    tags: [],
    cost: null,
    received_at: at,
    sent_at: message.status === 'queued' ? null : at,
    completed_at: failed || message.status === 'delivered' ? at : null,
    valid_until: at,
    errors: failed
      ? [{ code: '40008', title: 'Undeliverable', detail: 'The recipient carrier did not accept it.' }]
      : [],
  };
}

/** The refusals of sending, in Telnyx's words and codes. */
function refuse(body: Readonly<Record<string, unknown>>, optedOut: ReadonlySet<string>): ApiReply | undefined {
  const to = typeof body.to === 'string' ? body.to : '';
  if (to === '') return telnyxError(422, '10004', 'Missing required parameter', "The 'to' parameter is required.");
  if (!/^\+[1-9]\d{6,14}$/.test(to)) return telnyxError(400, '40310', "Invalid 'to' address", `'${to}' is no number.`);
  if (typeof body.from !== 'string') return telnyxError(400, '40305', "Invalid 'from' address");
  if (typeof body.text !== 'string' && !Array.isArray(body.media_urls)) {
    return telnyxError(400, '40316', 'No content provided');
  }
  if (optedOut.has(to)) return telnyxError(400, '40300', 'Blocked due to STOP message');
  return undefined;
}
