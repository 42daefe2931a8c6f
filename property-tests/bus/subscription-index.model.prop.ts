import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { compileGlobs, matchesAny } from '../../src/policy/index.ts';
import type { Glob } from '../../src/policy/index.ts';
import { SubscriptionIndex } from '../../src/bus/subscription-index.ts';
import { eventType, globPattern } from '../arbitraries/glob-pattern.ts';

type Step =
  | { readonly kind: 'add'; readonly patterns: readonly string[] }
  | { readonly kind: 'remove'; readonly pick: number }
  | { readonly kind: 'find'; readonly type: string };

describe('SubscriptionIndex', () => {
  test.prop([fc.array(step(), { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 4 })])(
    'finds what a list of all subscriptions finds, in the order of subscribing',
    (steps, typesRemembered, entriesRemembered) => {
      const index = new SubscriptionIndex<string>({ typesRemembered, entriesRemembered });
      const list: { name: string; globs: readonly Glob[] }[] = [];
      for (const [at, one] of steps.entries()) {
        if (one.kind === 'add') {
          const entry = { name: `s${at}`, globs: compileGlobs(one.patterns) };
          list.push(entry);
          index.add(entry.name, entry.globs);
        } else if (one.kind === 'remove') {
          const [entry] = list.splice(one.pick % Math.max(1, list.length), 1);
          if (entry !== undefined) index.remove(entry.name, entry.globs);
        } else {
          const expected = list.filter(({ globs }) => matchesAny(globs, one.type)).map(({ name }) => name);
          expect(index.matching(one.type)).toEqual(expected);
        }
      }

      for (const { name, globs } of list) index.remove(name, globs);
      expect([index.size, index.nodes]).toEqual([0, 1]);
    },
  );
});

// Helpers

function step(): fc.Arbitrary<Step> {
  return fc.oneof(
    fc.record({ kind: fc.constant('add' as const), patterns: fc.array(globPattern(), { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant('remove' as const), pick: fc.nat(10) }),
    // The same types often: what is remembered of them must not outlive a change.
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('find' as const),
        type: fc.oneof(fc.constantFrom('a', 'a.b'), eventType()),
      }),
    },
  );
}
