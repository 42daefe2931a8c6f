import { describe, expect, it } from 'vitest';
import { LogQueue } from '../../../src/host/logs/log-queue.ts';
import type { LogRecord } from '../../../src/host/logs/log-record.ts';

describe('LogQueue', () => {
  it('tells what is missing as soon as everything before it is taken', () => {
    const queue = new LogQueue({ maxLines: 1, maxBytes: 10_000 });
    for (const cursor of [1, 2, 3]) queue.offer(record(cursor));

    expect([queue.take(), queue.take(), queue.take()]).toEqual([
      { kind: 'line', record: record(1) },
      { kind: 'lag', missed: 2 },
      undefined,
    ]);
  });

  it('counts 2 overflows apart when lines were taken between them', () => {
    const queue = new LogQueue({ maxLines: 1, maxBytes: 10_000 });
    const offer = (...cursors: number[]): void => cursors.forEach((cursor) => queue.offer(record(cursor)));
    offer(1, 2);
    queue.takeRecord();
    offer(3, 4, 5);

    expect(queue.takeRecord()).toEqual({ record: record(3), missedBefore: 1 });
    offer(6);
    expect(queue.takeRecord()).toEqual({ record: record(6), missedBefore: 2 });
    expect(queue.missedInAll).toBe(3);
  });

  it('holds lines by their bytes, and takes 1 that is larger than all it may hold', () => {
    const queue = new LogQueue({ maxLines: 100, maxBytes: 1000 });

    const taken = [record(1, 5000), record(2, 1)].map((each) => queue.offer(each));

    expect(taken).toEqual([true, false]);
    queue.takeRecord();
    expect([3, 4, 5].map((cursor) => queue.offer(record(cursor, 300)))).toEqual([true, true, false]);
  });

  it('tells 3 taken lines that were lost with the line that waits, else with the next one', () => {
    const queue = new LogQueue({ maxLines: 2, maxBytes: 10_000 });
    for (const cursor of [1, 2]) queue.offer(record(cursor));
    queue.takeRecord();

    queue.lose(1);
    expect(queue.takeRecord()).toEqual({ record: record(2), missedBefore: 1 });
    queue.lose(2);
    queue.offer(record(3));
    expect(queue.takeRecord()).toEqual({ record: record(3), missedBefore: 2 });
    expect(queue.missedInAll).toBe(0);
  });

  it('keeps the order of 10,000 lines that come and go in turns', () => {
    const queue = new LogQueue({ maxLines: 700, maxBytes: 1_000_000 });
    const taken: number[] = [];
    for (let cursor = 1; cursor <= 10_000; cursor += 1) {
      queue.offer(record(cursor));
      if (queue.size > 600)
        for (let times = 0; times < 500; times += 1) taken.push(queue.takeRecord()?.record.cursor ?? 0);
    }
    for (let next = queue.takeRecord(); next !== undefined; next = queue.takeRecord()) taken.push(next.record.cursor);

    expect(taken).toEqual(Array.from({ length: 10_000 }, (_, index) => index + 1));
    expect(queue.size).toBe(0);
  });
});

// Helpers

function record(cursor: number, length = 1): LogRecord {
  return { cursor, previous: 0, at: 0, plugin: 'kv', level: 'info', message: 'x'.repeat(length), fieldsJson: '' };
}
