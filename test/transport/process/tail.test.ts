import { describe, expect, it } from 'vitest';
import { createTail } from '../../../src/transport/process/index.ts';

describe('createTail', () => {
  it('keeps the last 20 of 50 lines, oldest first', () => {
    const tail = createTail();

    for (let i = 1; i <= 50; i++) tail.push(`line ${i}`);

    expect(tail.lines()).toEqual(Array.from({ length: 20 }, (_, i) => `line ${i + 31}`));
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
