import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../transport/process/support.ts';
import { endless, factOf, failureOf, hostForTest, nodeCommand, noteOf, waitFor } from './support.ts';
import type { ProbePlugin } from './support.ts';

/** What a slow machine may add to a time limit. */
const SLACK_MS = 5_000;
const PATIENT = { stop: { drainMs: 60_000, graceMs: 10_000, terminateMs: 10_000 } } as const;
const IMPATIENT = { stop: { drainMs: 50, graceMs: 150, terminateMs: 150 } } as const;

describe.each([
  ['stop', 'dead'],
  ['restart', 'ready'],
] as const)('a %s that meets a call in flight', (how, end) => {
  it('lets the call finish, and takes no other meanwhile', async () => {
    const test = hostForTest();
    const plugin = await test.probe(PATIENT);
    const probe = plugin.dispense('probe');
    const { pid = 0 } = plugin.status();
    const call = await openUpload(plugin);

    const stopped = plugin[how]();
    await waitFor('it drains', () => plugin.status().state === 'draining');
    const refusal = await failureOf(probe.echo({ text: 'late' }));
    call.finish();

    expect(refusal).toMatchObject({ code: 'PLUGIN_UNAVAILABLE' });
    expect(await call.outcome).toMatchObject({ messages: 1 });
    await stopped;
    await waitFor(`it is ${end}`, () => plugin.status().state === end);
    expect(isAlive(pid)).toBe(false);
    expect(test.facts.filter(({ type }) => type === 'plugin.failed')).toEqual([]);
  });

  it('ends a call that takes longer than drainMs, and says so', async () => {
    const test = hostForTest();
    const plugin = await test.probe({ stop: { drainMs: 50 } });
    const call = await openUpload(plugin);

    const stopped = plugin[how]();

    const code = how === 'stop' ? 'PLUGIN_STOPPED' : 'PLUGIN_UNAVAILABLE';
    expect(await failureOf(call.outcome)).toMatchObject({ code });
    await call.released;
    await stopped;
    await waitFor(`it is ${end}`, () => plugin.status().state === end && plugin.status().inFlight === 0);
  });
});

describe('a restart', () => {
  it('is no crash: a budget of 1 stays whole, and the next process is another', async () => {
    const test = hostForTest({ crashBudget: { limit: 1 } });
    const plugin = await test.probe();
    const pids = new Set([plugin.status().pid]);

    for (let restart = 1; restart <= 3; restart += 1) {
      plugin.restart();
      await factOf(test, 'plugin.ready', restart + 1);
      pids.add((await plugin.dispense('probe').echo({ text: 'hi' })).pid);
    }

    expect(pids.size).toBe(4);
    expect(plugin.status()).toMatchObject({ state: 'ready', restarts: 3, failure: undefined });
  });

  it('asked for twice at once is done once', async () => {
    const test = hostForTest();
    const plugin = await test.probe();

    plugin.restart();
    plugin.restart();
    await factOf(test, 'plugin.ready', 2);
    await plugin.stop();

    expect(test.facts.filter(({ type }) => type === 'plugin.starting')).toHaveLength(2);
  });
});

