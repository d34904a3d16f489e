/**
 * Who is heard, and who may call or send a text (A3, A4, A5). In the order of a message:
 *   1 a banned stranger hears nothing, but calls of theirs that stand go on
 *   2 a registered call's id is its own credential (A3)
 *   3 a known peer is heard; a number that has credentials asks for them (401)
 *   4 a stranger is counted, and hears 403; or 401, whatever was dialled, once any number takes calls from anywhere
 * Nothing is stored for who does not get past this, and nobody learns here which numbers exist.
 */

import type { PhoneNumberSettings } from '@pickup/contract';
import {
  type Admission as Answer,
  createDigestVerifier,
  type DigestHash,
  type DigestVerifier,
  type HeaderInput,
  headerValue,
  headerValues,
  paramValue,
  parseNameAddr,
  parseVia,
  type SipRequest,
  splitList,
  tagOf,
} from '@pickup/sip';
import type { Clock } from '../../../runners/clock.ts';
import { toE164 } from '../../../runners/phone-digits.ts';
import { dialledUser, registeredId, userOf } from '../caller.ts';
import { plainAddress } from './block-table.ts';
import type { CallerRule, CallerTable } from './caller-table.ts';
import { FloodBan } from './flood-ban.ts';
import { Guests } from './guests.ts';
import type { RefusalLog } from './refusal-log.ts';

export interface AdmissionDeps {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly table: CallerTable;
  readonly refusals: RefusalLog;
  /** What credentials may be proved by, in the order of the challenge. */
  readonly digests: readonly DigestHash[];
  /** The country of the trunk. */
  readonly country: string;
  /** Opens the sealed password of a number's callers; throws where it does not open. */
  readonly openPassword: (sealed: string, phoneNumber: string) => string;
}

/** How a call or text got in. */
export interface Admitted {
  /** The number whose credentials were shown. */
  readonly provenFor?: string;
}

const REALM = 'pickup';
/** Outside of a call these begin something: the number that is dialled decides who may. */
const OPENING: ReadonlySet<string> = new Set(['INVITE', 'MESSAGE']);
/** What an INVITE that is refused or given up is made of: all of them have its Request-URI. */
const OF_A_CALL: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'CANCEL']);

