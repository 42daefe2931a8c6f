import { describe, expect, it } from 'vitest';
import { SubscriptionIndex } from '../../src/bus/subscription-index.ts';
import { compileGlobs } from '../../src/policy/index.ts';

describe('an index of 10,000 subscriptions', () => {
  it('has one list for 4,096 types that concern the same ones', () => {
    const index = filled(10_000, ['**'], 1_000_000);

    const lists = new Set(Array.from({ length: 4_096 }, (_, i) => index.matching(`type.n${i}`)));

    expect([lists.size, index.entries]).toEqual([1, 10_000]);
  });

  it('remembers no more than 30,000 entries, whatever types are asked for', () => {
    const index = filled(10_000, ['**'], 30_000);
    const first = index.matching('other');
    for (let i = 0; i < 10; i++) index.add(`n${i}`, compileGlobs([`type.n${i}`]));
    const seen: number[] = [];

    for (let i = 0; i < 10; i++) {
      expect(index.matching(`type.n${i}`)).toHaveLength(10_001);
      seen.push(index.entries);
    }

    expect(first).toHaveLength(10_000);
    expect(Math.max(...seen)).toBeLessThanOrEqual(30_000);
    expect(seen).toContain(20_002);
  });

  it('gives 500 of them in the order of subscribing, with patterns of 3 kinds', () => {
    const index = filled(9_500, ['other.*'], 100_000);
    const patterns = ['**', 'a.*', 'a.b'];
    for (let i = 0; i < 500; i++) index.add(`n${i}`, compileGlobs([patterns[i % 3] ?? '']));

    expect(index.matching('a.b')).toEqual(Array.from({ length: 500 }, (_, i) => `n${i}`));
  });
});

// Helpers

function filled(count: number, patterns: readonly string[], entriesRemembered: number): SubscriptionIndex<string> {
  const index = new SubscriptionIndex<string>({ typesRemembered: 4_096, entriesRemembered });
  const globs = compileGlobs(patterns);
  for (let i = 0; i < count; i++) index.add(`s${i}`, globs);
  return index;
}
