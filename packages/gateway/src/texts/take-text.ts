/**
 * Takes a text from its edge: stored before it is acknowledged (F2), a resend recognised (case 76). What a text in an
 * ongoing chat does not need is not read.
 */
import { describeSimulatedFault, type Issue, type SimulatedFault } from '@pickup/contract';
import { begin, handlingOf, type InboundFacts } from '@pickup/core';
import type { ArrivedText, TakeText, TextMedia, TextTaken } from '../edges/text-port.ts';
import type { InboundFeed } from '../observe/inbound-feed.ts';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import { isCustomHeader } from '../runners/custom-headers.ts';
import { liveInboundObject } from '../runners/inbound-object.ts';
import { ANONYMOUS, isHidden, toE164 } from '../runners/phone-digits.ts';
import type { ArrivalReader } from '../runners/read-arrival.ts';
import type { NewText, Store, TextStored } from '../stores/port.ts';
import { pairOf } from '../stores/texts-of-chat.ts';
import { openingOf } from './text-rows.ts';

export interface TextTakerDeps {
  readonly store: Pick<Store, 'getNumber' | 'getTextPair' | 'storeText'>;
  readonly readArrival: ArrivalReader;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly nodeId: string;
  /** Numbers that do not begin with + are read as its national numbers. */
  readonly country: string;
  /** False once the gateway is stopping (H5). */
  readonly taking: () => boolean;
  /** Links of a text (case 80). */
  readonly checkUrl: (url: string) => { readonly ok: true } | { readonly ok: false; readonly message: string };
  /** Told of each inbound that a text opens; absent: nobody. */
  readonly feed?: Pick<InboundFeed, 'changed'>;
  /** A text is being stored: its job is to be taken by the same commit. */
  readonly takeAlong: () => void;
  readonly log: Log;
}

/** Of one text; providers send at most ten. */
const MOST_MEDIA = 20;

export function createTextTaker(deps: TextTakerDeps): TakeText {
  return async (arrived) => {
    if (!deps.taking()) return { kind: 'unavailable' };
    try {
      return await take(deps, arrived);
    } catch (error) {
      deps.log.error('text_not_stored', { edge: arrived.edge, error: String(error) });
      return { kind: 'unavailable' };
    }
  };
}

async function take(deps: TextTakerDeps, arrived: ArrivedText): Promise<TextTaken> {
  const { store, takeAlong, country } = deps;
  const to = (await ownNumber(deps, arrived.to)) ?? toE164(arrived.to, country) ?? arrived.to;
  const from = isHidden(arrived.from) ? ANONYMOUS : (toE164(arrived.from, country) ?? arrived.from);
  const text = newText(deps, arrived, { to, from });
  const known = (await store.getTextPair(pairOf(to, from))) !== undefined && handlingOf(text.text, false) === 'chat';
  const storeNow = (...given: Parameters<Store['storeText']>) => {
    const storing = store.storeText(...given);
    takeAlong();
    return storing;
  };
  let stored = known ? await storeNow(text) : 'needs_opening';
  let isOwned = true;
  if (stored === 'needs_opening') {
    const facts = await readFacts(deps, arrived, { to, from });
    isOwned = facts.entry.kind !== 'nobody';
    const opening = openingOf(facts, deps.nodeId);
    stored = await storeNow(isOwned ? text : { ...text, unowned: true }, opening);
    const isNew = stored !== 'needs_opening' && stored.stored && stored.inbound_id === facts.inbound_id;
    if (isNew) deps.feed?.changed(() => liveInboundObject(begin(facts).state, []));
  }
  if (stored === 'needs_opening') throw new Error('The store wants an opening that it has.');
  return takenOf(stored, isOwned);
}

function takenOf({ stored, inbound_id, chat_id, text_id }: TextStored, isOwned: boolean): TextTaken {
  if (!isOwned) return { kind: 'unknown_number', inbound_id, text_id };
  return { kind: stored ? 'stored' : 'resent', inbound_id, text_id, ...(chat_id !== undefined && { chat_id }) };
}

/** As dialled, else in E.164 (A0). */
async function ownNumber({ store, country }: TextTakerDeps, dialled: string): Promise<string | undefined> {
  const e164 = toE164(dialled, country);
  const row = (await store.getNumber(dialled)) ?? (e164 && e164 !== dialled ? await store.getNumber(e164) : undefined);
  return row?.settings.phone_number;
}

async function readFacts(
  { readArrival, clock, newId }: TextTakerDeps,
  arrived: ArrivedText,
  { to, from }: { readonly to: string; readonly from: string },
): Promise<InboundFacts> {
  const facts = await readArrival({
    channel: 'sms',
    edge: arrived.edge,
    arrived: { monoMs: clock.monoMs(), wallMs: clock.wallMs() },
    dialled: to,
    from,
    headers: customHeaders(arrived.custom_sip_headers ?? {}),
    media: 'usable',
    inboundId: `inb_${newId()}`,
  });
  return withFault(facts, arrived.simulated_fault);
}

/** What is simulated is said in the record: nobody is to take it for real. */
export function withFault(facts: InboundFacts, fault: SimulatedFault | undefined): InboundFacts {
  return fault ? { ...facts, simulated_fault: describeSimulatedFault(fault) } : facts;
}

function newText(
  deps: TextTakerDeps,
  arrived: ArrivedText,
  numbers: { readonly to: string; readonly from: string },
): NewText {
  const { edge, provider_message_id, text, reply_route, simulated_fault } = arrived;
  const { kept, issues } = judgeMedia(deps, arrived.media ?? []);
  const headers = customHeaders(arrived.custom_sip_headers ?? {});
  return {
    text_id: `text_${deps.newId()}`,
    edge,
    provider_message_id,
    from_number: numbers.from,
    to_number: numbers.to,
    text: text.toWellFormed(),
    ...(kept.length > 0 && { media: kept }),
    ...(issues.length > 0 && { issues }),
    ...(Object.keys(headers).length > 0 && { custom_sip_headers: headers }),
    ...(reply_route && { reply_route }),
    ...(simulated_fault && { simulated_fault }),
    arrival_timestamp: deps.clock.wallMs(),
  };
}

/** Case 80: a link to where we may not go is dropped, and the record says so. */
function judgeMedia({ checkUrl, log }: TextTakerDeps, media: readonly TextMedia[]) {
  const kept: TextMedia[] = [];
  const issues: Issue[] = [];
  for (const [index, one] of media.slice(0, MOST_MEDIA).entries()) {
    const verdict = checkUrl(one.url);
    if (verdict.ok) kept.push(one);
    else {
      log.warn('media_refused', { at: index });
      const message = `The text's media link ${index + 1} was dropped: ${verdict.message}`;
      issues.push({ severity: 'warning', effect: 'ignored', code: 'media_refused', rule: 'A6', pointer: '', message });
    }
  }
  return { kept, issues };
}

/** As the SIP edge takes them (E9). */
function customHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const taken = Object.entries(headers).filter(([name]) => isCustomHeader(name));
  return Object.fromEntries(
    taken.map(([name, value]) => [name.toLowerCase(), value.replace(/[\u0000-\u001f\u007f]/g, '')]),
  );
}
