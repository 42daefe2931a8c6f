// Writes protobuf fields into memory that somebody else has made large enough.
//
// Invariants:
//   W1. Nothing is written outside of the room that was reckoned: a string takes at most 3 bytes a UTF-16 unit.
//   W2. Lengths have the shortest form, as all code generators write them.

import { RuntimeError } from '../../errors/index.ts';

/** The longest form of a varint. */
export const MAX_VARINT_BYTES = 10;
/** UTF-8 has at most this many bytes for one unit of a string. */
export const MAX_UNIT_BYTES = 3;

const TWO_32 = 4_294_967_296;
/** Strings up to this length have a length of one byte whatever is in them, and are quicker copied unit by unit. */
const SHORT = 42;

/** How many bytes a length takes. */
export function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

/** A position in a piece of memory, with what can be written there. */
export class WireWriter {
  bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** What was written since the beginning of the memory. */
  written(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  /** An unsigned number below 2^32. */
  varint32(value: number): void {
    const { bytes } = this;
    let { at } = this;
    let rest = value >>> 0;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.at = at;
  }

  /** 64 bits in two halves. */
  varint64(low: number, high: number): void {
    const { bytes } = this;
    let { at } = this;
    let [l, h] = [low >>> 0, high >>> 0];
    while (h > 0 || l > 0x7f) {
      bytes[at++] = (l & 0x7f) | 0x80;
      l = ((l >>> 7) | (h << 25)) >>> 0;
      h >>>= 7;
    }
    bytes[at++] = l;
    this.at = at;
  }

  /** A field with a whole number from 0 to 2^53 - 1; none for 0, which is what a missing one means. */
  number(tag: number, value: number): void {
    if (value === 0) return;
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RuntimeError('INTERNAL', `${value} is no number that can be sent: it must be whole and below 2^53`);
    }
    this.bytes[this.at++] = tag;
    if (value < TWO_32) this.varint32(value);
    else this.varint64(value >>> 0, Math.floor(value / TWO_32));
  }

  /** A field with a text; none for an empty one. */
  text(tag: number, value: string): void {
    if (value.length === 0) return;
    const { bytes } = this;
    bytes[this.at++] = tag;
    const start = this.at;
    if (value.length > SHORT) return this.#longText(value);
    let at = start + 1;
    for (let index = 0; index < value.length; index += 1) {
      const unit = value.charCodeAt(index);
      if (unit > 0x7f) {
        at = start + 1 + bytes.write(value, start + 1);
        break;
      }
      bytes[at++] = unit;
    }
    bytes[start] = at - start - 1;
    this.at = at;
  }

  /** A field with bytes; none for no bytes. */
  data(tag: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.bytes[this.at++] = tag;
    this.varint32(value.length);
    this.bytes.set(value, this.at);
    this.at += value.length;
  }

  /** Bytes as they are. */
  raw(source: Buffer, start: number, end: number): void {
    this.at += source.copy(this.bytes, this.at, start, end);
  }

  /**
   * Puts the length in front of what was written since `start`, where `guessed` bytes were left for it; moves what was
   * written when that guess was wrong.
   */
  closeLength(start: number, guessed: number): void {
    const { bytes } = this;
    const length = this.at - start - guessed;
    const needed = varintBytes(length);
    if (needed !== guessed) bytes.copyWithin(start + needed, start + guessed, this.at);
    this.at = start;
    this.varint32(length);
    this.at += length;
  }

  /** Most texts are ASCII: their length is known before they are written. */
  #longText(value: string): void {
    const start = this.at;
    const guessed = varintBytes(value.length);
    this.at += guessed;
    this.at += this.bytes.write(value, this.at);
    this.closeLength(start, guessed);
  }
}
