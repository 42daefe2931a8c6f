import { describe, expect, it } from 'vitest';
import { CYCLES, CYCLES_LIMIT_MS, expectNothingLeft } from './cycles.ts';
import { failureOf, hostForTest, waitFor } from './support.ts';
import type { ProbePlugin, TestHost } from './support.ts';

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
    timeout: CYCLES_LIMIT_MS,
  }, async () => {
    const test = hostForTest();

    await expectNothingLeft(test, cycle);

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
