import { describe, expect, it } from 'vitest';
import { createByteBuffer } from '../../../src/transport/process/byte-buffer.ts';

describe('createByteBuffer', () => {
  it('keeps bytes of many chunks in order', () => {
    const buffer = createByteBuffer(2_000);

    for (let i = 0; i < 1_000; i++) buffer.append(Buffer.from(`.${i % 10}.`), 1, 2);

    expect(buffer.view().toString()).toBe('0123456789'.repeat(100));
  });

  it('takes 5 of 8 bytes when 5 are the limit', () => {
    const buffer = createByteBuffer(5);

    expect(buffer.append(Buffer.from('abc'), 0, 3)).toBe(true);
    expect(buffer.append(Buffer.from('defgh'), 0, 5)).toBe(false);
    expect(buffer.view().toString()).toBe('abcde');
  });

  it('is empty and as large as before after it was cleared', () => {
    const buffer = createByteBuffer(10_000);
    buffer.append(Buffer.alloc(9_000), 0, 9_000);

    buffer.clear();

    expect(buffer.length).toBe(0);
    expect(buffer.append(Buffer.alloc(10_000), 0, 10_000)).toBe(true);
  });
});