describe('a stop', () => {
  it('asks the plugin first, which then exits with code 0 and removes its socket', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe();

    await plugin.stop();

    expect(await plugin.ended).toEqual({ kind: 'stopped' });
    expect(test.log.entries.map(({ message }) => message)).toContain('shutdown within 5000 ms');
    await test.holdsOnly(before);
    expect(await failureOf(plugin.dispense('probe').echo({ text: 'late' }))).toMatchObject({ code: 'PLUGIN_STOPPED' });
    expect(await failureOf(plugin.ready())).toMatchObject({ code: 'PLUGIN_STOPPED' });
  });

  it('of a plugin whose onShutdown throws still lets it leave in order', async () => {
    const test = hostForTest();
    const plugin = await test.probe(PATIENT, { onShutdown: 'throw', deaf: true });
    const start = performance.now();

    await plugin.stop();

    expect(performance.now() - start).toBeLessThan(PATIENT.stop.graceMs);
  });

  it('of a plugin that hangs in its onShutdown comes to SIGTERM after graceMs', async () => {
    const test = hostForTest();
    const plugin = await test.probe({ stop: { graceMs: 150, terminateMs: 60_000 } }, { onShutdown: 'hang' });
    const start = performance.now();

    await plugin.stop();

    expect(performance.now() - start).toBeGreaterThanOrEqual(150);
    expect(await plugin.ended).toEqual({ kind: 'stopped' });
  });

  it('of a plugin that ignores Shutdown and SIGTERM comes to SIGKILL after both limits', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe(IMPATIENT, { onShutdown: 'hang', deaf: true });
    const start = performance.now();

    await plugin.stop();

    const tookMs = performance.now() - start;
    expect(tookMs).toBeGreaterThanOrEqual(300);
    expect(tookMs).toBeLessThan(300 + SLACK_MS);
    expect(test.log.entries.map(({ message }) => message)).toContain('SIGTERM ignored');
    await test.holdsOnly(before);
  });

  it('of a plugin that is busy for ever comes to SIGKILL', async () => {
    const test = hostForTest();
    const plugin = await test.probe(IMPATIENT);
    const hanging = failureOf(plugin.dispense('probe').hang({ busy: true }));
    const start = performance.now();

    await plugin.stop();

    expect(performance.now() - start).toBeLessThan(350 + SLACK_MS);
    expect(await hanging).toMatchObject({ code: 'PLUGIN_STOPPED' });
  });

  it('of an ordinary go-plugin plugin without Shutdown comes to SIGTERM', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe({
      ...nodeCommand('sick-plugin', { status: 'SERVING' }),
      insecure: true,
      stop: { graceMs: 50, terminateMs: 60_000 },
    });
    expect(await plugin.dispense('probe').echo({ text: 'hi' })).toMatchObject({ text: 'hi' });

    await plugin.stop();

    await test.holdsOnly(before);
  });

  it('kills what the plugin has started, and does not wait for pipes that it holds', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe({}, { holder: true });
    await waitFor('the process that it started', () => test.processes().length >= 2);
    const start = performance.now();

    await plugin.stop();

    expect(performance.now() - start).toBeLessThan(SLACK_MS);
    await test.holdsOnly(before);
  });

  it('does not wait for pipes that a process outside of its group holds', async () => {
    const test = hostForTest();
    const plugin = await test.probe();
    const { pid = 0 } = plugin.status();
    await plugin.dispense('kv').put({ key: 'shell', value: Buffer.from('exec setsid sleep 300') });
    await waitFor('it has left the group', () => test.processes().some((one) => one !== pid && groupOf(one) === one));
    const start = performance.now();

    await plugin.stop();

    expect(performance.now() - start).toBeLessThan(SLACK_MS);
    // Whoever leaves the group is out of reach.
    const left = test.processes();
    expect(left).toHaveLength(1);
    for (const one of left) process.kill(one, 'SIGKILL');
  });

  it('of a plugin that is suspended comes to SIGKILL', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe(IMPATIENT);
    process.kill(plugin.status().pid ?? 0, 'SIGSTOP');
    const start = performance.now();

    await plugin.stop();

    expect(performance.now() - start).toBeLessThan(300 + SLACK_MS);
    await test.holdsOnly(before);
  });

  it('during the start ends the launch with PLUGIN_STOPPED', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const launch = failureOf(test.odd({}, { stop: { terminateMs: 60_000 } }));
    await waitFor('the process runs', () => test.processes().length === 1);

    await test.host.plugin('odd')?.stop();

    expect(await launch).toMatchObject({ code: 'PLUGIN_STOPPED' });
    await test.holdsOnly(before);
  });

  it('before the process runs ends the launch with PLUGIN_STOPPED', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const launch = failureOf(test.probe());

    await test.host.plugin('probe')?.stop();

    expect(await launch).toMatchObject({ code: 'PLUGIN_STOPPED' });
    await test.holdsOnly(before);
  });

  it('asked for many times, also with kill, settles all of them', async () => {
    const test = hostForTest();
    const plugin = await test.probe();

    await Promise.all([plugin.stop(), plugin.stop(), plugin.kill(), plugin.stop()]);
    await Promise.all([plugin.stop(), plugin.kill()]);

    expect(await plugin.ended).toEqual({ kind: 'stopped' });
  });
});

