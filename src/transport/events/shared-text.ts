// Texts that most events have in common: types, sources, media types, keys of metadata. A string that is made once and
// found again costs a fraction of one that is made anew, and takes no memory.
//
// Invariants:
//   T1. A text is exactly what decoding its bytes gives, whatever else was read before: bytes are compared, not hashes.
//   T2. The table has a fixed size. A text takes the place of another one when it comes for the second time: texts that
//       are never the same twice displace nothing.

/** Texts that are kept; a power of two. */
const SLOTS = 1_024;
/** Longer ones are rarely repeated, and cost more to compare. */
const LONGEST_BYTES = 64;

const texts: (string | undefined)[] = [];
const lengths = new Uint8Array(SLOTS);
/** Hash of the text that was not found last. */
const missed = new Int32Array(SLOTS);
let kept: Uint8Array | undefined;

/** The text in [start, end) of the bytes. */
export function sharedText(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > LONGEST_BYTES) return bytes.toString('utf8', start, end);
  if (length === 0) return '';
  const slot = slotOf(bytes, start, length);
  kept ??= new Uint8Array(SLOTS * LONGEST_BYTES);
  if (lengths[slot] === length) {
    const from = slot * LONGEST_BYTES - start;
    let at = start;
    while (at < end && kept[from + at] === bytes[at]) at += 1;
    if (at === end) return texts[slot] as string;
  }
  const text = bytes.toString('utf8', start, end);
  const hash = hashOf(bytes, start, end);
  if (missed[slot] !== hash) {
    missed[slot] = hash;
    return text;
  }
  for (let at = 0; at < length; at += 1) kept[slot * LONGEST_BYTES + at] = bytes[start + at] as number;
  lengths[slot] = length;
  texts[slot] = text;
  return text;
}

/** By its length and some of its bytes: texts that share them take each other's place, which costs time and no more. */
function slotOf(bytes: Buffer, start: number, length: number): number {
  const first = bytes[start] as number;
  const middle = bytes[start + (length >> 1)] as number;
  const last = bytes[start + length - 1] as number;
  return (length * 7 + first * 31 + middle * 131 + last * 521) & (SLOTS - 1);
}

/** A hash of 32 bits, well mixed in its lower ones. */
export function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    // Together: byte by byte the multiplications, each waiting for the one before, take most of the time.
    const word =
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24);
    hash = Math.imul(hash ^ word, MIX);
    hash ^= hash >>> 15;
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), MIX);
  return hash ^ (hash >>> 16);
}

/** 2^32 divided by the golden ratio, made odd. */
const MIX = 0x9e37_79b1;
