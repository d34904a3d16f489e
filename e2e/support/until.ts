import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again every 20 ms until the answer is neither null, false nor undefined; throws after `limitMs` (default 30 s). */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  limitMs = 30_000,
): Promise<T> {
  const giveUpAt = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (performance.now() > giveUpAt) throw new Error(`never came true within ${limitMs} ms: ${what}`);
    await sleep(20);
  }
}
