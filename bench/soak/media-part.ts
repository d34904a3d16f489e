/** The part of the soak that listens to audio over a line with losses, for as long as the others run. */
import { existsSync } from 'node:fs';
import { BenchChild } from '../parts/child.ts';
import type { SoakPart, SoakPlan } from './part.ts';

/** What it may take to measure when the time is over. */
const SLACK_MS = 120_000;
const MODULE = new URL('./media.ts', import.meta.url);

export function soakMedia({ forMs }: SoakPlan): SoakPart {
  let said = 'audio goes on';
  const run = async (): Promise<readonly string[]> => {
    if (!existsSync(MODULE)) {
      said = 'no audio';
      return [];
    }
    const child = new BenchChild(new URL('./media-child.ts', import.meta.url), { SOAK_MEDIA: MODULE.href });
    try {
      await child.next();
      const question = { ask: 'run', seconds: Math.round(forMs / 1_000) };
      const { finding, result } = await child.ask<{ readonly finding?: string; readonly result?: unknown }>(
        question,
        forMs + SLACK_MS,
      );
      if (finding !== undefined) return [`audio: ${finding}`];
      said = `audio ${typeof result === 'string' ? result : JSON.stringify(result)}`;
      return [];
    } finally {
      await child.stop();
    }
  };
  return { progress: () => said, ended: run() };
}
