/** What a trunk's challenge to a request of ours in a call is answered with. */
import { type FindCredentials, parseNameAddr } from '@pickup/sip';
import type { Log } from '../../observe/index.ts';
import { toE164 } from '../../runners/phone-digits.ts';
import type { NumberRow, Store } from '../../stores/port.ts';
import type { CallerTable } from './admission/caller-table.ts';
import { userOf } from './caller.ts';

export interface TrunkCredentialsDeps {
  readonly store: Pick<Store, 'getNumber'>;
  readonly callers: Pick<CallerTable, 'knows'>;
  readonly log: Log;
  /** The country of the trunk. */
  readonly country: string;
  /** Opens the sealed password of a number's trunk; throws where it does not open. */
  readonly openPassword: (sealed: string, phoneNumber: string) => string;
}

/**
 * The name and password of the dialled number's trunk, for peers only: answers given to anybody else could be collected
 * to guess the password from. By the number, not by the call, so that it holds after a crash too.
 */
export function trunkCredentials(deps: TrunkCredentialsDeps): FindCredentials {
  return async ({ localAddress, address }) => {
    if (!deps.callers.knows(address)) return undefined;
    const dialled = userOf(parseNameAddr(localAddress)?.uri ?? '');
    try {
      const row = dialled === undefined ? undefined : await findRow(deps, dialled);
      const username = row?.settings.sip_outbound_trunk_config?.auth_username;
      if (!row || username === undefined || row.sealed_auth_password === undefined) return undefined;
      return { username, password: deps.openPassword(row.sealed_auth_password, row.settings.phone_number) };
    } catch (error) {
      deps.log.error('trunk_password_failed', { error: String(error) });
      return undefined;
    }
  };
}

async function findRow({ store, country }: TrunkCredentialsDeps, dialled: string): Promise<NumberRow | undefined> {
  const e164 = toE164(dialled, country);
  return (await store.getNumber(dialled)) ?? (e164 === undefined ? undefined : await store.getNumber(e164));
}
