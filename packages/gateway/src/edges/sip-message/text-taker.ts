/**
 * From a MESSAGE that was let in to a stored text (RFC 3428). Its sender hears 202 once the text is durable (F2); 404
 * where nobody owns the number or it takes no texts from there (A4); 503 where it is to be sent again (G).
 */
import type { IncomingMessage, Refusal } from '@pickup/sip';
import { type CidrSet, type Config, cidrSet } from '../../config/index.ts';
import type { Log } from '../../observe/index.ts';
import { ANONYMOUS, toE164 } from '../../runners/phone-digits.ts';
import type { NumberRow, Store } from '../../stores/port.ts';
import type { Admission, Admitted } from '../sip/admission/admission.ts';
import { callerNumber, customHeaders, dialledUser } from '../sip/caller.ts';
import type { ArrivedText, TakeText, TextTaken } from '../text-port.ts';
import { messageId } from './message-id.ts';

export interface TextTakerDeps {
  readonly config: Pick<Config, 'sip'>;
  readonly store: Pick<Store, 'getNumber'>;
  readonly log: Log;
  readonly admission: Pick<Admission, 'admitted' | 'unproven' | 'allows'>;
  readonly takeText: TakeText;
}

/** Senders that hear 503 may try again this much later, in seconds. */
const RETRY_AFTER_S = 5;
/** RFC 5079. Two people who hide their numbers would share one chat, and nobody can be written back to. */
const ANONYMITY_DISALLOWED: Refusal = { status: 433, reason: 'Anonymity Disallowed' };

/** Takes texts. */
export class TextTaker {
  readonly #deps: TextTakerDeps;
  readonly #trusted: CidrSet;

  constructor(deps: TextTakerDeps) {
    this.#deps = deps;
    this.#trusted = cidrSet(deps.config.sip.trustedPeers);
  }

  /** Answers the message, sooner or later. */
  take(message: IncomingMessage): void {
    const { admission, log } = this.#deps;
    const by = admission.admitted(message.request);
    // Once more, after its transaction: what it shows was used up by then.
    if (!by) return message.answer({ status: 401, headers: admission.unproven() });
    this.#take(message, by).then(
      (answer) => message.answer(answer),
      (error) => {
        log.error('bug', { what: 'take_message', error: error instanceof Error ? error.stack : String(error) });
        message.answer({ status: 500 });
      },
    );
  }

  async #take(message: IncomingMessage, by: Admitted): Promise<Refusal> {
    const { request, source, memo, text } = message;
    const { country } = this.#deps.config.sip;
    const from = callerNumber(request, { trusted: this.#trusted.has(source.address), country });
    if (from === ANONYMOUS) return ANONYMITY_DISALLOWED;
    const dialled = dialledUser(request);
    const e164 = toE164(dialled, country);
    const row = await this.#find(dialled, e164);
    const isOpen = row === undefined || this.#deps.admission.allows(row.settings, { address: source.address, by });
    if (!isOpen) return { status: 404 };
    const custom = customHeaders(request);
    const arrived: ArrivedText = {
      edge: 'sip_message',
      provider_message_id: messageId(message),
      from,
      to: row?.settings.phone_number ?? e164 ?? dialled,
      text,
      ...(Object.keys(custom).length > 0 && { custom_sip_headers: custom }),
      reply_route: memo,
    };
    return answerTo(await this.#deps.takeText(arrived));
  }

  /** The number as dialled, else in E.164 (A0). */
  async #find(dialled: string, e164: string | undefined): Promise<NumberRow | undefined> {
    const exact = await this.#deps.store.getNumber(dialled);
    return exact ?? (e164 === undefined || e164 === dialled ? undefined : this.#deps.store.getNumber(e164));
  }
}

function answerTo({ kind }: TextTaken): Refusal {
  switch (kind) {
    case 'stored':
    case 'resent':
      return { status: 202 };
    case 'unknown_number':
      return { status: 404 };
    case 'unavailable':
      return { status: 503, headers: [['Retry-After', String(RETRY_AFTER_S)]] };
  }
}
