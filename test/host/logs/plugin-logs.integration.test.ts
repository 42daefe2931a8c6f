import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LogItem } from '../../../src/host/logs/index.ts';
import { logsForTest, say, take, takeAll, temporaryLogs } from './support.ts';

describe('openPluginLogs', () => {
  it('writes a file for each plugin that only its user can read', async () => {
    const directory = join(temporaryLogs(), 'logs');
    const logs = await logsForTest({ directory });
    say(logs.hub, 'kv', 'a');
    say(logs.hub, 'other', 'b');
    logs.hub.logger.log('info', 'c');

    await logs.close();

    expect(readdirSync(directory).sort()).toEqual(['@host.log', 'kv.log', 'other.log']);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'kv.log')).mode & 0o777).toBe(0o600);
  });

  it('begins a new file at 2,000 bytes, keeps 2 former ones, and loses no line between them', async () => {
    const directory = temporaryLogs();
    const logs = await logsForTest({ directory, maxBytes: 2000, keep: 2 });
    for (let line = 0; line < 60; line += 1) {
      say(logs.hub, 'kv', `line ${line}`);
      // One batch at a time, so that the files are as small as they can be.
      await takeAll(logs.tail({ lines: 1 }));
    }

    const files = readdirSync(directory).sort();
    const kept = await takeAll(logs.tail({ plugin: 'kv', lines: 1000 }));

    expect(files).toEqual(['kv.log', 'kv.log.1', 'kv.log.2']);
    expect(files.every((file) => statSync(join(directory, file)).size <= 2000)).toBe(true);
    expect(kept.length).toBeGreaterThan(20);
    expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => `line ${60 - kept.length + index}`));
  });

  it('goes on behind the last line after a restart of the host, with larger places', async () => {
    const directory = temporaryLogs();
    const first = await logsForTest({ directory });
    for (const text of ['a', 'b', 'c']) say(first.hub, 'kv', text);
    const seen = await cursors(first.tail({ plugin: 'kv' }));
    await first.close();

    const second = await logsForTest({ directory });
    say(second.hub, 'kv', 'd');

    expect(await takeAll(second.tail({ plugin: 'kv', after: seen[1] }))).toEqual(['c', 'd']);
    expect(await takeAll(second.tail({ plugin: 'kv', after: seen[2] }))).toEqual(['d']);
  });

  it('reads on after a line that a killed host has left half-written', async () => {
    const directory = temporaryLogs();
    const first = await logsForTest({ directory });
    say(first.hub, 'kv', 'a');
    await first.close();
    appendFileSync(join(directory, 'kv.log'), '{"cursor":99,"lev');

    const second = await logsForTest({ directory });
    say(second.hub, 'kv', 'b');
    say(second.hub, 'kv', 'c');

    expect(await takeAll(second.tail({ plugin: 'kv' }))).toEqual(['a', 'b', 'c']);
  });

  it('counts lines that could not be written, and writes the next ones again', async () => {
    const directory = temporaryLogs();
    const logs = await logsForTest({ directory });
    mkdirSync(join(directory, 'kv.log'));
    say(logs.hub, 'kv', 'a');
    await takeAll(logs.tail());

    const { failed, problem } = logs.files();
    say(logs.hub, 'other', 'b');

    expect(failed).toBe(1);
    expect(problem).toMatch(/EISDIR/);
    expect(await takeAll(logs.tail({ plugin: 'other' }))).toEqual(['b']);
    expect(logs.files().problem).toBeUndefined();
  });

  it('tells a reader who comes back that 2 lines before the next one could not be written', async () => {
    const directory = temporaryLogs();
    const logs = await logsForTest({ directory });
    say(logs.hub, 'kv', 'a');
    const [place] = await cursors(logs.tail());
    renameSync(join(directory, 'kv.log'), join(directory, 'aside'));
    mkdirSync(join(directory, 'kv.log'));
    for (const text of ['b', 'c']) say(logs.hub, 'kv', text);
    await takeAll(logs.tail());

    rmdirSync(join(directory, 'kv.log'));
    renameSync(join(directory, 'aside'), join(directory, 'kv.log'));
    say(logs.hub, 'kv', 'd');

    expect(await takeAll(logs.tail({ plugin: 'kv', after: place }))).toEqual(['-2', 'd']);
  });

  it('removes files that were kept under a former setting of 4 when it begins a new one under 1', async () => {
    const directory = temporaryLogs();
    for (const age of ['', '.1', '.2', '.3', '.4'])
      writeFileSync(join(directory, `kv.log${age}`), `${'x'.repeat(80)}\n`);
    const logs = await logsForTest({ directory, maxBytes: 100, keep: 1 });

    say(logs.hub, 'kv', 'a');
    await takeAll(logs.tail());

    expect(readdirSync(directory).sort()).toEqual(['kv.log', 'kv.log.1']);
  });

  it('writes how many lines did not fit into its queue into the next line', async () => {
    const directory = temporaryLogs();
    const logs = await logsForTest({ directory, maxWaiting: 3 });
    for (let line = 0; line < 10; line += 1) say(logs.hub, 'kv', String(line));
    await takeAll(logs.tail());
    say(logs.hub, 'kv', 'next');

    expect(await takeAll(logs.tail({ plugin: 'kv' }))).toEqual(['0', '1', '2', '-7', 'next']);
    expect(readFileSync(join(directory, 'kv.log'), 'utf8')).toContain('"missedBefore":7');
  });

  it('refuses a directory that cannot be made', async () => {
    const directory = temporaryLogs();
    writeFileSync(join(directory, 'file'), '');

    await expect(logsForTest({ directory: join(directory, 'file', 'logs') })).rejects.toThrow(/ENOTDIR/);
    chmodSync(directory, 0o700);
  });
});

