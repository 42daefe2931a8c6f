import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Denial, DomainEvent } from '../../src/ports/index.ts';
import type { HostOptions, LaunchOptions, Plugin } from '../../src/host/index.ts';
import type { EventPluginOrder } from './fixtures/event-plugin.ts';
import { childEnv, failureOf, hostForTest, nodeCommand, waitFor } from './support.ts';
import type { TestHost } from './support.ts';

describe('a plugin that gets events', () => {
  it('handles those that its patterns match, each once and in order', async () => {
    const { test, journal, launch } = scene();
    await launch('worker', { subscribe: ['work.*'] });

    for (let index = 0; index < 100; index += 1) test.host.bus.publish({ type: `work.n${index}`, payload: index });
    test.host.bus.publish({ type: 'other.thing' });

    await waitFor('100 events', () => journal().length >= 100);
    expect(journal()).toEqual(Array.from({ length: 100 }, (_, index) => `work.n${index} 0`));
  });

  it('handles what was published before its stop, within the drain time', async () => {
    const { test, journal, launch } = scene();
    const plugin = await launch('worker', { subscribe: ['work.*'] }, {}, { stop: { drainMs: 5000 } });

    for (let index = 0; index < 200; index += 1) test.host.bus.publish({ type: `work.n${index}` });
    await plugin.stop();

    expect(journal()).toHaveLength(200);
    expect(test.host.bus.counters.subscriptions).toBe(0);
  });

  it('handles what was published just before the stop of its host', async () => {
    const { test, journal, launch } = scene();
    await launch('worker', { subscribe: ['work.*'] }, {}, { stop: { drainMs: 5000 } });

    for (let index = 0; index < 200; index += 1) test.host.bus.publish({ type: `work.n${index}` });
    await test.host.stop();

    expect(journal()).toHaveLength(200);
    expect(test.host.bus.publish({ type: 'work.late' })).toMatchObject({ accepted: false, reason: 'BUS_CLOSED' });
  });

  it('gets what waited during its restart', async () => {
    const { test, journal, launch } = scene();
    const plugin = await launch('worker', { subscribe: ['work.*'] });

    plugin.restart();
    await waitFor('it is not ready', () => plugin.status().state !== 'ready');
    for (let index = 0; index < 20; index += 1) test.host.bus.publish({ type: `work.n${index}` });

    await waitFor('20 events', () => journal().length >= 20);
    expect(journal()).toEqual(Array.from({ length: 20 }, (_, index) => `work.n${index} 0`));
  });

  it('gets the event that killed it again, with the attempt', async () => {
    const { test, journal, launch } = scene();
    await launch('worker', { subscribe: ['work.*'] });

    test.host.bus.publish({ type: 'work.die' });

    await waitFor('2 attempts', () => journal().length >= 2);
    expect(journal().slice(0, 2)).toEqual(['work.die 0', 'work.die 1']);
  });

  it('has left the bus when its stop has settled, also in the middle of a restart', async () => {
    const { test, launch } = scene();
    const plugin = await launch('worker', { subscribe: ['work.*'] });
    const [view] = test.host.bus.subscriptions();

    plugin.restart();
    await waitFor('the next process is on its way', () => plugin.status().state === 'handshaking');
    for (let index = 0; index < 20; index += 1) test.host.bus.publish({ type: 'work.n' });
    await plugin.stop();

    expect(test.host.bus.subscriptions()).toEqual([]);
    expect(view).toMatchObject({ state: 'stopped', counters: { published: 20, pending: 0 } });
  });

  it('leaves no subscription when it ends by force', async () => {
    const { test, launch } = scene();
    const plugin = await launch('worker', { subscribe: ['work.*'] });
    const [view] = test.host.bus.subscriptions();

    await plugin.kill();

    expect(view?.state).toBe('stopped');
    expect(test.host.bus.counters.subscriptions).toBe(0);
    expect(test.host.bus.publish({ type: 'work.n' })).toMatchObject({ accepted: true, matched: 0 });
    expect(test.host.plugins()).toEqual([]);
  });
});

