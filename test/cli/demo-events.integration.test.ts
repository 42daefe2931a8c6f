import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAlive } from '../transport/process/support.ts';
import { interruptDemo } from './demo/interrupt-demo.ts';
import { runTroupe } from './support.ts';
import type { CommandResult } from './support.ts';

const ACKED = ['calm', 'cut', 'killed'];
const SUBSCRIBERS = [...ACKED, 'plain', 'old'];

interface Result {
  readonly plugins: readonly unknown[];
  readonly calls: { ok: number; failed: number };
  readonly events: Readonly<Record<string, number>>;
  readonly leaks: { processes: number; sockets: number };
}

/** Everything here is counted from the journals, by code that shares nothing with the demo. */
describe('troupe demo --json, all scenes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'cli-'));
  const temporary = join(directory, 't');
  const journals = join(directory, 'j');
  let ended: CommandResult;
  let result: Result;

  beforeAll(async () => {
    mkdirSync(temporary);
    const args = ['demo', '--json', '--keep-journal', journals, '--data', join(directory, 'd')];
    ended = await runTroupe(args, { env: { TMPDIR: temporary } });
    result = JSON.parse(ended.stdout) as Result;
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  it('ends with 0, says nothing else, and has the keys of all scenes', () => {
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
    expect(Object.keys(result)).toEqual(['plugins', 'calls', 'events', 'lifecycle', 'leaks', 'durationMs', 'journals']);
    expect(result.plugins).toHaveLength(3);
  });

  it('loses, repeats and shuffles none of 41,020 deliveries', () => {
    expect(result.events).toEqual({
      published: 41_020,
      delivered: 41_020,
      dropped: 0,
      failed: 0,
      pending: 0,
      unknown: 0,
      duplicatesWithinProcess: 0,
      redeliveredAfterCrash: expect.any(Number),
      outOfOrder: 0,
      fallbacks: expect.any(Number),
      resumed: 1,
      emitted: 20,
      refused: 1,
    });
  });

  it.each(ACKED)('has all 10,000 ids in the journal of "%s", and no other', (name) => {
    const ids = new Set(handled(name).map(({ id }) => id));

    expect(ids).toEqual(new Set(published((type) => type.startsWith('order.'))));
    expect(ids.size).toBe(10_000);
  });

  it('has all 10,000 ids in the journal of the plugin with a plain stream', () => {
    expect(handled('plain').map(({ id }) => id)).toEqual(published((type) => type.startsWith('order.')));
  });

  it('has the 1,000 parcels and the 20 emitted events in the journal of the old plugin, in order', () => {
    const wanted = published((type) => type === 'order.shipped' || type === 'parcel.sent');

    expect(wanted).toHaveLength(1020);
    expect(handled('old').map(({ id }) => id)).toEqual(wanted);
  });

  it.each(SUBSCRIBERS)('finds 0 duplicates and 0 events out of order in each process of "%s"', (name) => {
    const place = new Map(published(() => true).map((id, index) => [id, index]));
    for (const pid of pidsOf(name)) {
      const places = handled(name)
        .filter((line) => line.pid === pid)
        .map(({ id }) => place.get(id) ?? -1);

      expect(new Set(places).size).toBe(places.length);
      expect(places.toSorted((a, b) => a - b)).toEqual(places);
      expect(places[0]).toBeGreaterThanOrEqual(0);
    }
  });

  it('shows 2 processes of the killed plugin, and the event of the kill in both', () => {
    const [first, second] = pidsOf('killed').map((pid) => handled('killed').filter((line) => line.pid === pid));
    const again = second?.filter(({ id }) => first?.some((line) => line.id === id)) ?? [];

    expect(pidsOf('killed')).toHaveLength(2);
    expect(again.map(({ id }) => id)).toContain(first?.at(-1)?.id);
    expect(again).toHaveLength(result.events['redeliveredAfterCrash'] ?? -1);
    expect(SUBSCRIBERS.flatMap(pidsOf)).toHaveLength(SUBSCRIBERS.length + 1);
  });

  it('counts lines of the journals as deliveries and redeliveries', () => {
    const lines = SUBSCRIBERS.reduce((sum, name) => sum + handled(name).length, 0);

    expect(lines).toBe((result.events['delivered'] ?? 0) + (result.events['redeliveredAfterCrash'] ?? 0));
  });

  it('falls back 3 times at least, for the forms that 2 plugins do not know', () => {
    expect(result.events['fallbacks']).toBeGreaterThanOrEqual(3);
  });

  it('published 20 events of "talker", and nothing of the 1 that was refused', () => {
    const emitted = lines('published').filter(([, , source]) => source === 'talker');

    expect(emitted.map(([, type]) => type)).toEqual(Array.from({ length: 20 }, () => 'parcel.sent'));
    expect(lines('published')).toHaveLength(10_020);
  });

  it('leaves no process, no socket and no temporary directory behind', () => {
    expect(result.leaks).toEqual({ processes: 0, sockets: 0 });
    expect(SUBSCRIBERS.flatMap(pidsOf).filter(isAlive)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('refuses to write over the journals of an earlier run', async () => {
    rmSync(join(journals, 'steady.journal'));
    rmSync(join(journals, 'fragile.journal'));
    rmSync(join(journals, 'target.journal'));

    const { code, stderr } = await runTroupe(['demo', '--only', 'events', '--keep-journal', journals]);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^error \[ALREADY_EXISTS\]: journal ".*calm\.journal" of an earlier run exists already\n$/);
  });

  function lines(name: string): string[][] {
    const text = readFileSync(join(journals, 'events', `${name}.journal`), 'utf8');
    return text
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' '));
  }

  function handled(name: string): { id: string; pid: number }[] {
    return lines(name).map(([id = '', pid]) => ({ id, pid: Number(pid) }));
  }

  function pidsOf(name: string): number[] {
    return [...new Set(handled(name).map(({ pid }) => pid))];
  }

  function published(isWanted: (type: string) => boolean): string[] {
    return lines('published')
      .filter(([, type = '']) => isWanted(type))
      .map(([id = '']) => id);
  }
});

describe('troupe demo --only events, not in a terminal', () => {
  let stdout: string;

  beforeAll(async () => {
    ({ stdout } = await runTroupe(['demo', '--only', 'events']));
  });

  it('tells of the cut, the kill and the refusal as they happen', () => {
    expect(stdout).toMatch(/cut +its stream is cut \[UNAVAILABLE\]: the demo has cut the stream/);
    expect(stdout).toMatch(/cut +its stream is open again and goes on where the plugin was/);
    expect(stdout).toMatch(/demo +kills process \d+ of "killed" in the middle of an event/);
    expect(stdout).toMatch(/talker +is refused one more \[EMIT_DENIED\]: plugin "talker" may not publish/);
    expect(stdout).toMatch(/old +does not know a plain stream: the next form is tried/);
  });

  it('ends with an account of each subscriber, in lines of 80 characters at most', () => {
    const account = stdout.slice(stdout.indexOf('What became of the events'), stdout.indexOf('What to look at next'));

    expect(account).toMatch(/ {2}calm {4}acked +10000 +10000 +0 +0 +0 +0 +10000\n/);
    expect(account).toMatch(/ {2}old {5}unary +1020 +1020 +0 +0 +0 +0 +1020\n/);
    expect(account).toContain('0 processes, 0 sockets left behind');
    expect(account.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('shows nothing of the other scene', () => {
    expect(stdout).not.toContain('fragile');
  });
});

describe('troupe demo --only events under Ctrl+C', () => {
  it.each([
    ['while plugins start', 'talker   starts', 'SIGINT', 130],
    ['while events flow', '2,000 events are published', 'SIGTERM', 143],
  ] as const)('%s stops its plugins and ends with its code', async (_, moment, signal, code) => {
    const { stdout, ...end } = await interruptDemo(['--only', 'events'], moment, signal);

    expect(end).toEqual({ code, stderr: '', left: [] });
    expect(stdout).toContain(`was interrupted by ${signal}`);
    expect(stdout).not.toContain('What became of the events');
  });
});
