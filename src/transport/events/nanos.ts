// Between our milliseconds with a fraction and the nanoseconds of the wire, in two halves of 32 bits: a BigInt for every
// event costs more than all the rest of its number fields.
//
// Invariants:
//   N1. What a number of milliseconds near the present can tell apart survives the way to nanoseconds and back.
//   N2. `low` is unsigned, `high` is signed: together they are the two's complement that int64 has on the wire.

import { RuntimeError } from '../../errors/index.ts';

/** Nanoseconds since 1970 as the halves of an int64. */
export interface Nanos {
  low: number;
  high: number;
}

const TWO_32 = 4_294_967_296;
const NANOS_PER_MS = 1_000_000;
/** The whole milliseconds that an int64 of nanoseconds can hold: the years 1677 to 2262. */
const MAX_MS = 9_223_372_036_853;

/** Whether a time can be sent. */
function isTimeEncodable(ms: number): boolean {
  return ms >= -MAX_MS && ms <= MAX_MS;
}

/** Splits milliseconds into `into`, which saves an object for each event. Throws `EVENT_TIME_INVALID`. */
export function splitMs(ms: number, into: Nanos): void {
  if (!isTimeEncodable(ms)) {
    throw new RuntimeError('EVENT_TIME_INVALID', `time of an event is ${ms}, not within ${MAX_MS} ms of 1970`);
  }
  const whole = Math.floor(ms);
  const highMs = Math.floor(whole / TWO_32);
  // Below 2^32 * 10^6 + 10^6, which a number holds exactly.
  const low = (whole - highMs * TWO_32) * NANOS_PER_MS + Math.round((ms - whole) * NANOS_PER_MS);
  into.low = low >>> 0;
  into.high = (highMs * NANOS_PER_MS + Math.floor(low / TWO_32)) | 0;
}

/** The milliseconds of two halves. The last 2 at both ends of an int64 are moved to where they can be sent again. */
export function joinMs(low: number, high: number): number {
  const highMs = Math.floor(high / NANOS_PER_MS);
  const rest = (high - highMs * NANOS_PER_MS) * TWO_32 + low;
  const whole = Math.floor(rest / NANOS_PER_MS);
  const ms = highMs * TWO_32 + whole + (rest - whole * NANOS_PER_MS) / NANOS_PER_MS;
  return Math.max(-MAX_MS, Math.min(MAX_MS, ms));
}
