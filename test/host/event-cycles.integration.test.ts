import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Plugin } from '../../src/host/index.ts';
import { testScale } from '../setup/size.ts';
import { childEnv, hostForTest, nodeCommand, waitFor } from './support.ts';
import type { TestHost } from './support.ts';

const { factor } = testScale();
const CYCLES = 50 * factor;
const AT_ONCE = 2;
const EVENTS = 50;

/** The ways in which a plugin that handles events comes to its end, taken in turn. */
const ENDS: readonly ((plugin: Plugin) => Promise<unknown>)[] = [
  (plugin) => plugin.stop(),
  (plugin) => plugin.kill(),
  async (plugin) => {
    process.kill(plugin.status().pid ?? 0, 'SIGKILL');
    await plugin.ended;
  },
  async (plugin) => {
    plugin.restart();
    await waitFor('it is back', () => plugin.status().restarts === 1);
    await plugin.stop();
  },
];

describe(`${CYCLES} starts, streams and ends of plugins`, () => {
  it('leave no process, socket, directory, timer, handle, open file or subscription behind', {
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
    expect(everything(test)).toMatchObject({ processes: 0, directories: 0, sockets: 0, subscriptions: 0 });
    expect(test.host.bus.counters.published).toBe((CYCLES + 1) * EVENTS * 2);
  });
});

// Helpers

/** Each plugin gets half of the events before its end begins, and half while it is under way. */
async function cycle(test: TestHost, index: number): Promise<void> {
  const plugin = await test.host.launch({
    name: `worker-${index}`,
    ...nodeCommand('event-plugin', {}),
    env: childEnv(),
    restart: 'never',
    events: { subscribe: [`work.n${index}`], emit: ['life.*'] },
    // All the kinds of connections, in turn.
    ...(index % 3 === 1 ? { insecure: true } : {}),
    ...(index % 3 === 2 ? { network: 'tcp' } : {}),
  });
  publish(test, index);
  expect(await plugin.operations().execute('emit', { type: 'other.x' })).toEqual({ code: 'EMIT_DENIED' });
  const ended = ENDS[index % ENDS.length]?.(plugin);
  publish(test, index);
  await ended;
}

function publish({ host }: TestHost, index: number): void {
  for (let count = 0; count < EVENTS; count += 1) host.bus.publish({ type: `work.n${index}`, payload: count });
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
