import { describe, expect, it } from 'vitest';
import type { LaunchOptions } from '../../src/host/index.ts';
import { createProcessLauncher } from '../../src/transport/process/index.ts';
import type { ProbePlugin } from './support.ts';
import { factOf, failureOf, hostForTest, noteOf, waitFor } from './support.ts';

describe('the stop of a host', () => {
  it('drains and stops all plugins, and reports their names', async () => {
    const test = hostForTest();
    const before = test.holdings();
    await Promise.all([test.probe({ name: 'one' }), test.probe({ name: 'two' }), test.probe({ name: 'three' })]);

    const report = await test.host.stop();

    expect({ ...report, stopped: report.stopped.toSorted() }).toEqual({ stopped: ['one', 'three', 'two'], forced: [] });
    expect(test.host.plugins()).toEqual([]);
    await test.holdsOnly(before);
  });

  it('ends by force at its deadline what does not want to end, and names it', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const stubborn = await test.probe(
      { name: 'stubborn', stop: { graceMs: 60_000, terminateMs: 60_000 } },
      { onShutdown: 'hang', deaf: true, holder: true },
    );
    await test.probe({ name: 'good' });

    const report = await test.host.stop({ deadlineMs: 3_000 });

    expect(report).toEqual({ stopped: ['good'], forced: ['stubborn'] });
    expect(stubborn.status().state).toBe('dead');
    await test.holdsOnly(before);
  });

  it('ends a launch that is under way', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const launches = [failureOf(test.odd({})), failureOf(test.probe())];

    const report = await test.host.stop();

    expect((await Promise.all(launches)).map(({ code }) => code)).toEqual(['PLUGIN_STOPPED', 'PLUGIN_STOPPED']);
    expect(report.forced).toEqual([]);
    await test.holdsOnly(before);
  });

  it('ends plugins in backoff and in quarantine', async () => {
    const test = hostForTest({ crashBudget: { limit: 1 } });
    const waiting = hostForTest();
    const before = waiting.holdings();
    const quarantined = await test.probe();
    const backingOff = await waiting.probe({ backoff: { initialMs: 3_600_000, maxMs: 3_600_000 } });
    process.kill(quarantined.status().pid ?? 0, 'SIGKILL');
    process.kill(backingOff.status().pid ?? 0, 'SIGKILL');
    await factOf(test, 'plugin.quarantined');
    await factOf(waiting, 'plugin.backingOff');

    expect(await test.host.stop()).toEqual({ stopped: ['probe'], forced: [] });
    expect(await waiting.host.stop()).toEqual({ stopped: ['probe'], forced: [] });
    await waiting.holdsOnly(before);
  });

  it('gives later calls the report of the first', async () => {
    const test = hostForTest();
    await test.probe();

    const [first, second] = await Promise.all([test.host.stop(), test.host.stop({ deadlineMs: 0 })]);

    expect(second).toBe(first);
    expect(await test.host.stop()).toBe(first);
  });

  it('leaves a launcher that was given open', async () => {
    const launcher = createProcessLauncher();
    const test = hostForTest({ launcher });
    await test.probe();
    await test.host.stop();

    const other = hostForTest({ launcher });
    expect((await other.probe()).status().state).toBe('ready');

    await other.host.stop();
    launcher.close();
  });
});

