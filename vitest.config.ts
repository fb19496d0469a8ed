import { defineConfig } from 'vitest/config';

const conditions = ['@doublehop/source'];
const resolve = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const foreign = ['interop', 'e2e', 'peers', 'support'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

// Two projects, one after the other: the quick tests share worker threads; those that start
// servers and foreign programs get a process each, and run two files at a time.
export default defineConfig({
  test: {
    projects: [
      {
        ...resolve,
        test: {
          name: 'unit',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: foreign,
          pool: 'threads',
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        ...resolve,
        test: {
          name: 'interop',
          include: foreign,
          globalSetup: 'test/support/global-setup.ts',
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
