/** Texts at a fixed rate over many chats while the gateway is killed again and again; who heard what, at the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayProcess } from '../../e2e/support/gateway.ts';
import { type People, person } from './people.ts';

export interface KilledRunOptions {
  readonly people: People;
  readonly chats: number;
  readonly texts: number;
  readonly perSecond: number;
  readonly killEveryMs: number;
  /** Kills the gateway and starts it again on the same folder and port. */
  readonly restart: () => Promise<GatewayProcess>;
  /** After the last text, how long to wait for the answers. */
  readonly settleMs: number;
}

export interface KilledRun {
  readonly acknowledged: number;
  readonly answered: number;
  readonly missing: number;
  readonly duplicates: number;
  /** Chats whose answers are not in the order of their texts, duplicates aside. */
  readonly disordered: number;
  readonly kills: number;
  readonly resent: number;
  readonly seconds: number;
}

export async function killedRun(options: KilledRunOptions): Promise<KilledRun> {
  const { people, chats, texts, perSecond, killEveryMs } = options;
  const startedMs = performance.now();
  const resentBefore = people.resent;
  let over = false;
  let kills = 0;
  const killing = (async () => {
    while (!over) {
      await sleep(killEveryMs);
      if (over) return;
      await options.restart();
      kills += 1;
    }
  })();
  // A provider brings the texts of one person one after the other.
  const lines = Array.from({ length: chats }, () => Promise.resolve());
  for (let nth = 0; nth < texts; nth++) {
    const waitMs = startedMs + (nth * 1_000) / perSecond - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    const chat = nth % chats;
    lines[chat] = lines[chat]!.then(() => people.deliver(person(chat), String(Math.floor(nth / chats) + 1)));
  }
  await Promise.all(lines);
  over = true;
  await killing;
  const each = Math.floor(texts / chats);
  const expected = Array.from({ length: each }, (_, nth) => `Got ${nth + 1}.`);
  const giveUpAt = performance.now() + options.settleMs;
  const judged = () => Array.from({ length: chats }, (_, chat) => judge(people.heardBy(person(chat)), expected));
  while (performance.now() < giveUpAt && judged().some(({ missing }) => missing > 0)) await sleep(100);
  const sum = (of: (one: ReturnType<typeof judge>) => number) => judged().reduce((all, one) => all + of(one), 0);
  return {
    acknowledged: each * chats,
    answered: each * chats - sum(({ missing }) => missing),
    missing: sum(({ missing }) => missing),
    duplicates: sum(({ duplicates }) => duplicates),
    disordered: sum(({ inOrder }) => (inOrder ? 0 : 1)),
    kills,
    resent: people.resent - resentBefore,
    seconds: (performance.now() - startedMs) / 1_000,
  };
}

function judge(heard: readonly string[], expected: readonly string[]) {
  const once = [...new Set(heard)];
  const missing = expected.filter((one) => !once.includes(one)).length;
  const there = expected.filter((one) => once.includes(one));
  return { missing, duplicates: heard.length - once.length, inOrder: once.join('|') === there.join('|') };
}