describe('tail', () => {
  it('shows 2 lines that are kept and then each that comes, once and in order', async () => {
    const logs = await logsForTest();
    say(logs.hub, 'kv', 'a');
    say(logs.hub, 'kv', 'b');
    const lines = logs.tail({ follow: true })[Symbol.asyncIterator]();

    const kept = await take(lines, 2);
    for (const text of ['c', 'd']) say(logs.hub, 'kv', text);

    expect([...kept, ...(await take(lines, 2))]).toEqual(['a', 'b', 'c', 'd']);
    await lines.return?.();
  });

  it('shows lines once that are logged while the kept ones are being read', async () => {
    const logs = await logsForTest();
    const lines = logs.tail({ follow: true, lines: 10_000 })[Symbol.asyncIterator]();
    for (let line = 0; line < 500; line += 1) say(logs.hub, 'kv', String(line));
    const reading = lines.next();
    for (let line = 500; line < 900; line += 1) say(logs.hub, 'kv', String(line));

    const first = await reading;
    const rest = await take(lines, 899);

    expect(first.done === true ? '' : textOf(first.value)).toBe('0');
    expect(rest).toEqual(Array.from({ length: 899 }, (_, index) => String(index + 1)));
    await lines.return?.();
  });

  it('shows the newest 3 of the lines of 2 plugins, in the order of both', async () => {
    const logs = await logsForTest();
    for (const [plugin, text] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['a', '4'],
      ['b', '5'],
    ] as const)
      say(logs.hub, plugin, text);

    expect(await takeAll(logs.tail({ lines: 3 }))).toEqual(['3', '4', '5']);
  });

  it('shows the lines from warn up of a log of 5 levels', async () => {
    const logs = await logsForTest({ level: 'trace' });
    for (const level of ['trace', 'debug', 'info', 'warn', 'error'] as const) say(logs.hub, 'kv', level, level);

    expect(await takeAll(logs.tail({ level: 'warn' }))).toEqual(['warn', 'error']);
  });

  it('says that lines are missing to a reader whose place is not kept any more', async () => {
    const logs = await logsForTest({ maxBytes: 500, keep: 1 });
    say(logs.hub, 'kv', 'first');
    const [place] = await cursors(logs.tail());
    for (let line = 0; line < 30; line += 1) {
      say(logs.hub, 'kv', `line ${line}`);
      await takeAll(logs.tail({ lines: 1 }));
    }

    const [gap, ...lines] = await takeAll(logs.tail({ plugin: 'kv', after: place }));

    expect(gap).toBe('-0');
    expect(lines.at(-1)).toBe('line 29');
  });

  it('shows the newest 2 of 5 lines after a place and says that there were more', async () => {
    const logs = await logsForTest();
    for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) say(logs.hub, 'kv', text);
    const [place] = await cursors(logs.tail());

    expect(await takeAll(logs.tail({ after: place, lines: 2 }))).toEqual(['-0', 'e', 'f']);
  });

  it('ends when its signal aborts, and leaves no reader behind', async () => {
    const logs = await logsForTest();
    const abort = new AbortController();
    const all = takeAll(logs.tail({ follow: true, signal: abort.signal }));

    abort.abort();

    expect(await all).toEqual([]);
  });

  it('shows nothing of a plugin that never logged, also one whose name leads out of the directory', async () => {
    const logs = await logsForTest();

    expect(await takeAll(logs.tail({ plugin: '../../etc/passwd' }))).toEqual([]);
    expect(await takeAll(logs.tail({ plugin: 'unknown' }))).toEqual([]);
  });

  it('reads lines of 300,000 bytes and their neighbours backwards without a fault', async () => {
    const logs = await logsForTest();
    const long = 'é'.repeat(60_000);
    for (const text of ['a', long, 'b', long, 'c']) say(logs.hub, 'kv', text);

    expect(await takeAll(logs.tail())).toEqual(['a', long, 'b', long, 'c']);
  });
});

// Helpers

function textOf(item: LogItem): string {
  return item.kind === 'line' ? item.record.message : `-${item.missed}`;
}

async function cursors(items: AsyncIterable<LogItem>): Promise<number[]> {
  const found: number[] = [];
  for await (const item of items) if (item.kind === 'line') found.push(item.record.cursor);
  return found;
}
