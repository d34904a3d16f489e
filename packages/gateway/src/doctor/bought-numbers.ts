/** Whether the numbers that were bought still lead here: what people changed at the provider by hand, loses calls. */
import type { NumberProvider } from '@pickup/contract';
import { PROVIDER_LABELS } from '../providers/number-shop.ts';
import { CREDENTIALS, type Shops } from '../providers/shops.ts';
import type { BoughtNumber } from '../stores/index.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const MOST_TOLD = 5;

/** Asks the providers for each of these numbers; nothing is changed there. */
export async function judgeBought(numbers: readonly BoughtNumber[], shops: Shops): Promise<readonly Finding[]> {
  const providers = (['twilio', 'telnyx'] as const).filter(
    (provider) => shops.account(provider) !== undefined || numbers.some((one) => one.provider === provider),
  );
  const found = await Promise.all(
    providers.map((provider) =>
      judgeAccount(
        provider,
        numbers.filter((one) => one.provider === provider),
        shops,
      ),
    ),
  );
  return [...found.flat(), ...nowhere(numbers, shops)];
}

async function judgeAccount(
  provider: NumberProvider,
  numbers: readonly BoughtNumber[],
  shops: Shops,
): Promise<readonly Finding[]> {
  const label = PROVIDER_LABELS[provider];
  const shop = shops.account(provider);
  if (shop === undefined) {
    const what = `${countOf(numbers)} bought at ${label}, and there is nothing to log in there with`;
    return [fail(what, `set ${CREDENTIALS[provider]}`)];
  }
  try {
    const limits = await shop.accountWarnings();
    const changed = (await Promise.all(numbers.map((one) => shop.differences(one.phone_number)))).flat();
    const told = changed.slice(0, MOST_TOLD);
    if (changed.length > told.length) told.push(`${changed.length - told.length} more at ${label}`);
    const change = `set it back at ${label}, as docs/buying-numbers.md has it`;
    const worries = [
      ...limits.map((limit) => warn(limit, `upgrade the account at ${label}`)),
      ...told.map((one) => warn(one, change)),
    ];
    return worries.length > 0 ? worries : [ok(`${label} can be used; ${countOf(numbers)} there`)];
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [warn(`${label} could not be asked: ${why}`, `look at ${CREDENTIALS[provider]}, and try again`)];
  }
}

/** Twilio asks for the way with every call, so a setting that went missing loses them all. */
function nowhere(numbers: readonly BoughtNumber[], shops: Shops): readonly Finding[] {
  if (numbers.length === 0) return [];
  return shops
    .missing()
    .map(({ name, meaning }) => fail(`${countOf(numbers)} bought, and ${name} is not set`, `${name}=<${meaning}>`));
}

function countOf({ length }: readonly unknown[]): string {
  return length === 1 ? '1 number' : `${length} numbers`;
}
