const WORD = 2 ** 32;
const GOLDEN = 0x9e37_79b9;

/**
 * A seed for one run of many, so that the run can be made again from the two numbers alone. Neighbouring runs and
 * neighbouring seeds give unrelated results (the finaliser of `splitmix32`, once for each half).
 *
 * @param seed a whole number of at least 0
 * @param run number of the run, from 0
 * @returns a whole number of at most `Number.MAX_SAFE_INTEGER`
 */
export function deriveSeed(seed: number, run: number): number {
  const low = seed >>> 0;
  const high = Math.floor(seed / WORD) >>> 0;
  const start = mix(low ^ mix(high ^ GOLDEN)) + Math.imul(run + 1, GOLDEN);
  // 21 and 32 bits make the 53 that a number holds exactly.
  return (mix(start) >>> 11) * WORD + (mix(start ^ GOLDEN) >>> 0);
}

function mix(word: number): number {
  let mixed = word | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
