/** Runs checks side by side; none of them can hold up the others, fail them, or last for ever. */
import type { Clock } from '../runners/clock.ts';
import { type Finding, fail, type NamedFinding } from './finding.ts';

/** One check. It may reject; that is a finding too. */
export interface Check {
  readonly name: string;
  /** Default 5,000. */
  readonly limitMs?: number;
  readonly run: () => Promise<readonly Finding[]>;
}

/** The longest a check may take, in ms. */
export const CHECK_LIMIT_MS = 5_000;

/** Findings in the order of the checks. `onSlow` hears once, after `slowMs`, the names of those still at work. */
export async function runChecks(
  checks: readonly Check[],
  options: { readonly clock: Clock; readonly onSlow?: (names: readonly string[]) => void; readonly slowMs?: number },
): Promise<readonly NamedFinding[]> {
  const { clock, onSlow, slowMs = 1_000 } = options;
  const working = new Set(checks.map((check) => check.name));
  const cancelSlow = clock.after(slowMs, () => onSlow?.([...working]));
  const all = await Promise.all(
    checks.map(async (check) => {
      const found = await withinLimit(check, clock);
      working.delete(check.name);
      return found.map((finding) => ({ name: check.name, ...finding }));
    }),
  );
  cancelSlow();
  return all.flat();
}

function withinLimit({ run, limitMs = CHECK_LIMIT_MS }: Check, clock: Clock): Promise<readonly Finding[]> {
  return new Promise((resolve) => {
    const cancel = clock.after(limitMs, () =>
      resolve([
        fail(
          `did not end within ${limitMs / 1_000} s`,
          'run it again; if it stays so, the disk or the network behind this check does not answer',
        ),
      ]),
    );
    run()
      .catch((error) => [
        fail(
          `could not be done: ${error instanceof Error ? error.message : String(error)}`,
          'if that is no fault of this machine, report it as a bug of pickup doctor',
        ),
      ])
      .then((found) => {
        cancel();
        resolve(found);
      });
  });
}
