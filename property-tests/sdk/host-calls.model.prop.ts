// Emits over a host that comes and goes: each is answered once, published at most once, and in order.

import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { RuntimeError } from '../../src/errors/index.ts';
import { definePlugin } from '../../src/sdk/index.ts';
import { createPluginHarness } from '../../src/testing/index.ts';

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'emit' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3_000 }) }) },
  fc.constant({ kind: 'cut' as const }),
  fc.constant({ kind: 'vanish' as const }),
  fc.constant({ kind: 'return' as const }),
);

describe('emits over a host that comes and goes', () => {
  test.prop([fc.array(step, { minLength: 1, maxLength: 30 })])(
    'are each answered with the id of what was published, once and in their order',
    async (steps) => {
      // Two in flight, so that some wait while others come back.
      const plugin = definePlugin({ emitTimeoutMs: 1_000_000, maxEmitsInFlight: 2 });
      const harness = await createPluginHarness(plugin);
      const receipts: Promise<string>[] = [];
      for (const each of steps) {
        if (each.kind === 'emit') {
          receipts.push(
            plugin.emit({ type: `t.n${receipts.length}` }).then(
              ({ id }) => id,
              (error: unknown) => RuntimeError.from(error).code,
            ),
          );
        } else if (each.kind === 'pass') await harness.advance(each.ms);
        else if (each.kind === 'cut') harness.cutHostChannel();
        else if (each.kind === 'vanish') harness.cutHostChannel({ reachable: false });
        else harness.restoreHostChannel();
      }
      harness.restoreHostChannel();
      // Longer than the longest wait between two dials.
      await harness.advance(20_000);

      const ids = await Promise.all(receipts);
      expect(ids).toEqual(harness.emitted.map(({ id }) => id));
      expect(harness.emitted.map(({ type }) => type)).toEqual(receipts.map((_, index) => `t.n${index}`));
      harness.close();
      await harness.advance(1_000);
      expect(harness.environment.clock.pending).toBe(0);
    },
  );
});
