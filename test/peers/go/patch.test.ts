import { describe, expect, it } from 'vitest';
import { replaceOnce } from './patch.ts';

describe('replaceOnce', () => {
  const replacement = { file: 'server.go', find: 'old\n', replace: 'old\n$& new\n' };

  it('replaces the text literally', () => {
    expect(replaceOnce('a\nold\nb\n', replacement)).toBe('a\nold\n$& new\nb\n');
  });

  it.each([
    ['0', 'a\nb\n'],
    ['2', 'old\nold\n'],
  ])('refuses a file that has the text %s times', (times, source) => {
    expect(() => replaceOnce(source, replacement)).toThrow(`cannot patch server.go: found "old" ${times} times`);
  });
});