describe('a plugin that emits events', () => {
  it('may do so inside its Init and its Shutdown', async () => {
    const { heard, launch } = scene();
    const plugin = await launch('worker', { emit: ['life.*'] }, { life: true });

    expect(heard()).toMatchObject([{ type: 'life.init', source: 'worker', depth: 0 }]);
    await plugin.stop();
    expect(heard()[1]).toMatchObject({ type: 'life.shutdown', source: 'worker', depth: 0 });
  });

  it('in a handler continues the chain of the event', async () => {
    const { test, heard, launch } = scene();
    await launch('worker', { subscribe: ['work.*'], emit: ['life.*'] });

    const receipt = test.host.bus.publish({ type: 'work.relay', payload: 7 });

    await waitFor('the relayed event', () => heard().length > 0);
    const causationId = receipt.accepted ? receipt.id : '';
    expect(heard()).toMatchObject([{ type: 'life.relayed', payload: 7, depth: 1, causationId }]);
  });

  it('is refused what it may not emit, and nobody sees it', async () => {
    const { test, heard, launch } = scene();
    const plugin = await launch('worker', { emit: ['life.*'] });

    const answer = await plugin.operations().execute('emit', { type: 'other.thing' });

    expect(answer).toEqual({ code: 'EMIT_DENIED' });
    expect(heard()).toEqual([]);
    expect(test.host.bus.counters.refusedBy).toEqual({ EMIT_DENIED: 1 });
  });

  it('is refused what it may not emit, and 1 denial is told with the permission that it lacks', async () => {
    const denials: Denial[] = [];
    const { launch } = scene({
      denials: (denial) => {
        denials.push(denial);
        throw new Error('the audit is down');
      },
    });
    const plugin = await launch('worker', { emit: ['life.*'] });

    const answers = [await plugin.operations().execute('emit', { type: 'other.thing' })];
    answers.push(await plugin.operations().execute('emit', { type: 'life.thing' }));

    expect(answers).toEqual([{ code: 'EMIT_DENIED' }, { id: expect.any(String) }]);
    expect(denials).toEqual([{ plugin: 'worker', permission: 'events.emit:other.thing' }]);
  });

  it('cannot do so under the name of another plugin', async () => {
    const { heard, launch } = scene();
    const plugin = await launch('worker', { emit: ['life.*'] });

    const forged = await plugin.operations().execute('forge', 'other');
    const honest = await plugin.operations().execute('forge', 'worker');

    expect(forged).toMatchObject({ success: false, errorCode: 'SOURCE_FORGED', eventId: '' });
    expect(honest).toMatchObject({ success: true });
    await waitFor('the honest event', () => heard().length > 0);
    expect(heard()).toMatchObject([{ type: 'life.forged', source: 'worker' }]);
  });

  it('is refused by TLS at the sockets of another plugin', async () => {
    const { test, launch } = scene();
    const [first, second] = [await launch('first', { emit: ['life.*'] }), await launch('second', { emit: ['life.*'] })];
    const sockets = socketsBelow(test.root).filter((path) => isOf(path, test, second));

    const outcomes = await Promise.all(sockets.map((path) => first.operations().execute('dial', path)));

    expect(sockets.length).toBeGreaterThanOrEqual(2);
    for (const outcome of outcomes) expect(outcome).toMatch(/^(?:ERR_SSL|ECONNRESET|ERR_HTTP2|EPIPE|closed)/);
    expect(test.host.bus.counters.published).toBe(0);
  });
});

