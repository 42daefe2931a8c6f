import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../transport/process/support.ts';
import { endless, factOf, failureOf, hostForTest, waitFor } from './support.ts';
import type { ProbePlugin } from './support.ts';

const LAST_WORDS = Array.from({ length: 20 }, (_, index) => `last word ${index + 6}`);
/** The plugin stays down until the test says otherwise. */
const LONG_BACKOFF = { backoff: { initialMs: 3_600_000, maxMs: 3_600_000 } } as const;

describe('a plugin that exits during a call', () => {
  it('gives the caller its exit code and its last 20 lines', async () => {
    const test = hostForTest();
    const plugin = await test.probe(LONG_BACKOFF);

    const error = await failureOf(plugin.dispense('probe').crash({ exitCode: 3 }));

    expect(error).toMatchObject({
      name: 'PluginCrashedError',
      code: 'PLUGIN_CRASHED',
      plugin: 'probe',
      phase: 'ready',
    });
    expect(error).toMatchObject({ exitCode: 3, signal: null, stderrTail: LAST_WORDS });
    expect(error.rawMessage).toBe('plugin "probe" exited with code 3 without being asked to');
  });

  it('ends the calls in flight of all four kinds, each with the exit code', async () => {
    const test = hostForTest();
    const plugin = await test.probe(LONG_BACKOFF);
    const calls = await openCalls(plugin);
    expect(plugin.status().inFlight).toBe(4);

    plugin
      .dispense('probe')
      .crash({ exitCode: 5 })
      .catch(() => {});

    const errors = await Promise.all(calls.outcomes.map(failureOf));
    expect(errors.map(({ code, exitCode }) => ({ code, exitCode }))).toEqual(
      Array.from({ length: 4 }, () => ({ code: 'PLUGIN_CRASHED', exitCode: 5 })),
    );
    expect(errors.map(({ stderrTail }) => stderrTail)).toEqual(Array.from({ length: 4 }, () => LAST_WORDS));
    await Promise.all(calls.released);
    await waitFor('no call is in flight', () => plugin.status().inFlight === 0);
  });

  it('takes what it started with it', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe(LONG_BACKOFF, { holder: true });
    await waitFor('the process that it started', () => test.processes().length >= 2);

    const error = await failureOf(plugin.dispense('probe').crash({ exitCode: 1 }));

    expect(error).toMatchObject({ code: 'PLUGIN_CRASHED' });
    await factOf(test, 'plugin.backingOff');
    // The wait before the restart is the one timer left.
    await test.holdsOnly({ ...before, timers: before.timers + 1 });
  });
});

describe('a plugin that is killed from outside', () => {
  it('gives the caller the signal', async () => {
    const test = hostForTest();
    const plugin = await test.probe(LONG_BACKOFF);
    const hanging = failureOf(plugin.dispense('probe').hang({ busy: false }));
    await plugin.dispense('probe').echo({ text: 'the call before was sent' });

    process.kill(plugin.status().pid ?? 0, 'SIGKILL');

    expect(await hanging).toMatchObject({ code: 'PLUGIN_CRASHED', exitCode: null, signal: 'SIGKILL' });
  });

  it('is restarted after its backoff when nobody called it', async () => {
    const test = hostForTest();
    const plugin = await test.probe();
    const { pid = 0 } = plugin.status();

    process.kill(pid, 'SIGKILL');

    await factOf(test, 'plugin.ready', 2);
    const { pid: next = 0, restarts } = plugin.status();
    expect([isAlive(pid), isAlive(next), restarts]).toEqual([false, true, 1]);
    expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi', pid: next });
    expect(test.facts.map(({ type }) => type)).toEqual([
      'plugin.starting',
      'plugin.ready',
      'plugin.failed',
      'plugin.backingOff',
      'plugin.starting',
      'plugin.ready',
    ]);
  });

  it('is given its configuration again', async () => {
    const test = hostForTest();
    const plugin = await test.probe({ config: { colour: 'blue' } });
    const kv = plugin.dispense('kv');
    await kv.put({ key: 'init', value: Buffer.from('overwritten') });

    process.kill(plugin.status().pid ?? 0, 'SIGKILL');

    await factOf(test, 'plugin.ready', 2);
    const { value } = await kv.get({ key: 'init' });
    expect(JSON.parse(value.toString())).toEqual({ name: 'probe', config: { colour: 'blue' } });
  });
});

