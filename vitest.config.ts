import { defineConfig } from 'vitest/config';

const common = { pool: 'forks', testTimeout: 20_000, hookTimeout: 30_000 } as const;

/** They load the machine, or measure what a loaded machine would spoil. */
const ALONE = [
  'e2e/crash.test.ts',
  'e2e/full-disk.test.ts',
  'e2e/webhook-chain.test.ts',
  'e2e/sip/{capacity,crash,load,loaded,lossy,ringing,stop}.test.ts',
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: 'units',
          // The default leaves a core out, which of two is half the machine.
          maxWorkers: 2,
          include: ['packages/*/{src,test}/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole gateways, most of the time waiting: two at a time, when the units are done.
        test: {
          ...common,
          name: 'e2e',
          include: ['e2e/**/*.test.ts'],
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: { ...common, name: 'alone', include: ALONE, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
