import { describe, expect, it } from 'vitest';
import type { Plugin } from '../../src/host/index.ts';
import { CYCLES, CYCLES_LIMIT_MS, expectNothingLeft } from './cycles.ts';
import { childEnv, hostForTest, nodeCommand, waitFor } from './support.ts';
import type { TestHost } from './support.ts';

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
    timeout: CYCLES_LIMIT_MS,
  }, async () => {
    const test = hostForTest();

    await expectNothingLeft(test, cycle);

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
