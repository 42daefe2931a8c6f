import { fc } from '@fast-check/vitest';
import type { WireEvent } from '../../src/ports/index.ts';

/** Events of all shapes and sizes. Texts have no lone surrogates: UTF-8 has no bytes for them. */
export function wireEvent(): fc.Arbitrary<WireEvent> {
  const text = fc.oneof(
    { weight: 4, arbitrary: fc.string({ maxLength: 40 }) },
    { weight: 3, arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }) },
    // Where the length of a text gets another byte.
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom('x', 'é', '€', '😀'), fc.integer({ min: 30, max: 140 })).map(many),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom('x', 'é', '€'), fc.integer({ min: 5_000, max: 17_000 })).map(many),
    },
  );
  const payload = fc.oneof(
    { weight: 8, arbitrary: fc.uint8Array({ maxLength: 200 }) },
    { weight: 1, arbitrary: fc.integer({ min: 1_000, max: 20_000 }).map((length) => new Uint8Array(length).fill(7)) },
  );
  return fc.record({
    id: text,
    type: text,
    time: eventTime(),
    source: text,
    subject: text,
    contentType: text,
    metadata: fc.dictionary(text, text, { maxKeys: 5, noNullPrototype: true }),
    payload,
    depth: fc.oneof(fc.nat(5), fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1)),
    causationId: text,
  });
}

/** Times as clocks of hosts give them, as people write them, and those at the ends of the range. */
export function eventTime(): fc.Arbitrary<number> {
  return fc.oneof(
    fc
      .integer({ min: 1_500_000_000_000, max: 4_000_000_000_000 })
      .chain((ms) => fc.nat(999).map((us) => ms + us / 1_000)),
    fc.integer({ min: -9_223_372_036_853, max: 9_223_372_036_853 }),
    fc.constantFrom(0, -1, 4_294_967_295, 4_294_967_296, 9_223_372_036_853, -9_223_372_036_853),
  );
}

function many([unit, times]: readonly [string, number]): string {
  return unit.repeat(times);
}
