import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testScale } from '../setup/size.ts';
import { failureOf, hostForTest, waitFor } from './support.ts';
import type { ProbePlugin, TestHost } from './support.ts';

const { factor } = testScale();
const CYCLES = 50 * factor;
const AT_ONCE = 2;

/** The ways in which a plugin comes to its end, taken in turn. */
const ENDS: readonly ((plugin: ProbePlugin) => Promise<unknown>)[] = [
  (plugin) => plugin.stop(),
  // By itself, during a call.
  async (plugin) => {
    await failureOf(plugin.dispense('probe').crash({ exitCode: 1 }));
    await plugin.ended;
  },
  (plugin) => plugin.kill(),
  // From outside, with a call of each direction open.
  async (plugin) => {
    const hanging = failureOf(plugin.dispense('probe').hang({ busy: false }));
    const id = plugin.broker.nextId();
    await plugin.broker.accept(id, []);
    process.kill(plugin.status().pid ?? 0, 'SIGKILL');
    await hanging;
    await plugin.ended;
  },
  // After a restart.
  async (plugin) => {
    plugin.restart();
    await waitFor('it is back', () => plugin.status().restarts === 1);
    await plugin.stop();
  },
];

describe(`${CYCLES} starts and ends of plugins`, () => {
  it('leave no process, socket, directory, timer, handle or open file behind', {
    timeout: 60_000 * factor,
  }, async () => {
    const test = hostForTest();
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
    expect(everything(test)).toMatchObject({ processes: 0, directories: 0, sockets: 0 });
    expect(test.facts.filter(({ type }) => type === 'plugin.dead').length).toBe(CYCLES + 1);
  });
});

// Helpers

async function cycle(test: TestHost, index: number): Promise<void> {
  const plugin = await test.probe({
    name: `probe-${index}`,
    restart: 'never',
    // All the kinds of connections, in turn.
    ...(index % 3 === 1 ? { insecure: true } : {}),
    ...(index % 3 === 2 ? { network: 'tcp' } : {}),
  });
  expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
  await ENDS[index % ENDS.length]?.(plugin);
}

function quiet(test: TestHost): Promise<void> {
  return waitFor('nothing is held', () => {
    const { processes, directories, timers } = test.holdings();
    return processes === 0 && directories === 0 && timers === 0;
  });
}

/** What the host holds, what this process has open, and the sockets below the host's directory that anybody has. */
function everything({ root, holdings }: TestHost) {
  return {
    ...holdings(),
    files: readdirSync('/proc/self/fd').length,
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
    sockets: readFileSync('/proc/net/unix', 'latin1').split(`${root}/`).length - 1,
  };
}
