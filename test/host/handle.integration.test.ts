import { describe, expect, it } from 'vitest';
import { createHost } from '../../src/host/index.ts';
import { createRealEnvironment } from '../../src/ports/index.ts';
import { failureOf, hostForTest, nodeCommand, waitFor } from './support.ts';

describe('a plugin handle', () => {
  it('stops its plugin also when 3,000 commands wait in the mailbox', async () => {
    const plugin = await hostForTest().probe();

    for (let time = 1; time <= 3_000; time += 1) plugin.restart();
    await plugin.stop();

    expect(plugin.status().state).toBe('dead');
  });

  it.each(['system', 'actor'] as const)('says that the plugin is dead when its %s was stopped', async (what) => {
    const test = hostForTest();
    const plugin = await test.probe();
    const { system } = test.host;

    if (what === 'system') await system.stop();
    for (const ref of system.actors()) if (ref.path === '/host/probe') await system.stopActor(ref);
    await plugin.ended;

    expect(plugin.status()).toMatchObject({ state: 'dead', pid: undefined });
    expect((await failureOf(plugin.ready())).code).toBe('PLUGIN_STOPPED');
    await test.host.stop();
    expect(test.holdings()).toMatchObject({ processes: 0, directories: 0 });
  });

  it('explains a stream that is read late by the end of the process it came from', async () => {
    const test = hostForTest();
    const plugin = await test.probe();
    const stream = plugin.dispense('probe').download({ count: 100_000, text: 'x'.repeat(1_000) });
    const reader = stream[Symbol.asyncIterator]();
    await reader.next();
    const first = plugin.status().pid;

    process.kill(first ?? 0, 'SIGKILL');
    await waitFor('the plugin is back', () => plugin.status().state === 'ready' && plugin.status().pid !== first);

    const error = await failureOf(drain(reader));
    expect(error).toMatchObject({ code: 'PLUGIN_CRASHED', signal: 'SIGKILL', plugin: 'probe' });
  });

  it.each(['constructor', 'toString', '__proto__', 'nothing'])('has no service named %s', async (name) => {
    const plugin = await hostForTest().probe();

    expect(() => plugin.dispense(name as never)).toThrow(/services.*it has kv, probe, counter/);
  });
});

describe('a host whose logger throws', () => {
  it('goes on', async () => {
    const logger = {
      log: () => {
        throw new Error('disk full');
      },
      child: () => logger,
    };
    const host = createHost({ environment: createRealEnvironment({ logger }) });

    const error = await failureOf(host.launch({ name: 'odd', ...nodeCommand('odd-plugin', { print: ['x'] }) }));

    expect(error.code).toMatch(/^[A-Z_]+$/);
    expect((await host.stop()).forced).toEqual([]);
  });
});

// Helpers

async function drain(reader: AsyncIterator<unknown>): Promise<void> {
  while ((await reader.next()).done !== true);
}
