import { fc } from '@fast-check/vitest';

/** Few segments, so that patterns and types meet often. */
const SEGMENT = fc.constantFrom('a', 'b', 'ab');

/** An event type of 1 to 4 segments. */
export function eventType(): fc.Arbitrary<string> {
  return fc.array(SEGMENT, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('.'));
}

/** A valid pattern, with wildcards more often than not. */
export function globPattern(): fc.Arbitrary<string> {
  const segment = fc.oneof(SEGMENT, fc.constant('*'));
  const last = fc.oneof(SEGMENT, fc.constantFrom('*', '**'));
  return fc.tuple(fc.array(segment, { maxLength: 3 }), last).map(([first, end]) => [...first, end].join('.'));
}
