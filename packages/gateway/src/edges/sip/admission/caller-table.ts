/**
 * Who may call, in memory: the peers of the gateway, and the rules of the numbers that have their own. Numbers without
 * cost nothing here, and no look-up grows with their number.
 */
import type { PhoneNumberSettings } from '@pickup/contract';
import { type Cidr, type CidrSet, cidrSet, parseCidr } from '../../../config/index.ts';
import type { NumberRow } from '../../../stores/port.ts';
import { BlockTable } from './block-table.ts';

/** What a number says of its callers. */
export interface CallerRule {
  readonly phoneNumber: string;
  /** Absent: anywhere, with credentials. */
  readonly peers?: CidrSet;
  /** Absent: none are asked for. The password is sealed to the number; without one nobody can call. */
  readonly login?: { readonly username: string; readonly sealed: string | undefined };
}

interface Entry {
  readonly rule: CallerRule;
  readonly blocks: readonly Cidr[];
  /** What it was made of, to tell a change. */
  readonly from: string;
}

/** The rule of a number, or undefined where PICKUP_SIP_PEERS decides. */
export function callerRule({ settings, sealed_sip_inbound_password: sealed }: NumberRow): CallerRule | undefined {
  const { phone_number: phoneNumber, sip_peers: peers, sip_inbound_username: username } = settings;
  if (!peers && !username) return undefined;
  return {
    phoneNumber,
    ...(peers && { peers: setOf(peers) }),
    ...(username && { login: { username, sealed } }),
  };
}

/** The gateway's peers and the rules of numbers. */
export class CallerTable {
  readonly #everywhere: CidrSet;
  readonly #shared: CidrSet;
  readonly #known = new BlockTable();
  readonly #entries = new Map<string, Entry>();
  /** How many numbers take calls from anywhere, with credentials. */
  #open = 0;
  /** Some number with credentials. */
  #withLogin: CallerRule | undefined;

  /**
   * `everywhere`: PICKUP_SIP_PEERS. `shared`: strangers too, but not counted: addresses of a carrier whose calls show
   * credentials, and from which all its customers call. One of them who floods would silence the others.
   */
  constructor(everywhere: readonly Cidr[], shared: readonly Cidr[] = []) {
    this.#everywhere = cidrSet(everywhere);
    this.#shared = cidrSet(shared);
    for (const block of everywhere) this.#known.add(block);
  }

  /** Is it a stranger whose messages are not counted? */
  isShared(address: string): boolean {
    return this.#shared.has(address);
  }

  /** Is it a peer of the gateway's or of any number's? */
  knows(address: string): boolean {
    return this.#known.has(address);
  }

  /** May a stranger be let in by credentials? Then every stranger is asked for them. */
  get asksStrangers(): boolean {
    return this.#open > 0;
  }

  /** The rule of the first of these forms of a number that has one. */
  find(...forms: readonly (string | undefined)[]): CallerRule | undefined {
    for (const form of forms) {
      const entry = form === undefined ? undefined : this.#entries.get(form);
      if (entry) return entry.rule;
    }
    return undefined;
  }

  /** Some number with credentials: for work that must take as long where nobody is meant as where somebody is. */
  get withLogin(): CallerRule | undefined {
    return this.#withLogin;
  }

  /** The numbers that have a rule. */
  numbers(): Iterable<string> {
    return this.#entries.keys();
  }

  /** A number as it is stored now. */
  put(row: NumberRow): void {
    const { phone_number: phoneNumber, sip_peers: peers, sip_inbound_username: username } = row.settings;
    const from = JSON.stringify([peers, username, row.sealed_sip_inbound_password]);
    if (this.#entries.get(phoneNumber)?.from === from) return;
    this.delete(phoneNumber);
    const rule = callerRule(row);
    if (!rule) return;
    const blocks = blocksOf(peers ?? []);
    this.#entries.set(phoneNumber, { rule, blocks, from });
    for (const block of blocks) this.#known.add(block);
    if (rule.login) this.#withLogin ??= rule;
    if (rule.login && !rule.peers) this.#open += 1;
  }

  delete(phoneNumber: string): void {
    const entry = this.#entries.get(phoneNumber);
    if (!entry) return;
    this.#entries.delete(phoneNumber);
    for (const block of entry.blocks) this.#known.remove(block);
    if (entry.rule.login && !entry.rule.peers) this.#open -= 1;
    if (this.#withLogin === entry.rule) this.#withLogin = this.#anyLogin();
  }

  #anyLogin(): CallerRule | undefined {
    for (const { rule } of this.#entries.values()) if (rule.login) return rule;
    return undefined;
  }

  /**
   * May a caller at this address call the number, whose settings were just read? `provenFor` is the number whose
   * credentials the caller has shown.
   */
  allows(
    settings: PhoneNumberSettings,
    caller: { readonly address: string; readonly provenFor: string | undefined },
  ): boolean {
    const { phone_number, sip_peers: peers, sip_inbound_username: username } = settings;
    if (username && caller.provenFor !== phone_number) return false;
    if (peers) return setOf(peers).has(caller.address);
    return username ? true : this.#everywhere.has(caller.address);
  }
}

/** Settings are kept as parsed objects between calls, so their lists are made into sets once. */
const sets = new WeakMap<readonly string[], CidrSet>();

function setOf(peers: readonly string[]): CidrSet {
  const known = sets.get(peers);
  if (known) return known;
  const set = cidrSet(blocksOf(peers));
  sets.set(peers, set);
  return set;
}

/** What was stored has been read once; what can no longer be read lets nobody in. */
function blocksOf(texts: readonly string[]): readonly Cidr[] {
  return texts.flatMap((text) => {
    const read = parseCidr(text);
    return read.ok ? [read.cidr] : [];
  });
}