describe('a kill', () => {
  it('ends the plugin and its calls at once', async () => {
    const test = hostForTest();
    const before = test.holdings();
    const plugin = await test.probe(PATIENT, { holder: true });
    const hanging = failureOf(plugin.dispense('probe').hang({ busy: false }));
    await plugin.dispense('probe').echo({ text: 'the call before was sent' });

    await plugin.kill();

    expect(await hanging).toMatchObject({ code: 'PLUGIN_STOPPED' });
    expect(await plugin.ended).toEqual({ kind: 'stopped' });
    await test.holdsOnly(before);
  });

  it('cuts a stop short', async () => {
    const test = hostForTest();
    const plugin = await test.probe(PATIENT);
    const hanging = failureOf(plugin.dispense('probe').hang({ busy: false }));
    const stopped = plugin.stop();
    await waitFor('it drains', () => plugin.status().state === 'draining');

    await plugin.kill();

    await stopped;
    expect(await hanging).toMatchObject({ code: 'PLUGIN_STOPPED' });
  });
});

describe('a plugin that is checked every 20 ms', () => {
  const often = { health: { intervalMs: 20, timeoutMs: 500, misses: 2 }, restart: 'never' } as const;

  it('is ended as unresponsive when it is busy for ever', async () => {
    const test = hostForTest();
    const plugin = await test.probe(often);

    const error = await failureOf(plugin.dispense('probe').hang({ busy: true }));

    expect(error).toMatchObject({ code: 'PLUGIN_UNRESPONSIVE', phase: 'ready', signal: 'SIGKILL' });
    expect(error.rawMessage).toBe('plugin "probe" missed 2 health checks in a row');
    expect(test.facts.filter(({ type }) => type === 'plugin.unhealthy')).toHaveLength(2);
    expect(await plugin.ended).toMatchObject({ kind: 'failed', failure: { code: 'PLUGIN_UNRESPONSIVE' } });
  });

  it('is ended as unresponsive when it says that it is unhealthy', async () => {
    const test = hostForTest();
    const plugin = await test.probe(often);

    await plugin.dispense('kv').put({ key: 'health', value: Buffer.from('out of ink') });

    expect(await factOf(test, 'plugin.unhealthy')).toMatchObject({
      missed: 1,
      message: 'the plugin reports that it cannot work: out of ink',
    });
    expect(await plugin.ended).toMatchObject({ kind: 'failed', failure: { code: 'PLUGIN_UNRESPONSIVE' } });
  });

  it('counts its misses from the start again after a good check', async () => {
    const test = hostForTest();
    const plugin = await test.probe({ ...often, health: { ...often.health, misses: 1_000 } });
    const say = (health: string) => plugin.dispense('kv').put({ key: 'health', value: Buffer.from(health) });
    const misses = () => test.facts.flatMap((fact) => (fact.type === 'plugin.unhealthy' ? [fact.missed] : []));

    await say('bad');
    await waitFor('two misses', () => misses().includes(2));
    await say('good');
    const checks = await noteOf(plugin, 'checks');
    while (Number(await noteOf(plugin, 'checks')) < Number(checks) + 2);
    const before = misses().length;
    await say('bad');
    await waitFor('another miss', () => misses().length > before);

    expect(misses()[before]).toBe(1);
    expect(plugin.status().state).toBe('ready');
  });
});

// Helpers

/** The process group of a process. */
function groupOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[2]);
}

interface OpenUpload {
  readonly outcome: Promise<unknown>;
  /** Settles when the requests are no longer read. */
  readonly released: Promise<void>;
  /** Ends the requests, and so the call. */
  finish(): void;
}

/** A call whose end the test decides. It has reached the plugin. */
async function openUpload(plugin: ProbePlugin): Promise<OpenUpload> {
  const first = endless({ text: 'first' });
  const iterator = first[Symbol.asyncIterator]();
  const { promise: finished, resolve: finish } = Promise.withResolvers<{ done: true; value: undefined }>();
  const requests = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.race([iterator.next(), finished]),
      return: () => iterator.return?.() ?? Promise.resolve({ done: true as const, value: undefined }),
    }),
  };
  const outcome = plugin.dispense('probe').upload(requests);
  outcome.catch(() => {});
  await plugin.dispense('probe').echo({ text: 'the call before was sent' });
  return { outcome, released: first.released, finish: () => finish({ done: true, value: undefined }) };
}
