import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { copyForView, redactSecrets } from '../src/actors/observe/redact.ts';
import { testScale } from '../test/setup/size.ts';

const HIDDEN = 'hunter2';
const LIMITS = { depth: 5, entries: 4, values: 60, text: 30 };

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) expect([...seen]).toEqual(expect.arrayContaining(['masked', 'cut', 'whole']));
});

describe('what leaves the process', () => {
  test.prop([tree()])('is small JSON without a secret, whatever the value', (value) => {
    const shown = copyForView({ value }, redactSecrets, LIMITS);

    const text = JSON.stringify(shown);
    expect(text).not.toContain(HIDDEN);
    expect(JSON.parse(text)).toEqual(withoutUndefined(shown));
    expect(text.length).toBeLessThan(LIMITS.values * 2 * (LIMITS.text + 40));
    expect(depthOf(shown)).toBeLessThanOrEqual(LIMITS.depth);
    seen.add(text.includes('[redacted]') ? 'masked' : /more/.test(text) ? 'cut' : 'whole');
  });

  test.prop([fc.jsonValue({ maxDepth: 3 })])(
    'is the value itself when that is small JSON and nothing is hidden',
    (value) => {
      const shown = copyForView(value, false, { entries: 1000, values: 10_000 });

      expect(shown).toEqual(JSON.parse(JSON.stringify(value)));
    },
  );
});

// Helpers

/** Values of any kind, with secrets under names for secrets, and with cycles. */
function tree(): fc.Arbitrary<unknown> {
  const secretKey = fc
    .tuple(fc.constantFrom('', 'my', 'x-'), fc.constantFrom('Token', 'API_KEY', 'password', 'Cookie', 'clientSecret'))
    .map((parts) => parts.join(''));
  const { value } = fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 8, withCrossShrink: true },
      fc.oneof(fc.string({ maxLength: 60 }), fc.double(), fc.bigInt(), fc.constantFrom(null, undefined, Symbol('s'))),
      fc.array(tie('value'), { maxLength: 8 }),
      fc.array(fc.tuple(fc.string({ maxLength: 8 }), tie('value')), { maxLength: 6 }).map((list) => new Map(list)),
      fc.uint8Array(),
      tie('object'),
    ),
    object: fc
      .tuple(fc.dictionary(fc.string({ maxLength: 8 }), tie('value'), { maxKeys: 5 }), secretKey, fc.boolean())
      .map(([object, key, isCyclic]) => {
        const whole: Record<string, unknown> = { [key]: { deep: [HIDDEN] }, ...object };
        if (isCyclic) whole['self'] = whole;
        return whole;
      }),
  }));
  return value;
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** What JSON leaves out. */
function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutUndefined(one)]));
}