describe('a plugin in backoff', () => {
  it('refuses calls of all four kinds at once with PLUGIN_UNAVAILABLE', async () => {
    const test = hostForTest();
    const plugin = await crashedProbe(test);
    const probe = plugin.dispense('probe');

    const errors = await Promise.all([
      failureOf(probe.echo({ text: 'hi' })),
      failureOf(probe.upload(endless({ text: 'hi' }))),
      failureOf(allOf(probe.download({ count: 1, text: 'hi' }))),
      failureOf(allOf(probe.chat(endless({ text: 'hi' })))),
    ]);

    expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => 'PLUGIN_UNAVAILABLE'));
    expect(errors[0]).toMatchObject({
      retryable: true,
      rawMessage: 'plugin "probe" takes no calls while it is backingOff',
    });
    expect(plugin.status()).toMatchObject({ state: 'backingOff', pid: undefined, inFlight: 0 });
    expect(plugin.status().failure).toMatchObject({ code: 'PLUGIN_CRASHED' });
  });

  it('refuses its broker with PLUGIN_UNAVAILABLE', async () => {
    const test = hostForTest();
    const plugin = await crashedProbe(test);

    expect(await failureOf(plugin.broker.dial(1))).toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
    expect(await failureOf(plugin.broker.accept(1, []))).toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
    expect(() => plugin.broker.nextId()).toThrow(/PLUGIN_UNAVAILABLE/);
  });

  it('lets callers wait for it, at most as long as they say', async () => {
    const test = hostForTest();
    const plugin = await crashedProbe(test);

    expect(await failureOf(plugin.ready({ timeoutMs: 20 }))).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const waiting = plugin.ready();
    plugin.restart();
    await waiting;

    expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
  });

  it.each(['stop', 'kill'] as const)('ends at once by %s, with no timer left', async (how) => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await crashedProbe(test);

    await plugin[how]();

    expect(plugin.status()).toMatchObject({ state: 'dead', pid: undefined });
    await test.holdsOnly(before);
    expect(await failureOf(plugin.dispense('probe').echo({ text: 'hi' }))).toMatchObject({ code: 'PLUGIN_STOPPED' });
  });
});

describe('a plugin that crashes 3 times with a budget of 3', () => {
  it('is quarantined, refuses calls, and starts again when it is reset', async () => {
    const test = hostForTest({ crashBudget: { limit: 3 } });
    const plugin = await test.probe();
    const probe = plugin.dispense('probe');

    for (let crash = 1; crash <= 3; crash += 1) {
      await factOf(test, 'plugin.ready', crash);
      expect(await failureOf(probe.crash({ exitCode: crash }))).toMatchObject({ exitCode: crash });
    }

    await factOf(test, 'plugin.quarantined');
    expect(await failureOf(probe.echo({ text: 'hi' }))).toMatchObject({ code: 'PLUGIN_QUARANTINED', retryable: false });
    const error = await failureOf(plugin.ready());
    expect(error.rawMessage).toBe(
      'plugin "probe" is in quarantine: plugin "probe" exited with code 3 without being asked to',
    );
    plugin.restart();
    expect(plugin.status()).toMatchObject({ state: 'quarantined', restarts: 2, pid: undefined });
    await plugin.reset();
    await factOf(test, 'plugin.ready', 4);
    expect(await probe.echo({ text: 'hi' })).toMatchObject({ text: 'hi' });
    // The budget is whole again.
    await failureOf(probe.crash({ exitCode: 1 }));
    await factOf(test, 'plugin.ready', 5);
  });
});

describe('a plugin that is not to be restarted', () => {
  it('is dead after a crash, and calls say why', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe({ restart: 'never' });

    await failureOf(plugin.dispense('probe').crash({ exitCode: 7 }));

    const crash = { code: 'PLUGIN_CRASHED', message: 'plugin "probe" exited with code 7 without being asked to' };
    expect(await plugin.ended).toMatchObject({ kind: 'failed', failure: crash, exit: { code: 7, signal: null } });
    const error = await failureOf(plugin.dispense('probe').echo({ text: 'hi' }));
    expect(error).toMatchObject({ code: 'PLUGIN_CRASHED', exitCode: 7, stderrTail: LAST_WORDS });
    expect(test.host.plugin('probe')).toBeUndefined();
    await test.holdsOnly(before);
  });
});

describe('a plugin that cannot be started again', () => {
  it('is tried until its budget is used up', async () => {
    const test = hostForTest({ crashBudget: { limit: 3 } });
    const plugin = await test.probe();
    // Its private directory, and the place for the next one.
    rmSync(test.root, { recursive: true });

    await failureOf(plugin.dispense('probe').crash({ exitCode: 1 }));

    const { failure } = await factOf(test, 'plugin.quarantined');
    expect(failure).toMatchObject({ code: 'SPAWN_FAILED', phase: 'spawning' });
    expect(test.facts.filter(({ type }) => type === 'plugin.failed')).toHaveLength(3);
    await plugin.stop();
  });
});

// Helpers

async function crashedProbe(test: ReturnType<typeof hostForTest>): Promise<ProbePlugin> {
  const plugin = await test.probe(LONG_BACKOFF);
  process.kill(plugin.status().pid ?? 0, 'SIGKILL');
  await factOf(test, 'plugin.backingOff');
  return plugin;
}

/** One call of each kind that does not end by itself. All have reached the plugin. */
async function openCalls(plugin: ProbePlugin): Promise<{ outcomes: Promise<unknown>[]; released: Promise<void>[] }> {
  const probe = plugin.dispense('probe');
  const uploads = endless({ text: 'a' });
  const messages = endless({ text: 'b' });
  const unary = probe.hang({ busy: false });
  const upload = probe.upload(uploads);
  const download = probe.download({ count: 1, text: 'hang' })[Symbol.asyncIterator]();
  const chat = probe.chat(messages)[Symbol.asyncIterator]();
  // Marked as handled: they fail before anybody looks.
  const outcomes = [unary, upload];
  expect(await download.next()).toMatchObject({ value: { index: 0 } });
  expect(await chat.next()).toMatchObject({ value: { text: 'b' } });
  return { outcomes: [...outcomes, download.next(), chat.next()], released: [uploads.released, messages.released] };
}

async function allOf<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of stream) all.push(item);
  return all;
}
