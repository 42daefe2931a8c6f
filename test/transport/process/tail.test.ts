import { describe, expect, it } from 'vitest';
import { createTail } from '../../../src/transport/process/index.ts';

describe('createTail', () => {
  it('keeps the last 20 of 50 lines, oldest first', () => {
    const tail = createTail();

    for (let i = 1; i <= 50; i++) tail.push(`line ${i}`);

    expect(tail.lines()).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i + 31}`));
  });

  it.each(['panic: runtime error: index out of range [5]', 'fatal error: all goroutines are asleep - deadlock!'])(
    'keeps "%s" and 5 lines after it, and the last 14 of a dump of 500',
    (reason) => {
      const tail = createTail();
      const dump = [reason, ...Array.from({ length: 499 }, (_, i) => `stack ${i + 1}`)];

      for (const line of ['before', ...dump]) tail.push(line);

      expect(tail.lines()).toEqual([...dump.slice(0, 6), ...dump.slice(-14)]);
    },
  );

  it.each([18, 19, 20, 21, 22])('keeps every line once of a panic that began %i lines ago', (ago) => {
    const tail = createTail();
    const lines = [...Array.from({ length: 30 }, (_, i) => `log ${i}`), 'panic: x'];
    for (let i = 1; i < ago; i++) lines.push(`stack ${i}`);

    for (const line of lines) tail.push(line);

    const dump = lines.slice(30, 36);
    expect(tail.lines()).toEqual(ago <= 20 ? lines.slice(-20) : [...dump, ...lines.slice(-14)]);
  });

  it('keeps the newest of 2 panics, cut to 10 bytes, and takes a call of panic for none', () => {
    const tail = createTail({ maxLineBytes: 10 });

    for (const line of ['panic: the first', 'panic: b the second', 'panic({0x51', '\tpanic: c']) tail.push(line);
    for (let i = 0; i < 100; i++) tail.push(`stack ${i}`);

    expect(tail.lines().slice(0, 4)).toEqual(['panic: b t', 'panic({0x5', '\tpanic: c', 'stack 0']);
    expect(tail.lines()).toHaveLength(20);
  });

  it('keeps no beginning of a dump when fewer than 4 lines are asked for', () => {
    const tail = createTail({ lines: 3 });

    for (const line of ['panic: x', 'a', 'b', 'c', 'd']) tail.push(line);

    expect(tail.lines()).toEqual(['b', 'c', 'd']);
  });

  it('cuts a line to 10 bytes without splitting a character', () => {
    const tail = createTail({ maxLineBytes: 10 });

    for (const line of ['0123456789ab', 'ääääääää', '€€€€€€', '😀😀😀', 'short']) tail.push(line);

    expect(tail.lines()).toEqual(['0123456789', 'äääää', '€€€', '😀😀', 'short']);
  });

  it('hands out a copy', () => {
    const tail = createTail();
    tail.push('a');

    const before = tail.lines();
    tail.push('b');

    expect(before).toEqual(['a']);
  });

  it('keeps nothing when 0 lines are asked for', () => {
    const tail = createTail({ lines: 0 });

    tail.push('a');

    expect(tail.lines()).toEqual([]);
  });

  it.each([{ lines: -1 }, { lines: 1.5 }, { maxLineBytes: 0 }])('refuses %o', (options) => {
    expect(() => createTail(options)).toThrow(/INVALID_OPTIONS/);
  });
});
