import { describe, expect, it } from 'vitest';
import { HOST_LOG } from '../../../src/host/logs/index.ts';
import { hubForTest, say, take } from './support.ts';

describe('createLogHub', () => {
  it('hands 3 lines to a subscriber in the order in which they were logged (B6: order)', async () => {
    const hub = hubForTest();
    const lines = hub.subscribe()[Symbol.asyncIterator]();

    for (const text of ['a', 'b', 'c']) say(hub, 'kv', text);

    expect(await take(lines, 3)).toEqual(['a', 'b', 'c']);
  });

  it('hands a subscriber of 1 plugin the lines of that plugin only (B6: filter)', async () => {
    const hub = hubForTest();
    const lines = hub.subscribe({ plugin: 'kv' })[Symbol.asyncIterator]();

    say(hub, 'other', 'x');
    say(hub, 'kv', 'a');

    expect(await take(lines, 1)).toEqual(['a']);
  });

  it("hands a subscriber of all plugins the lines of 2 plugins and the host's own (B6: all)", async () => {
    const hub = hubForTest();
    const lines = hub.subscribe()[Symbol.asyncIterator]();

    say(hub, 'kv', 'a');
    say(hub, 'other', 'b');
    hub.logger.log('warn', 'c');

    expect(await take(lines, 3)).toEqual(['a', 'b', 'c']);
    expect(hub.plugins()).toEqual([HOST_LOG, 'kv', 'other']);
  });

  it('has room for another name once a plugin is gone, whose lines keep their places', () => {
    const hub = hubForTest({ maxPlugins: 3 });
    const previous: (readonly [string, number])[] = [];
    hub.addSink(({ plugin, previous: before }) => previous.push([plugin, before]));

    hub.logger.log('warn', 'the log of the host counts, too');
    for (const plugin of ['a', 'b', 'c']) say(hub, plugin, 'x');
    const place = hub.newest - 2;
    hub.forget('a');
    say(hub, 'c', 'x');
    hub.forget('b');
    say(hub, 'a', 'y');

    expect(previous.map(([plugin]) => plugin)).toEqual([HOST_LOG, 'a', 'b', HOST_LOG, 'c', 'a']);
    expect(previous.at(-1)).toEqual(['a', place]);
    expect(hub.plugins()).toEqual([HOST_LOG, 'a', 'b', 'c']);
  });

  it('counts the 2 logs of a former start only once they have a line', () => {
    const newest = new Map([
      ['a', 7],
      ['b', 8],
    ]);
    const hub = hubForTest({ maxPlugins: 1, newest });

    say(hub, 'c', 'x');

    expect(hub.plugins()).toEqual(['a', 'b', 'c']);
  });

  it('forgets a subscriber whose iteration has ended, and wakes one that waits (B6: ctx evict)', async () => {
    const hub = hubForTest({ maxReaders: 1 });
    const first = hub.subscribe();
    const waiting = first[Symbol.asyncIterator]().next();

    first.close();

    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(() => hub.subscribe()).not.toThrow();
    expect(() => hub.subscribe()).toThrow(/1 readers, which is its limit/);
  });

  it('does not let a subscriber that takes nothing hold up 1 that takes 5,000 lines (B6: slow subscriber)', async () => {
    const hub = hubForTest();
    const slow = hub.subscribe({ maxLines: 10 });
    const quick = hub.subscribe({ maxLines: 5000 })[Symbol.asyncIterator]();

    for (let line = 0; line < 5000; line += 1) say(hub, 'kv', String(line));

    const taken = await take(quick, 5000);
    expect(taken).toEqual(Array.from({ length: 5000 }, (_, line) => String(line)));
    expect(slow.missed).toBe(4990);
  });

  it('tells 1 lag of 3 lines before the next line after an overflow (B6: lag marker)', async () => {
    const hub = hubForTest();
    const lines = hub.subscribe({ maxLines: 2 })[Symbol.asyncIterator]();
    for (const text of ['a', 'b', 'lost', 'lost', 'lost']) say(hub, 'kv', text);

    const before = await take(lines, 2);
    say(hub, 'kv', 'c');

    expect(before).toEqual(['a', 'b']);
    expect(await take(lines, 2)).toEqual(['-3', 'c']);
  });

  it('leaves out lines below the level of their plugin, which can be changed at any time', async () => {
    const hub = hubForTest({ level: 'warn', levels: new Map([['kv', 'debug']]) });
    const lines = hub.subscribe()[Symbol.asyncIterator]();

    say(hub, 'kv', 'a', 'debug');
    say(hub, 'other', 'left out', 'info');
    hub.setLevel('kv', undefined);
    say(hub, 'kv', 'left out', 'info');
    hub.setLevel(undefined, 'info');
    say(hub, 'kv', 'b', 'info');

    expect(await take(lines, 2)).toEqual(['a', 'b']);
    expect(hub.logged).toBe(2);
  });

  it('puts lines without a proper plugin, and of the 3rd plugin of 2 at most, into the log of the host', async () => {
    const hub = hubForTest({ maxPlugins: 2 });
    for (const name of ['../etc/passwd', 7, 'a', 'b', 'c']) hub.logger.log('info', 'x', { plugin: name });

    expect(hub.plugins()).toEqual([HOST_LOG, 'a']);
  });

  it('gives lines after a restart places above all that were given before', () => {
    const hub = hubForTest({ newest: new Map([['kv', 9_000_000]]) });

    say(hub, 'kv', 'a');

    expect(hub.newest).toBe(9_000_001);
  });

  it('logs an entry whose fields cannot be read, and never throws', () => {
    const hub = hubForTest();
    const trap = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new RangeError('no');
        },
      },
    );
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;

    expect(() => hub.logger.log('info', 'x', trap)).not.toThrow();
    expect(() => hub.logger.log('info', 'y', { circular, error: new RangeError('z') })).not.toThrow();
    expect(hub.logged).toBe(1);
  });

  it.each([
    ['a level that is none', { level: 'loud' as never }, /option "level"/],
    ['0 plugins', { maxPlugins: 0 }, /option "maxPlugins"/],
    ['0 readers', { maxReaders: 0 }, /option "maxReaders"/],
    ['a level for what is no name', { levels: new Map([['a/b', 'info' as const]]) }, /option "plugin"/],
  ])('refuses %s', (_, options, problem) => {
    expect(() => hubForTest(options)).toThrow(problem);
  });
});
