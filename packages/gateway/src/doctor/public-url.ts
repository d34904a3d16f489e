/** Whether PICKUP_PUBLIC_URL leads here. */
import type { Reach, ReachResult } from '@pickup/outbound';
import { type Finding, fail, ok, warn } from './finding.ts';

const LIMIT_MS = 4_000;

/** Asks for /health behind it, the way others would. */
export const tryPublicUrl = (publicUrl: string, reach: Reach): Promise<ReachResult> =>
  reach({ url: `${publicUrl}/health`, limitMs: LIMIT_MS, get: true });

/** What that means; where Pickup does not run, nothing behind it can answer. */
export function judgePublicUrl(
  reached: ReachResult,
  options: { readonly publicUrl: string; readonly running: boolean; readonly own: string },
): readonly Finding[] {
  const { publicUrl, running, own } = options;
  if (!reached.ok) {
    const what = `${publicUrl} cannot be reached from here: ${reached.message.replace(/\.$/, '')}`;
    const change = `PICKUP_PUBLIC_URL=<the URL of your reverse proxy>, and let it pass on to ${own}`;
    return [running ? fail(what, change) : warn(what, change)];
  }
  const came = `${publicUrl} reached at ${reached.address} in ${Math.ceil(reached.phases.total_ms)} ms`;
  if (!running || reached.status === 200) return [ok(running ? `${came}, answers` : came)];
  return [
    warn(`${came}, but /health there answers ${reached.status}`, `let the reverse proxy pass every path on to ${own}`),
  ];
}
