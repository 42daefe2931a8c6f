// What every placement promises. The subject is one module, which knows nothing of where it runs.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createServiceClient, service } from '../../../src/ports/index.ts';
import { AdderServiceService, ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';
import { endless, factOf, failureOf, hostForTest, waitFor } from '../support.ts';
import type { TestHost } from '../support.ts';
import { ALL_PLACEMENTS, launchSubject, moduleOf, placed } from './support.ts';

describe.each(ALL_PLACEMENTS)('a plugin in the placement %s', (placement) => {
  const start = async (options: Parameters<typeof launchSubject>[2] = {}, test: TestHost = hostForTest()) => {
    const plugin = await launchSubject(test, placement, options);
    return { test, plugin, probe: plugin.dispense('probe'), call: plugin.operations().execute };
  };

  describe('is started', () => {
    it('and is ready, with version 1 and its services', async () => {
      const { plugin, probe } = await start();

      expect(plugin.status()).toMatchObject({ state: 'ready', version: 1, restarts: 0 });
      expect(plugin.status().pid === 0).toBe(placement !== 'process');
      expect(await probe.echo({ text: 'hi' })).toMatchObject({ text: 'hi', version: 1 });
    });

    it('with its configuration, before its first call', async () => {
      const journal = scratchFile();

      await start({ order: { journal }, name: 'another-name' });

      expect(readFileSync(journal, 'utf8')).toBe('init another-name\n');
    });

    it('not when its Init refuses the configuration: INIT_FAILED with its reason', async () => {
      const test = hostForTest();
      const failure = await failureOf(launchSubject(test, placement, { order: { refuse: true } }));

      expect(failure).toMatchObject({ code: 'INIT_FAILED', phase: 'probing' });
      expect(failure.rawMessage).toContain('refused its configuration: the colour is unknown');
    });

    it('not when its module fails: PLUGIN_EXITED_EARLY, with the reason in the stderr tail', async () => {
      const failure = await failureOf(launchSubject(hostForTest(), placement, { fixture: 'broken' }));

      expect(failure).toMatchObject({ code: 'PLUGIN_EXITED_EARLY', phase: 'handshaking', exitCode: 1 });
      expect(failure.stderrTail.join('\n')).toContain('SyntaxError: this module is broken');
    });

    it('not when its module never serves it: HANDSHAKE_TIMEOUT after 700 ms', async () => {
      const failure = await failureOf(
        launchSubject(hostForTest(), placement, { fixture: 'silent', startTimeoutMs: 700 }),
      );

      expect(failure).toMatchObject({ code: 'HANDSHAKE_TIMEOUT', phase: 'handshaking' });
    });

    it('not when the host speaks versions 2 and 3 only: APP_VERSION_UNSUPPORTED', async () => {
      const failure = await failureOf(launchSubject(hostForTest(), placement, { versions: [2, 3] }));

      expect(failure).toMatchObject({ code: 'APP_VERSION_UNSUPPORTED' });
      expect(failure.rawMessage).toContain('the plugin speaks application protocol version 1, the host 2, 3');
    });

    it('not when the launch is given up meanwhile: CANCELLED, and nothing is left', async () => {
      const test = hostForTest();
      const before = test.holdings();
      const controller = new AbortController();
      const launch = failureOf(launchSubject(test, placement, { fixture: 'silent', signal: controller.signal }));
      await factOf(test, 'plugin.starting');

      controller.abort();

      expect(await launch).toMatchObject({ code: 'CANCELLED' });
      await test.holdsOnly(before);
    });
  });

  describe('answers', () => {
    it('operations, validators and steps', async () => {
      const { plugin, call } = await start();

      expect(await call('echo', { deep: [1, 'ü'] })).toEqual({ deep: [1, 'ü'] });
      expect(await plugin.validators().validate({ a: 1 }, 'top')).toMatchObject([
        { severity: 'warning', message: '{"a":1} is odd', part: 'top' },
      ]);
      expect(await plugin.steps().execute({ type: 'double', name: 's', input: 21 })).toBe(42);
    });

    it('failed operations with the code of the plugin and its text', async () => {
      const { call } = await start();

      await expect(call('fail')).rejects.toMatchObject({
        code: 'OPERATION_FAILED',
        rawMessage: expect.stringContaining('no'),
      });
      await expect(call('refuse')).rejects.toMatchObject({
        code: 'OPERATION_FAILED',
        details: { code: 'NOT_FOUND' },
        rawMessage: expect.stringContaining('no such thing: 100 % "absent" ü'),
      });
      expect(await call('echo', 1)).toBe(1);
    });

    it('calls of all 4 kinds, with metadata', async () => {
      const { probe } = await start();

      expect(await probe.echo({ text: 'a' }, { metadata: { 'X-Suffix': 'b' } })).toMatchObject({ text: 'ab' });
      expect(await collect(probe.download({ count: 1_000, text: 'x' }))).toHaveLength(1_000);
      expect(await probe.upload(texts(1_000))).toEqual({ messages: 1_000, bytes: 4_000n });
      expect(await collect(probe.chat(texts(100)))).toHaveLength(100);
    });

    it('a stream with what came before its failure, then with its code and text', async () => {
      const { probe } = await start();
      const seen: string[] = [];
      const reading = (async () => {
        for await (const { text } of probe.chat([{ text: 'one' }, { text: 'stop' }])) seen.push(text);
      })();

      await expect(reading).rejects.toMatchObject({ code: 'ABORTED', rawMessage: 'half way' });
      expect(seen).toEqual(['one']);
    });

    it('a method that it does not serve with UNIMPLEMENTED', async () => {
      const { plugin } = await start();
      const absent = { ...ProbeServiceService.echo, path: '/troupe.testing.v1.ProbeService/Absent' };

      await expect(plugin.connection.unary(absent, { text: '' })).rejects.toMatchObject({ code: 'UNIMPLEMENTED' });
    });

    it('a request above its 1,000,000 bytes with RESOURCE_EXHAUSTED, and a response above those of the host', async () => {
      const { probe } = await start({ maxReceiveBytes: 10_000 });
      const sized = (bytes: number) => probe.echo({ text: 'x'.repeat(bytes) });

      await expect(sized(1_000_001)).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
      await expect(sized(20_000)).rejects.toMatchObject({
        code: 'RESOURCE_EXHAUSTED',
        rawMessage: expect.stringContaining('limit of 10000 bytes'),
      });
      expect((await sized(9_000)).text).toHaveLength(9_000);
    });

    it('not after 50 ms of a deadline: DEADLINE_EXCEEDED, and the plugin sees its signal abort', async () => {
      const { probe, call } = await start();

      await expect(probe.hang({ busy: false }, { timeoutMs: 50 })).rejects.toMatchObject({
        code: 'DEADLINE_EXCEEDED',
        name: 'DeadlineExceededError',
      });
      await expect(collect(probe.download({ count: 1, text: 'hang' }, { timeoutMs: 50 }))).rejects.toMatchObject({
        code: 'DEADLINE_EXCEEDED',
      });
      await until(async () => (await call('aborted')) === 2);
    });

    it('not when the caller gives up: CANCELLED, and the plugin sees its signal abort', async () => {
      const { probe, call } = await start();
      const controller = new AbortController();
      const waiting = probe.hang({ busy: false }, { signal: controller.signal });
      await call('echo');

      controller.abort();

      await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' });
      await until(async () => (await call('aborted')) === 1);
    });

    it('brokered connections in both directions', async () => {
      const { plugin, probe } = await start();
      const id = plugin.broker.nextId();
      const adder = service(AdderServiceService, { add: ({ a, b }) => ({ sum: a + b }) });
      const listener = await plugin.broker.accept(id, [adder]);

      expect(await plugin.dispense('counter').add({ callbackId: id, key: 'k', value: 2n })).toEqual({ sum: 42n });
      await probe.offer({ id: 7 });
      const dialled = await plugin.broker.dial(7);
      expect(await createServiceClient(ProbeServiceService, dialled).echo({ text: 'me' })).toMatchObject({
        text: 'offered me',
      });
      dialled.close();
      listener.close();
    });

    it('no dial of an id that nobody listens for: BROKER_TIMEOUT', async () => {
      const { plugin } = await start();

      await expect(plugin.broker.dial(99, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'BROKER_TIMEOUT' });
    });
  });

  describe('is heard', () => {
    it('by its log: level, text, fields, and its own name whatever the fields say', async () => {
      const { test, call } = await start();

      await call('log', 'the shelf is empty');

      await waitFor('the entry', () => test.log.entries.some(({ message }) => message === 'the shelf is empty'));
      expect(test.log.entries.find(({ message }) => message === 'the shelf is empty')).toMatchObject({
        level: 'warn',
        fields: { plugin: 'subject', plugin_: 'somebody else', shelf: 7 },
      });
    });
  });

  describe('comes back', () => {
    it('after it ended by itself: PLUGIN_CRASHED with its last 20 lines, then ready with a new state', async () => {
      const { test, plugin, call } = await start();
      await call('count');

      await plugin
        .dispense('probe')
        .crash({ exitCode: 3 })
        .catch(() => undefined);
      const { failure, stderrTail, exit } = await factOf(test, 'plugin.failed');
      await factOf(test, 'plugin.ready', 2);

      expect(failure).toMatchObject({ code: 'PLUGIN_CRASHED', phase: 'ready' });
      expect(exit).toEqual({ code: placement === 'inProcess' ? 0 : 3, signal: null });
      expect(stderrTail).toHaveLength(20);
      expect(stderrTail.at(-1)).toContain('last word 25');
      expect(await call('count')).toBe(1);
    });

    it('after it reported 2 times that it is not well: PLUGIN_UNRESPONSIVE', async () => {
      const { test, plugin, call } = await start({ health: { intervalMs: 10, misses: 2 } });

      await call('sicken');
      const { failure } = await factOf(test, 'plugin.failed');
      await plugin.ready();

      expect(failure).toMatchObject({ code: 'PLUGIN_UNRESPONSIVE' });
      expect(await call('echo', 'back')).toBe('back');
      expect(plugin.status().restarts).toBe(1);
    });

    it('when it is asked to, with dispensed clients that go on working', async () => {
      const { test, plugin, probe, call } = await start();
      await call('count');

      plugin.restart();
      await factOf(test, 'plugin.ready', 2);

      expect(await call('count')).toBe(1);
      expect(await probe.echo({ text: 'still here' })).toMatchObject({ text: 'still here' });
      expect(test.facts.filter(({ type }) => type === 'plugin.failed')).toEqual([]);
    });

    it('not after 3 crashes of a budget of 3: PLUGIN_QUARANTINED until it is reset', async () => {
      const test = hostForTest({ crashBudget: { limit: 3, windowMs: 60_000 } });
      const { plugin, probe, call } = await start({}, test);

      for (let crashes = 1; crashes <= 3; crashes += 1) {
        await probe.crash({ exitCode: 3 }).catch(() => undefined);
        await factOf(test, 'plugin.failed', crashes);
        if (crashes < 3) await factOf(test, 'plugin.ready', crashes + 1);
      }
      await factOf(test, 'plugin.quarantined');

      await expect(call('echo')).rejects.toMatchObject({ code: 'PLUGIN_QUARANTINED' });
      await plugin.reset();
      await plugin.ready();
      expect(await call('echo', 4)).toBe(4);
    });
  });

  describe('is ended', () => {
    it('by a stop: its calls finish, its onShutdown runs once, and nothing is left', async () => {
      const test = hostForTest();
      const before = test.holdings();
      const journal = scratchFile();
      const { plugin, probe } = await start({ order: { journal } }, test);
      const messages = endless({ text: 'one' });
      const uploading = probe.upload(messages).then(
        () => 'answered',
        ({ code }: { code: string }) => code,
      );
      const echoed = probe.echo({ text: 'in flight' });

      await plugin.stop();

      expect(await echoed).toMatchObject({ text: 'in flight' });
      expect(await uploading).toMatch(/PLUGIN_STOPPED|CANCELLED|UNAVAILABLE/);
      await messages.released;
      expect(readFileSync(journal, 'utf8')).toBe('init subject\nshutdown\n');
      expect(await plugin.ended).toEqual({ kind: 'stopped' });
      await expect(probe.echo({ text: '' })).rejects.toMatchObject({ code: 'PLUGIN_STOPPED' });
      await test.holdsOnly(before);
    });

    it('by a stop although its onShutdown never ends', async () => {
      const test = hostForTest();
      const before = test.holdings();
      const { plugin } = await start(
        { order: { lingers: true }, stop: { drainMs: 50, graceMs: 100, terminateMs: 100 } },
        test,
      );

      await plugin.stop();

      expect(plugin.status().state).toBe('dead');
      await test.holdsOnly(before);
    });

    it('by force: calls under way fail, and nothing is left', async () => {
      const test = hostForTest();
      const before = test.holdings();
      const { plugin, probe, call } = await start({}, test);
      const waiting = failureOf(probe.hang({ busy: false }));
      await call('echo');

      await plugin.kill();

      expect(await waiting).toMatchObject({ code: 'PLUGIN_STOPPED' });
      await test.holdsOnly(before);
    });

    it('by the stop of its host, 3 of them at once, and nothing is left', async () => {
      const test = hostForTest();
      const before = test.holdings();
      await Promise.all(['a', 'b', 'c'].map((name) => start({ name }, test)));

      const { stopped, forced } = await test.host.stop();

      expect([stopped, forced]).toEqual([['a', 'b', 'c'], []]);
      await test.holdsOnly(before);
    });

    it('while it is being started', async () => {
      const test = hostForTest();
      const before = test.holdings();
      const launch = failureOf(launchSubject(test, placement, { fixture: 'silent' }));
      await factOf(test, 'plugin.starting');

      await test.host.plugin('subject')?.stop();

      expect(await launch).toMatchObject({ code: 'PLUGIN_STOPPED' });
      await test.holdsOnly(before);
    });
  });

  describe.each(['acked', 'stream', 'unary'] as const)('gets events in the form %s', (form) => {
    const scene = async (options: Parameters<typeof launchSubject>[2] = {}) => {
      const test = hostForTest({ events: { source: 'core' } });
      const { bus } = test.host;
      const heard: string[] = [];
      bus.on('life.**', ({ type, source, payload }) => void heard.push(`${type} of ${source}: ${String(payload)}`));
      const fixture = form === 'acked' ? 'all' : form;
      const events = { subscribe: ['work.**'], emit: ['life.*'], overflow: 'block', blockMs: 20_000 } as const;
      const started = await start({ fixture, events, ...options }, test);
      const counters = () => bus.subscriptions().find(({ name }) => name === 'subject')?.counters;
      return { ...started, bus, heard, counters };
    };

    it('500 of them, each once and in order', async () => {
      const journal = scratchFile();
      const { bus, counters } = await scene({ order: { journal } });

      for (let index = 0; index < 500; index += 1) {
        const receipt = bus.publish({ type: `work.n${index}` });
        if (receipt.accepted) await receipt.queued;
      }
      await waitFor('all are delivered', () => counters()?.delivered === 500);

      const types = readFileSync(journal, 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(' ')[0]);
      expect(types).toEqual(Array.from({ length: 500 }, (_, index) => `work.n${index}`));
    });

    it('and its results: what it emits, what it returns, what it fails with', async () => {
      const { bus, heard, counters } = await scene();

      bus.publish({ type: 'work.emit', payload: 1 });
      bus.publish({ type: 'work.return', payload: 2 });
      bus.publish({ type: 'work.fail' });
      await waitFor('results', () => counters()?.failed === 1 && heard.length === 2);

      expect(heard).toEqual(['life.emitted of subject: 1', 'life.returned of subject: 2']);
      expect(counters()).toMatchObject({ published: 3, delivered: 2, failed: 1, pending: 0, unknown: 0 });
    });

    it('and may not emit what it has no permission for, nor in the name of another', async () => {
      const { bus, heard, counters, call } = await scene();

      bus.publish({ type: 'work.overreach' });
      await waitFor('the failure', () => counters()?.failed === 1);

      expect(await call('emit', { type: 'secret.y' })).toEqual({ code: 'EMIT_DENIED' });
      expect(await call('forge', 'core')).toMatchObject({ success: false, errorCode: 'SOURCE_FORGED' });
      expect(await call('emit', { type: 'life.fine', payload: 3 })).toEqual({ id: 'string' });
      await waitFor('the event', () => heard.length === 1);
      expect(heard).toEqual(['life.fine of subject: 3']);
    });

    it('also those that were published while it was restarted', async () => {
      const { test, bus, plugin, counters } = await scene();

      plugin.restart();
      bus.publish({ type: 'work.meanwhile' });
      await factOf(test, 'plugin.ready', 2);
      bus.publish({ type: 'work.afterwards' });

      await waitFor('both', () => counters()?.delivered === 2);
      expect(counters()).toMatchObject({ published: 2, failed: 0, dropped: 0, unknown: 0 });
    });

    it('and emits within Init and within its shutdown', async () => {
      const { plugin, heard } = await scene({ order: { life: true } });

      await plugin.stop();

      await waitFor('both', () => heard.length === 2);
      expect(heard).toEqual(['life.init of subject: 1', 'life.shutdown of subject: 2']);
    });
  });

  it('is refused a name that another plugin has, and leaves nothing', async () => {
    const { test } = await start();

    await expect(launchSubject(test, placement)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  });

  it('is not started when its module does not exist', async () => {
    const test = hostForTest();
    const launch = test.host.launch({ module: `${moduleOf('all')}.absent`, ...placed(placement) });

    expect(await failureOf(launch)).toMatchObject({
      code: placement === 'process' ? 'PLUGIN_EXITED_EARLY' : 'MODULE_NOT_FOUND',
    });
  });
});

// Helpers

function scratchFile(): string {
  const directory = mkdtempSync('/tmp/tp-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'journal');
}

async function collect<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const message of messages) all.push(message);
  return all;
}

function* texts(count: number): Generator<{ text: string }> {
  for (let index = 0; index < count; index += 1) yield { text: 'four' };
}

/** Asks again until it is so. */
async function until(fact: () => Promise<boolean>): Promise<void> {
  while (!(await fact()));
}
