// Reads vitest's JSON result file. What it says is what a run amounts to, not what scrolled by.

import type { TableMeta } from './test-tables.ts';

/** The part of vitest's result file that is used here. */
export interface ResultFile {
  readonly testResults: readonly {
    /** Absolute path of the test file. */
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly meta?: TableMeta }[];
  }[];
}

/** The names of the projects in vitest.config.ts. */
export const PROJECTS = ['unit', 'property', 'integration'] as const;
/** A project in vitest.config.ts. */
export type Project = (typeof PROJECTS)[number];

/** What a run amounts to. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Tests that ran, by project. */
  readonly executed: Readonly<Record<Project, number>>;
}

/** The project that a test file belongs to, by the globs of vitest.config.ts. */
export function projectOf(path: string): Project {
  if (path.endsWith('.prop.ts')) return 'property';
  return path.endsWith('.integration.test.ts') ? 'integration' : 'unit';
}

/** Counts tests. A file that failed though none of its tests did (it does not load, or leaks) counts as one failure. */
export function tally(result: ResultFile): Tally {
  const executed = { unit: 0, property: 0, integration: 0 };
  let [passed, failed, skipped] = [0, 0, 0];
  for (const file of result.testResults) {
    const of = (status: string): number => file.assertionResults.filter((test) => test.status === status).length;
    const failedTests = of('failed');
    passed += of('passed');
    failed += failedTests === 0 && file.status === 'failed' ? 1 : failedTests;
    skipped += file.assertionResults.length - of('passed') - failedTests;
    executed[projectOf(file.name)] += of('passed') + failedTests;
  }
  return { passed, failed, skipped, executed };
}

/** The last line of a run. */
export function summary({ passed, failed, skipped }: Pick<Tally, 'passed' | 'failed' | 'skipped'>): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
