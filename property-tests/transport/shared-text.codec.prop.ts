import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { hashOf, sharedText } from '../../src/transport/events/shared-text.ts';

/** Few letters at few lengths: texts come again, and take each other's place. */
const text = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 5 }),
  fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 62, maxLength: 66 }),
  fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

describe('shared texts', () => {
  test.prop([fc.array(text, { minLength: 1, maxLength: 60 }), fc.integer({ min: 0, max: 3 })])(
    'are what decoding their bytes gives, whatever was read before and wherever they lie',
    (texts, before) => {
      // Twice each: only what comes again is kept.
      for (const each of [...texts, ...texts, ...texts.toReversed()]) {
        const body = Buffer.from(each, 'utf8');
        const bytes = Buffer.concat([Buffer.alloc(before, 'a'), body, Buffer.from('a')]);

        expect(sharedText(bytes, before, before + body.length)).toBe(body.toString('utf8'));
      }
    },
  );

  test.prop([fc.uint8Array({ maxLength: 80 })])('of malformed bytes are what decoding gives, too', (given) => {
    const bytes = Buffer.from(given);

    for (let turn = 0; turn < 3; turn += 1) {
      expect(sharedText(bytes, 0, bytes.length)).toBe(bytes.toString('utf8'));
    }
  });

  test.prop([fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 0, max: 9 })])(
    'have a hash that does not depend on where they lie',
    (given, before) => {
      const moved = Buffer.concat([Buffer.alloc(before, 1), given, Buffer.alloc(5, 2)]);

      expect(hashOf(moved, before, before + given.length)).toBe(hashOf(Buffer.from(given), 0, given.length));
    },
  );
});
