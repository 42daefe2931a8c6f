import { InvalidOptionsError } from '../errors/index.ts';
import type { Random } from './random.ts';

/** Rounds that let both halves of the seed reach every bit of the state. */
const WARM_UP_ROUNDS = 12;

/**
 * Randomness that is the same for the same seed, on every machine: the generator `sfc32` ("small fast counting", by
 * Chris Doty-Humphrey, from PractRand), seeded the way PractRand does it. Not for secrets.
 *
 * @param seed a whole number from 0 up to `Number.MAX_SAFE_INTEGER`
 * @throws InvalidOptionsError when the seed is anything else
 */
export function createSeededRandom(seed: number): Random {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InvalidOptionsError('seed', `must be a whole number of at least 0, got ${String(seed)}`);
  }
  let a = 0;
  let b = seed | 0;
  let c = Math.floor(seed / 2 ** 32) | 0;
  let counter = 1;
  const nextWord = (): number => {
    const word = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + word;
    c |= 0;
    return word >>> 0;
  };
  for (let i = 0; i < WARM_UP_ROUNDS; i++) nextWord();
  return { next: () => nextWord() / 2 ** 32 };
}
