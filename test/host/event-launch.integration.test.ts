// What keeps a plugin from its events: the launch says so, or a fact does; it never holds up anybody else.

import { describe, expect, it } from 'vitest';
import type { LaunchOptions, Plugin } from '../../src/host/index.ts';
import { childEnv, failureOf, factOf, hostForTest, nodeCommand, waitFor } from './support.ts';
import type { TestHost } from './support.ts';

describe('a plugin with a name of 128 characters', () => {
  it('gets its events, also from its 2nd process on', async () => {
    const { test, launch, view } = scene();
    const name = 'n'.repeat(128);
    const plugin = await launch('event-plugin', { name });

    test.host.bus.publish({ type: 'work.n' });
    await waitFor('1 event', () => view(name)?.counters.delivered === 1);
    plugin.restart();
    await factOf(test, 'plugin.ready', 2);
    test.host.bus.publish({ type: 'work.n' });

    await waitFor('2 events', () => view(name)?.counters.delivered === 2);
    expect(view(name)).toMatchObject({ counters: { published: 2, dropped: 0 } });
  });
});

describe('a launch', () => {
  it('by the name of a subscription is refused with NAME_TAKEN, and starts nothing', async () => {
    const { test, launch } = scene();
    test.host.bus.on('work.*', () => {}, { name: 'worker' });

    expect(await failureOf(launch('event-plugin'))).toMatchObject({ code: 'NAME_TAKEN' });
    expect(test.facts).toEqual([]);
  });

  it('whose name is taken while the process starts is refused with NAME_TAKEN, and leaves nothing', async () => {
    const { test, launch } = scene();
    test.host.onFact(({ type }) => {
      if (type === 'plugin.starting') test.host.bus.on('work.*', () => {}, { name: 'worker' });
    });

    expect(await failureOf(launch('event-plugin'))).toMatchObject({ code: 'NAME_TAKEN', phase: 'probing' });
    expect(test.facts.map(({ type }) => type)).not.toContain('plugin.ready');
    expect(test.host.bus.counters.subscriptions).toBe(1);
    await waitFor('no process', () => test.processes().length === 0);
  });

  it('after the stop of the bus is refused with BUS_CLOSED, and starts nothing', async () => {
    const { test, launch } = scene();
    await test.host.bus.stop();

    expect(await failureOf(launch('event-plugin'))).toMatchObject({ code: 'BUS_CLOSED' });
    expect(test.facts).toEqual([]);
  });
});

describe('a plugin that takes events in no form', () => {
  it('is told by a fact, holds up no publisher, and its host stops without its drain time of 60 s', async () => {
    const { test, launch } = scene();
    await launch('broken-event-plugin', BLOCKING);
    test.host.bus.publish({ type: 'work.n' });
    const { failure } = await factOf(test, 'plugin.eventsUnsupported');

    const receipts = Array.from({ length: 10 }, () => test.host.bus.publish({ type: 'work.n' }));

    expect(failure.code).toBe('EVENTS_UNSUPPORTED');
    expect(receipts.map((receipt) => receipt.accepted && receipt.matched)).toEqual(Array(10).fill(0));
    expect(await test.host.stop()).toEqual({ stopped: ['worker'], forced: [] });
  });

  it('is asked again after a restart', async () => {
    const { test, launch } = scene();
    const plugin = await launch('broken-event-plugin', BLOCKING);
    test.host.bus.publish({ type: 'work.n' });
    await factOf(test, 'plugin.eventsUnsupported');

    plugin.restart();
    await factOf(test, 'plugin.ready', 2);
    expect(test.host.bus.publish({ type: 'work.n' })).toMatchObject({ matched: 1 });

    await factOf(test, 'plugin.eventsUnsupported', 2);
  });
});

describe('the facts of a host', () => {
  it('tell the 3 forms that a stream has tried, and its end', async () => {
    const { test, launch } = scene();
    await launch('broken-event-plugin', BLOCKING);
    test.host.bus.publish({ type: 'work.n' });

    await factOf(test, 'plugin.eventsUnsupported');

    const told = test.facts.filter(({ type }) => type.startsWith('stream.'));
    expect(told).toMatchObject([
      { plugin: 'worker', type: 'stream.unsupported', form: 'acked' },
      { plugin: 'worker', type: 'stream.unsupported', form: 'stream' },
      { plugin: 'worker', type: 'stream.opened', form: 'unary' },
      { plugin: 'worker', type: 'stream.unsupported', form: 'unary' },
      { plugin: 'worker', type: 'stream.closed', outcome: { kind: 'failed' } },
    ]);
  });

  it('are no events on the bus when they are about streams', async () => {
    const { test, launch } = scene(true);
    const types: string[] = [];
    test.host.bus.on('**', ({ type }) => void types.push(type));
    const plugin = await launch('event-plugin');
    await factOf(test, 'stream.opened');

    await plugin.stop();
    await factOf(test, 'stream.closed');

    await waitFor('the end of the plugin', () => types.includes('plugin.dead'));
    expect(types.filter((type) => !type.startsWith('plugin.'))).toEqual([]);
  });
});

// Helpers

/** A full queue would make publishers wait for a minute, and a stop for another one. */
const BLOCKING = {
  stop: { drainMs: 60_000 },
  events: { subscribe: ['work.*'], overflow: 'block', capacity: 2, blockMs: 60_000 },
} as const;

function scene(lifecycle = false): {
  readonly test: TestHost;
  readonly view: (name: string) => ReturnType<TestHost['host']['bus']['subscriptions']>[number] | undefined;
  readonly launch: (
    fixture: 'event-plugin' | 'broken-event-plugin',
    options?: Partial<LaunchOptions>,
  ) => Promise<Plugin>;
} {
  const test = hostForTest({ events: { source: 'core', lifecycle } });
  return {
    test,
    view: (name) => test.host.bus.subscriptions().find((one) => one.name === name),
    launch: (fixture, options = {}) => {
      const order = { journal: '/dev/null', ...(fixture === 'event-plugin' ? {} : { unary: 'none' }) };
      const events = { subscribe: ['work.*'] };
      return test.host.launch({
        name: 'worker',
        ...nodeCommand(fixture, order),
        env: childEnv(),
        events,
        backoff: { initialMs: 20, jitter: 'none' },
        ...options,
      });
    },
  };
}