export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #flood = new FloodBan();
  readonly #verifier: DigestVerifier;
  readonly #guests: Guests;
  /** New calls and texts that were let in, by their request. */
  readonly #admitted = new WeakMap<SipRequest, Admitted>();

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#guests = new Guests(deps.clock);
    this.#verifier = createDigestVerifier({
      clock: deps.clock,
      random: deps.newId,
      realm: REALM,
      offered: deps.digests,
    });
  }

  /** Bans since the start. */
  get bans(): number {
    return this.#flood.bans;
  }

  /** Is a message from there read at all? */
  heeds(address: string): boolean {
    if (!this.#flood.isBanned(address, this.#deps.clock.monoMs())) return true;
    return this.#guests.stayAt(address) || this.#deps.table.knows(address);
  }

  /** Is it a peer of ours? */
  knows(address: string): boolean {
    return this.#deps.table.knows(address);
  }

  /** Something came that is no request one could answer. */
  stray(address: string): void {
    if (!this.#deps.table.knows(address)) this.#count(plainAddress(address));
  }

  /** What becomes of a request. Nothing but a new INVITE or MESSAGE is asked for credentials. */
  judge(sourceAddress: string, request: SipRequest): Answer {
    const address = plainAddress(sourceAddress);
    const isKnown = this.#deps.table.knows(address);
    const callId = headerValue(request, 'Call-ID') ?? '';
    if (!OPENING.has(request.method) || hasToTag(request)) {
      if (isKnown || this.#guests.has(callId)) return 'accept';
      return this.#judgeStranger(address, request);
    }
    if (request.method === 'INVITE' && registeredId(request) !== undefined) {
      if (!isKnown && !this.#count(address)) return 'drop';
      this.#letIn(request, {});
      return isKnown ? 'accept' : 'unproven';
    }
    if (this.#guests.isRepetition(callId, branchOf(request))) return 'accept';
    return isKnown ? this.#judgePeerCall(address, request) : this.#judgeStranger(address, request);
  }

  /** How this INVITE or MESSAGE got in; undefined for one that is only the repetition of an earlier one. */
  admitted(request: SipRequest): Admitted | undefined {
    return this.#admitted.get(request);
  }

  /** May the caller call this number, as it is stored at this moment? */
  allows(settings: PhoneNumberSettings, caller: { readonly address: string; readonly by: Admitted }): boolean {
    const { address, by } = caller;
    return this.#deps.table.allows(settings, { address: plainAddress(address), provenFor: by.provenFor });
  }

  /** The refusal of a call whose credentials were used before. */
  unproven(): HeaderInput {
    return this.#verifier.challenge({ stale: true });
  }

  /** The call of a registration that was claimed by who may be a stranger: its messages are heard from now on. */
  welcome(request: SipRequest, address: string): void {
    const callId = headerValue(request, 'Call-ID') ?? '';
    this.#guests.add(callId, { branch: branchOf(request), address });
  }

  /** The call goes on. */
  keep(callId: string): void {
    this.#guests.keep(callId);
  }

  /** The call is over. */
  leave(callId: string): void {
    this.#guests.leave(callId);
  }

  close(): void {
    this.#guests.clear();
  }

  #judgePeerCall(address: string, request: SipRequest): Answer {
    const rule = this.#ruleOf(request);
    // Who may not call the number hears of no credentials: to them nobody owns it.
    if (!rule?.login || rule.peers?.has(address) === false) return this.#letIn(request, {});
    return this.#askCredentials(address, request, rule);
  }

  #judgeStranger(address: string, request: SipRequest): Answer {
    if (!this.#count(address)) return 'drop';
    const { table, refusals, clock } = this.#deps;
    if (OF_A_CALL.has(request.method) && registeredId(request) !== undefined) return 'unproven';
    if (OPENING.has(request.method) && table.asksStrangers) {
      const rule = this.#ruleOf(request);
      return this.#askCredentials(address, request, rule?.peers ? undefined : rule);
    }
    if (request.method !== 'ACK') refusals.refused(address, clock.monoMs());
    return 'refuse';
  }

  /** The same work and the same answer whether or not there is a rule. */
  #askCredentials(address: string, request: SipRequest, rule: CallerRule | undefined): Answer {
    const { refusals, clock } = this.#deps;
    const { verdict } = this.#verifier.verify({
      method: request.method,
      authorization: headerValues(request, 'Authorization'),
      secretOf: (username) => this.#secretOf(username, rule),
      fits: (uri) => this.#fits(uri, request),
    });
    if (verdict === 'right' && rule) {
      this.#flood.vouch(address, clock.monoMs());
      refusals.proven(address);
      this.#guests.add(headerValue(request, 'Call-ID') ?? '', { branch: branchOf(request), address });
      return this.#letIn(request, { provenFor: rule.phoneNumber });
    }
    if (verdict === 'wrong') {
      this.#flood.doubt(address);
      refusals.notProven(address, clock.monoMs());
    }
    if (verdict === 'missing') refusals.challenged(address, clock.monoMs());
    return { status: 401, headers: this.#verifier.challenge({ stale: verdict === 'stale' }) };
  }

  #letIn(request: SipRequest, by: Admitted): 'accept' {
    this.#admitted.set(request, by);
    return 'accept';
  }

  #ruleOf(request: SipRequest): CallerRule | undefined {
    const dialled = dialledUser(request);
    return this.#deps.table.find(dialled, toE164(dialled, this.#deps.country));
  }

  /** A password is opened in any case: how long it takes tells of no user and no number. */
  #secretOf(username: string, rule: CallerRule | undefined) {
    const isKnown = rule?.login !== undefined && rule.login.username === username;
    const password = this.#open(isKnown ? rule : this.#deps.table.withLogin);
    return isKnown && password !== undefined ? { password } : undefined;
  }

  #open(rule: CallerRule | undefined): string | undefined {
    const { openPassword, refusals, clock } = this.#deps;
    if (rule?.login?.sealed === undefined) return undefined;
    try {
      return openPassword(rule.login.sealed, rule.phoneNumber);
    } catch (error) {
      refusals.notOpened(rule.phoneNumber, error, clock.monoMs());
      return undefined;
    }
  }

  /** The URI that was signed, where it names a user, names the one who was dialled: proxies rewrite the rest. */
  #fits(uri: string, request: SipRequest): boolean {
    const signed = userOf(uri);
    if (signed === undefined || uri === request.uri) return true;
    const dialled = dialledUser(request);
    const { country } = this.#deps;
    return signed === dialled || (toE164(signed, country) ?? signed) === (toE164(dialled, country) ?? dialled);
  }

  /** False once the source is silenced. */
  #count(address: string): boolean {
    if (this.#deps.table.isShared(address)) return true;
    const nowMs = this.#deps.clock.monoMs();
    const verdict = this.#flood.count(address, nowMs);
    if (verdict === 'banned') this.#deps.refusals.banned(address, nowMs);
    return verdict !== 'silent';
  }
}

function hasToTag(request: SipRequest): boolean {
  const to = parseNameAddr(headerValue(request, 'To') ?? '');
  return to !== undefined && tagOf(to) !== undefined;
}

function branchOf(request: SipRequest): string {
  const via = parseVia(splitList(headerValue(request, 'Via') ?? '')[0] ?? '');
  return (via && paramValue(via.params, 'branch')) ?? '';
}
