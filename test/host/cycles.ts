// Starts and ends of plugins, over and over, after which everything is as it was after the first.

import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { testScale } from '../setup/size.ts';
import { waitFor } from './support.ts';
import type { TestHost } from './support.ts';

const { factor } = testScale();
/** Cycles of one test. */
export const CYCLES = 50 * factor;
/** Milliseconds that they may take, far above what they take on a machine that is not busy. */
export const CYCLES_LIMIT_MS = 300_000 * factor;
const AT_ONCE = 2;

/** Runs one cycle more than `CYCLES`, and fails when anything is left behind by those after the first. */
export async function expectNothingLeft(
  test: TestHost,
  cycle: (test: TestHost, index: number) => Promise<void>,
): Promise<void> {
  // What the first use of anything opens for good belongs to the baseline.
  await cycle(test, 0);
  await quiet(test);
  const before = everything(test);

  let next = 0;
  const run = async (): Promise<void> => {
    for (let index = next++; index < CYCLES; index = next++) await cycle(test, index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));

  await quiet(test);
  const risen = (): unknown[] =>
    Object.entries(everything(test)).filter(([kind, count]) => count > before[kind as keyof typeof before]);
  // Closing takes some turns of the event loop. When it never ends, the numbers tell more than a time-out.
  await waitFor('the baseline', () => risen().length === 0).catch(() => {});
  expect(risen()).toEqual([]);
  expect(everything(test)).toMatchObject({ processes: 0, directories: 0, sockets: 0, subscriptions: 0 });
}

function quiet(test: TestHost): Promise<void> {
  return waitFor('nothing is held', () => {
    const { processes, directories, timers } = test.holdings();
    return processes === 0 && directories === 0 && timers === 0 && test.host.bus.counters.subscriptions === 0;
  });
}

/** What the host holds, what this process has open, and the sockets below the host's directory that anybody has. */
function everything({ root, holdings, host }: TestHost) {
  return {
    ...holdings(),
    files: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
    sockets: readFileSync('/proc/net/unix', 'latin1').split(`${root}/`).length - 1,
    subscriptions: host.bus.counters.subscriptions,
    actors: host.system.actors().length,
  };
}