describe('a launch', () => {
  it('after the stop of its host fails with HOST_STOPPED', async () => {
    const test = hostForTest();
    const stopped = test.host.stop();

    expect(await failureOf(test.probe())).toMatchObject({ code: 'HOST_STOPPED' });
    await stopped;
    expect(await failureOf(test.probe())).toMatchObject({ code: 'HOST_STOPPED' });
  });

  it('with a signal that has aborted fails with CANCELLED and starts nothing', async () => {
    const test = hostForTest();
    const before = test.holdings();

    expect(await failureOf(test.probe({ signal: AbortSignal.abort() }))).toMatchObject({ code: 'CANCELLED' });

    expect(test.holdings()).toEqual(before);
    expect(test.facts).toEqual([]);
  });

  it.each(['before its process runs', 'while its process says nothing'])(
    'whose signal aborts %s fails with CANCELLED and leaves nothing',
    async (moment) => {
      const test = hostForTest();
      const before = test.holdings();
      const controller = new AbortController();
      const launch = failureOf(test.odd({ deaf: true }, { signal: controller.signal }));
      if (moment.startsWith('while')) await waitFor('the process runs', () => test.processes().length === 1);

      controller.abort();

      expect(await launch).toMatchObject({ code: 'CANCELLED', rawMessage: 'the launch of plugin "odd" was given up' });
      await test.holdsOnly(before);
    },
  );

  it('that has succeeded no longer hears of its signal', async () => {
    const test = hostForTest();
    const controller = new AbortController();
    const plugin = await test.probe({ signal: controller.signal });

    controller.abort();

    expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
  });

  it('under a name that is in use fails with NAME_TAKEN and leaves the other alone', async () => {
    const test = hostForTest();
    const first = test.probe({ name: 'kv' });

    expect(await failureOf(test.probe({ name: 'kv' }))).toMatchObject({ code: 'NAME_TAKEN' });
    const plugin = await first;
    expect(await failureOf(test.probe({ name: 'kv' }))).toMatchObject({ code: 'NAME_TAKEN' });

    expect(test.host.plugin('kv')).toBe(plugin);
    expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
  });

  it.each(['stop', 'kill'] as const)(
    'under the name of a plugin that was ended by %s succeeds at once',
    async (how) => {
      const test = hostForTest();
      const first = await test.probe();
      await first[how]();

      const second = await test.probe();

      expect(test.host.plugin('probe')).toBe(second);
      expect(test.host.plugins()).toEqual([second]);
    },
  );

  it('of 8 plugins at the same time gives 8 processes that stop together', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const names = Array.from({ length: 8 }, (_, index) => `plugin-${index}`);

    const plugins = await Promise.all(names.map((name) => test.probe({ name })));

    const pids = await Promise.all(plugins.map(async (one) => (await one.dispense('probe').echo({ text: '' })).pid));
    expect(new Set(pids).size).toBe(8);
    expect((await test.host.stop()).stopped.toSorted()).toEqual(names);
    await test.holdsOnly(before);
  });

  const OPTIONS: Readonly<Record<string, readonly [Partial<LaunchOptions>, string]>> = {
    'insecure on tcp': [{ insecure: true, network: 'tcp' }, 'insecure'],
    'no command': [{ command: '' }, 'command'],
    'no version': [{ versions: [] }, 'versions'],
    'a version that is no whole number': [{ versions: [1.5] }, 'versions'],
    'a bad name': [{ name: 'a/b' }, 'name'],
    'a time of 0 ms for the start': [{ startTimeoutMs: 0 }, 'startTimeoutMs'],
    'a configuration with a cycle': [{ config: cycle() }, 'config'],
    'a configuration with a bigint': [{ config: { big: 1n } }, 'config'],
    'a configuration that is a function': [{ config: () => {} }, 'config'],
    'ports in the wrong order': [{ ports: { min: 2, max: 1 } }, 'ports.min'],
    'a magic cookie without a name': [{ handshake: { cookieKey: '', cookieValue: 'x' } }, 'cookieKey'],
  };

  it.each(Object.entries(OPTIONS))(
    'with %s fails with INVALID_OPTIONS and starts nothing',
    async (_, [options, field]) => {
      const test = hostForTest();

      expect(await failureOf(test.probe(options))).toMatchObject({ name: 'InvalidOptionsError', field });

      expect(test.facts).toEqual([]);
      expect(test.host.plugins()).toEqual([]);
    },
  );
});

describe('what a plugin gets', () => {
  it('is its configuration and its name, before the first call', async () => {
    const test = hostForTest();
    const config = { text: 'ä€𐍈', list: [1, null, true], deep: { a: { b: [] } } };

    const plugin = await test.probe({ name: 'painter', config });

    expect(await noteOf(plugin, 'init')).toEqual({ name: 'painter', config });
  });

  it('is no configuration when there is none', async () => {
    const test = hostForTest();

    expect(await noteOf(await test.probe(), 'init')).toEqual({ name: 'probe' });
  });

  it('is an environment without PLUGIN_ variables, secrets of the host, or its temporary directory', async () => {
    const test = hostForTest();
    process.env['SECRET_TOKEN'] = 'x';
    const plugin = await test.probe({ env: { GIVEN: 'yes' } });
    delete process.env['SECRET_TOKEN'];

    const names = (await noteOf(plugin, 'env')) as string[];

    expect(names.filter((name) => name.startsWith('PLUGIN_'))).toEqual([]);
    expect(names).not.toContain('SECRET_TOKEN');
    expect(names).toEqual(expect.arrayContaining(['GIVEN', 'PATH', 'TMPDIR']));
  });
});

describe('the status of a plugin', () => {
  it('tells process, version, time to start and calls in flight', async () => {
    const test = hostForTest();
    const plugin: ProbePlugin = await test.probe({ versions: [1, 3, 2] }, { versions: [2, 3, 9] });

    const { pid } = await plugin.dispense('probe').echo({ text: '' });

    const status = plugin.status();
    expect(status).toMatchObject({ name: 'probe', state: 'ready', pid, version: 3, restarts: 0, inFlight: 0 });
    expect(status.startMs).toBeGreaterThan(0);
    expect(status.failure).toBeUndefined();
  });
});

// Helpers

function cycle(): unknown {
  const object: Record<string, unknown> = {};
  object['self'] = object;
  return object;
}
