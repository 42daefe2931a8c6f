// Which feature was tested against a peer, in which direction and mode, and what the peer itself cannot do.

import { afterAll, onTestFinished } from 'vitest';
import type { TestContext } from 'vitest';
import type { GoPeers } from '../peers/go.ts';

/** How a connection is secured. */
export type Mode = 'plain' | 'AutoMTLS';

/** Both modes, for `describe.each`. */
export const MODES: readonly Mode[] = ['plain', 'AutoMTLS'];

/** The outcomes of one test file. */
export interface InteropTable {
  /** For `beforeEach`: notes the outcome under the test's own title, so that no test can be left out. */
  record(context: TestContext, mode: Mode): void;
  /** Instead of `ok`: says what cannot be done, and by whom. Nothing when the text is undefined. */
  note(context: TestContext, text: string | undefined): void;
}

/** Makes a table and prints it after the last test of the file. */
export function createInteropTable(direction: string): InteropTable {
  const rows = new Map<string, Map<Mode, string>>();
  const notes = new Map<string, string>();
  afterAll(() => console.log(formatTable(direction, rows)));
  return {
    record({ task }, mode) {
      onTestFinished(() => {
        const row = rows.get(task.name) ?? new Map<Mode, string>();
        const state = task.result?.state === 'fail' ? 'FAILED' : 'ok';
        row.set(mode, state === 'ok' ? (notes.get(task.id) ?? state) : state);
        rows.set(task.name, row);
      });
    },
    note({ task }, text) {
      if (text !== undefined) notes.set(task.id, text);
    },
  };
}

/** What go-plugin's first releases lack, `n/a` with their version; undefined when these peers have it. */
export function lackedBefore110({ goPluginVersion }: GoPeers): string | undefined {
  return goPluginVersion.startsWith('1.0.') ? `n/a (${goPluginVersion.split('-')[0]})` : undefined;
}

// Helpers

const CELL_WIDTH = 16;

function formatTable(direction: string, rows: ReadonlyMap<string, ReadonlyMap<Mode, string>>): string {
  const width = Math.max(direction.length, ...[...rows.keys()].map((row) => row.length));
  const line = (title: string, cells: readonly string[]): string =>
    `${title.padEnd(width)}  ${cells.map((cell) => cell.padEnd(CELL_WIDTH)).join('')}`.trimEnd();
  const body = [...rows].map(([row, cells]) =>
    line(
      row,
      MODES.map((mode) => cells.get(mode) ?? '-'),
    ),
  );
  return [line(direction, MODES), ...body].join('\n');
}