describe('a launch with events', () => {
  it.each([
    [{ subscribe: ['a..b'] }, 'PATTERN_INVALID'],
    [{ emit: ['a b'] }, 'PATTERN_INVALID'],
    [{ capacity: 0 }, 'INVALID_OPTIONS'],
    [{ subscribe: 'work.*' }, 'INVALID_OPTIONS'],
    [{ remembered: -1 }, 'INVALID_OPTIONS'],
    [null, 'INVALID_OPTIONS'],
    [{ overflow: 'panic' }, 'INVALID_OPTIONS'],
    [{ rateLimit: 0 }, 'INVALID_OPTIONS'],
  ])('of %j is refused with %s, and starts nothing', async (events, code) => {
    const { test, launch } = scene();

    expect(await failureOf(launch('worker', events as never))).toMatchObject({ code });
    expect(test.processes()).toEqual([]);
  });

  it('cannot take the name by which the host publishes', async () => {
    const { launch } = scene();

    expect(await failureOf(launch('core', { emit: ['life.*'] }))).toMatchObject({ code: 'NAME_TAKEN' });
  });

  it('that fails in Init leaves neither a subscription nor a process', async () => {
    const { test, launch } = scene();

    const failure = await failureOf(launch('worker', { subscribe: ['work.*'], emit: ['life.*'] }, { sick: true }));

    expect(failure).toMatchObject({ code: 'INIT_FAILED' });
    expect(test.host.bus.counters.subscriptions).toBe(1); // the listener of the test
    await waitFor('no process', () => test.processes().length === 0);
  });
});

describe('the clients of a plugin', () => {
  it('list and execute its operations', async () => {
    const { launch } = scene();
    const plugin = await launch('worker', { emit: ['life.*'] });

    const names = (await plugin.operations().list()).map(({ name }) => name);

    expect(names).toEqual(['dial', 'emit', 'fail', 'forge']);
    expect(await failureOf(plugin.operations().execute('fail'))).toMatchObject({
      code: 'OPERATION_FAILED',
      details: { plugin: 'worker' },
    });
  });

  it('fail with KIND_MISSING for what it does not contribute', async () => {
    const { launch } = scene();
    const plugin = await launch('worker', {}, {}, { kinds: ['operations'] });
    const unknown = await launch('other', {});

    expect(() => plugin.steps()).toThrow('plugin "worker" does not contribute steps');
    expect(await failureOf(unknown.steps().list())).toMatchObject({ code: 'KIND_MISSING' });
    expect(await failureOf(unknown.validators().validate({}))).toMatchObject({ code: 'KIND_MISSING' });
  });
});

// Helpers

function scene(options: HostOptions = {}) {
  const test = hostForTest({ events: { source: 'core' }, ...options });
  const directory = mkdtempSync('/tmp/tj-');
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'journal');
  const events: DomainEvent[] = [];
  let listens = false;
  return {
    test,
    /** What was handled: type and attempt. */
    journal: (): string[] => read(path).map((line) => line.replace(/ \S+ /, ' ')),
    /** Events of the type `life.*` so far. */
    heard: (): readonly DomainEvent[] => events,
    launch(
      name: string,
      on: NonNullable<LaunchOptions['events']>,
      order: EventPluginOrder = {},
      options: Partial<LaunchOptions> = {},
    ): Promise<Plugin> {
      if (!listens && on?.emit !== undefined) test.host.bus.on('life.*', (event) => void events.push(event));
      listens ||= on?.emit !== undefined;
      return test.host.launch({
        name,
        ...nodeCommand('event-plugin', { journal: path, ...order }),
        env: childEnv(),
        events: on,
        backoff: { initialMs: 20, jitter: 'none' },
        ...options,
      });
    },
  };
}

function read(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch {
    return []; // nothing was handled yet
  }
}

function socketsBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isSocket())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Whether the socket is in the private directory that the plugin's process has. */
function isOf(path: string, _: TestHost, plugin: Plugin): boolean {
  const environment = readFileSync(`/proc/${plugin.status().pid}/environ`, 'latin1').split('\0');
  const directory = environment.find((entry) => entry.startsWith('TMPDIR='))?.slice('TMPDIR='.length) ?? '?';
  return path.startsWith(`${directory}/`);
}
