// Ranges of versions. The manifest's schema and everything that compares versions with a range use these two functions, so
// that what is accepted is what works.
//
// Invariants:
//   R1. What `isVersionRange` accepts, `isInRange` understands: `^ ~ >= > <= < =`, exact versions, `*` and `x`, a space for
//       "and", `||` for "or", `1.2 - 1.4` for "from, to".
//   R2. A pre-release is a version like others, just before its release: 1.3.0-rc.1 is in ^1.2.0 and in *, and in neither
//       ^1.3.0 nor ^2.0.0; 2.0.0-rc.1 is not in ^1.2.0. A comparison takes numbers at their word: it is in <2.0.0.
//   R3. Build metadata does not count.

import satisfies from 'semver/functions/satisfies.js';
import validRange from 'semver/ranges/valid.js';

/** Most characters of a range. */
export const LONGEST_RANGE = 256;

/** Whether a text is a range of versions. */
export function isVersionRange(text: string): boolean {
  return text !== '' && text.length <= LONGEST_RANGE && validRange(text) !== null;
}

/** Whether a version is in a range (R2). What is no version is in none, and what is no range has none. */
export function isInRange(version: string, range: string): boolean {
  return isVersionRange(range) && satisfies(version, range, { includePrerelease: true });
}
