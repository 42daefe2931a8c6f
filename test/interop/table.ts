// What a test contributes to the tables at the end of a run: which feature, in which direction and mode, and what the
// peer itself cannot do. tools/test-tables.ts prints them from what the tests leave in their `meta`.

import type { TestContext } from 'vitest';
import type { TableMeta } from '../../tools/test-tables.ts';
import type { GoPeers } from '../peers/go.ts';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/no-empty-interface
  interface TaskMeta extends TableMeta {}
}

/** How a connection is secured. */
export type Mode = 'plain' | 'AutoMTLS';

/** Both modes, for `describe.each`. */
export const MODES: readonly Mode[] = ['plain', 'AutoMTLS'];

/** The outcomes of one test file. */
export interface InteropTable {
  /** For `beforeEach`: the outcome stands under the test's own title, so that no test can be left out. */
  record(context: TestContext, mode: Mode): void;
  /** Instead of `ok`: says what cannot be done, and by whom. Nothing when the text is undefined. */
  note(context: TestContext, text: string | undefined): void;
}

/** Makes the table of one test file. */
export function createInteropTable(direction: string): InteropTable {
  return {
    record({ task }, mode) {
      task.meta.table = { title: direction, columns: MODES };
      task.meta.cells = [{ row: task.name, column: mode }];
    },
    note({ task }, text) {
      if (text !== undefined) task.meta.cells = (task.meta.cells ?? []).map((cell) => ({ ...cell, text }));
    },
  };
}

/** What go-plugin's first releases lack, `n/a` with their version; undefined when these peers have it. */
export function lackedBefore110({ goPluginVersion }: GoPeers): string | undefined {
  return goPluginVersion.startsWith('1.0.') ? `n/a (${goPluginVersion.split('-')[0]})` : undefined;
}
