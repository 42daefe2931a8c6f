import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { affected, restarts } from '../../src/policy/index.ts';

const names = fc.uniqueArray(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 12 });
const strategy = fc.constantFrom('oneForOne' as const, 'oneForAll' as const, 'restForOne' as const);

describe('affected', () => {
  test.prop([strategy, names, fc.nat()])(
    'R2: holds the failed one, each member once, in start order',
    (how, all, n) => {
      const failed = all[n % all.length] ?? '';

      const some = affected(how, all, failed);

      expect(some).toContain(failed);
      expect(some).toEqual(all.filter((name) => some.includes(name)));
    },
  );

  test.prop([names, fc.nat()])('grows from one over the rest to all', (all, n) => {
    const failed = all[n % all.length] ?? '';
    const rest = affected('restForOne', all, failed);

    expect(affected('oneForOne', all, failed)).toEqual(rest.slice(0, 1));
    expect(affected('oneForAll', all, failed)).toEqual([...all.slice(0, all.length - rest.length), ...rest]);
  });

  test.prop([names, fc.nat(), fc.nat()])('of the earlier of two members covers that of the later', (all, a, b) => {
    const [first, last] = [a % all.length, b % all.length].toSorted((x, y) => x - y) as [number, number];

    const wide = affected('restForOne', all, all[first] ?? '');

    expect(wide).toEqual(expect.arrayContaining([...affected('restForOne', all, all[last] ?? '')]));
  });
});

describe('restarts', () => {
  test.prop([fc.constantFrom('done' as const, 'stopped' as const, 'failed' as const)])(
    'R1: permanent restarts whatever transient does, temporary nothing',
    (outcome) => {
      expect(restarts('temporary', outcome)).toBe(false);
      expect(restarts('permanent', outcome)).toBe(restarts('transient', outcome) || outcome === 'done');
    },
  );
});
