import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { timerChunk } from '../../src/ports/real-clock.ts';

const LONGEST = 2 ** 31 - 1;

describe('timerChunk', () => {
  test.prop([fc.double()])('is a delay that Node.js takes as it is', (delayMs) => {
    const chunk = timerChunk(delayMs);

    expect(Number.isInteger(chunk)).toBe(true);
    expect(chunk).toBeGreaterThanOrEqual(0);
    expect(chunk).toBeLessThanOrEqual(LONGEST);
  });

  test.prop([fc.double({ min: 0, max: 50 * LONGEST, noNaN: true })])(
    'covers a delay in as few chunks as there can be, never early and at most 1 ms late',
    (delayMs) => {
      let passedMs = 0;
      let chunks = 0;
      // Bounded, so that chunks that are too short fail instead of hanging.
      while (passedMs < delayMs && chunks < 60) {
        passedMs += timerChunk(delayMs - passedMs);
        chunks++;
      }

      expect(passedMs - delayMs).toBeGreaterThanOrEqual(0);
      expect(passedMs - delayMs).toBeLessThanOrEqual(1);
      expect(chunks).toBe(Math.ceil(Math.ceil(delayMs) / LONGEST));
    },
  );
});
