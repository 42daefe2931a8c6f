// Three projects over disjoint globs: unit, property, integration. Each test file belongs to exactly one of them.
//
// The size of a run (gate, full, soak) reaches the tests through the environment; test/setup/size.ts reads it back.

import { defineConfig } from 'vitest/config';
import { prepareEnvironment } from './test/setup/size.ts';

const env = prepareEnvironment(process.env);
// Without both entries a package that imports itself by name resolves to `dist`, which a fresh clone does not have.
const conditions = ['source'];
const resolution = {
  resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] },
  ssr: { resolve: { conditions: [...conditions, 'module', 'node', 'development|production'] } },
};

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    teardownTimeout: 10_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/gen/**'],
      reporter: ['json'],
      reportOnFailure: true,
    },
    projects: [
      {
        extends: true,
        ...resolution,
        test: {
          name: 'unit',
          env,
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.integration.test.ts'],
          setupFiles: ['test/setup/environment.ts', 'test/setup/no-leaks.ts'],
          // Far above what any of them takes: a busy machine is no failure.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
          benchmark: { include: [] },
        },
      },
      {
        extends: true,
        ...resolution,
        test: {
          name: 'property',
          env,
          include: ['property-tests/**/*.prop.ts'],
          setupFiles: ['test/setup/environment.ts', 'property-tests/fc.setup.ts'],
          // fast-check stops a property at 80 % of this, so that it reports its counterexample and seed itself.
          testTimeout: Number(env.TROUPE_PROPERTY_TIMEOUT_MS),
          sequence: { groupOrder: 1 },
          benchmark: { include: [] },
        },
      },
      {
        extends: true,
        ...resolution,
        test: {
          name: 'integration',
          env,
          include: ['test/**/*.integration.test.ts'],
          setupFiles: ['test/setup/environment.ts', 'test/setup/no-leaks.ts'],
          testTimeout: 30_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
          benchmark: { include: [] },
        },
      },
    ],
  },
});
