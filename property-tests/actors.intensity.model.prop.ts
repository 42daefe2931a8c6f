import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { boom, createWorld, scripted } from '../test/actors/core/support.ts';
import { testScale } from '../test/setup/size.ts';

interface Failure {
  /** Which of two children fails. */
  readonly child: 0 | 1;
  /** Tens of milliseconds that pass before. */
  readonly after: number;
}

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) expect([...seen]).toEqual(expect.arrayContaining(['given up', 'forgotten', 'only one']));
});

describe('the intensity of a supervision', () => {
  test.prop([
    fc.array(failure(), { maxLength: 20, size: 'max' }),
    fc.nat(4),
    // Never a whole number of tens, so that no failure stands on the edge of the window.
    fc.integer({ min: 1, max: 30 }).map((tens) => tens * 10 + 5),
    fc.constantFrom('oneForOne' as const, 'oneForAll' as const),
  ])(
    'gives a child up at the first failure beyond its own `maxRestarts` within `withinMs`, and never before',
    async (failures, maxRestarts, withinMs, strategy) => {
      const world = createWorld({ strategy });
      const supervision = {
        restart: 'transient',
        maxRestarts,
        withinMs,
        stableMs: 0,
        backoff: { initialMs: 1, maxMs: 1, jitter: 'none' },
      } as const;
      const children = [0, 1].map((i) => world.system.spawn(scripted({ fail: boom }), { name: `c${i}`, supervision }));
      const windows: [number[], number[]] = [[], []];
      let givenUp: number | undefined;
      let now = 0;

      for (const { child, after } of failures) {
        await world.pass(after * 10);
        now += after * 10;
        const window = windows[child];
        window.push(now);
        const within = window.filter((at) => now - at < withinMs).length;
        if (within < window.length) seen.add('forgotten');
        children[child]?.tell({ type: 'fail' });
        await world.pass(0);
        if (within > maxRestarts) {
          givenUp = child;
          break;
        }
        expect(world.system.actors()).toHaveLength(2);
      }

      if (givenUp !== undefined) seen.add('given up');
      if (givenUp !== undefined && strategy === 'oneForOne') seen.add('only one');
      const living = children.map((child) => world.system.actors().includes(child as never));
      // At the top there is nobody to fail, so that the sibling goes on.
      const lost = [0, 1].map((i) => i === givenUp);
      expect(living).toEqual(lost.map((isLost) => !isLost));
    },
  );
});

// Helpers

function failure(): fc.Arbitrary<Failure> {
  return fc.record({ child: fc.constantFrom(0 as const, 1 as const), after: fc.integer({ min: 1, max: 12 }) });
}
