// Reads protobuf fields out of bytes that a peer has sent.
//
// Invariants:
//   R1. Nothing is read outside of [at, end); whatever the bytes are, the worst that happens is EVENT_PROTOCOL_VIOLATION.
//   R2. Every step moves on, so that reading ends after at most as many steps as there are bytes.

import { RuntimeError } from '../../errors/index.ts';
import { sharedText } from './shared-text.ts';

const TWO_32 = 4_294_967_296;
/** High halves from here on belong to numbers that a double does not hold exactly. */
const UNSAFE_HIGH = 0x20_0000;
/** How deep unknown groups may be nested, as in all protobuf readers. */
const MAX_GROUPS = 100;

/** What is wrong with bytes of a peer. */
export function violation(what: string): RuntimeError {
  return new RuntimeError('EVENT_PROTOCOL_VIOLATION', `the peer sent events that cannot be read: ${what}`);
}

/** A position in bytes, with what can be read there. */
export class WireReader {
  readonly bytes: Buffer;
  at: number;
  end: number;
  /** Halves of the number that was read last. */
  low = 0;
  high = 0;

  constructor(bytes: Buffer, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get hasMore(): boolean {
    return this.at < this.end;
  }

  /** Number and wire type of the next field in one: `number << 3 | type`. */
  tag(): number {
    const first = this.at < this.end ? (this.bytes[this.at] as number) : 0x80;
    if (first < 0x80) {
      this.at += 1;
      this.low = first;
    } else {
      this.varint();
      if (this.high !== 0) throw violation('a field has a number above 2^29');
    }
    if (this.low < 8) throw violation('a field has the number 0');
    return this.low;
  }

  /** Reads a number of any size into `low` and `high`. */
  varint(): void {
    const { bytes, end } = this;
    let { at } = this;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) throw violation('a number is cut off');
      const byte = bytes[at++] as number;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.at = at;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw violation('a number is longer than 10 bytes');
  }

  /** The lower 32 bits of a number. */
  uint32(): number {
    this.varint();
    return this.low;
  }

  /** A number below 2^53. */
  safeNumber(what: string): number {
    this.varint();
    if (this.high >= UNSAFE_HIGH) throw violation(`${what} is above 2^53 - 1`);
    return this.high * TWO_32 + this.low;
  }

  /** Reads the length of what follows and returns where that ends. */
  lengthEnd(): number {
    const { at } = this;
    const first = at < this.end ? (this.bytes[at] as number) : 0x80;
    if (first < 0x80) {
      this.at = at + 1;
      this.low = first;
      this.high = 0;
    } else this.varint();
    const end = this.at + this.low;
    if (this.high !== 0 || end > this.end) throw violation('a field is longer than what holds it');
    return end;
  }

  text(): string {
    const end = this.lengthEnd();
    const text = this.bytes.toString('utf8', this.at, end);
    this.at = end;
    return text;
  }

  /** A text that other events are likely to have, too. */
  sharedText(): string {
    const end = this.lengthEnd();
    const text = sharedText(this.bytes, this.at, end);
    this.at = end;
    return text;
  }

  /** The bytes of a field, not copied. */
  data(): Buffer {
    const end = this.lengthEnd();
    const data = this.bytes.subarray(this.at, end);
    this.at = end;
    return data;
  }

  /** Passes over the content of a field. */
  skip(tag: number): void {
    // Nearly all of them; short enough to become part of the loops that call it.
    if ((tag & 7) === 2) this.at = this.lengthEnd();
    else this.#skipOther(tag);
  }

  #skipOther(tag: number): void {
    switch (tag & 7) {
      case 0:
        return this.varint();
      case 1:
        return this.#pass(8);
      case 3:
        return this.#skipGroup(tag);
      case 5:
        return this.#pass(4);
      default:
        throw violation('a field has a type that does not exist, or ends a group that was not begun');
    }
  }

  #pass(bytes: number): void {
    if (this.at + bytes > this.end) throw violation('a field is cut off');
    this.at += bytes;
  }

  /** Not recursive: nesting is the peer's choice. */
  #skipGroup(tag: number): void {
    const open = [tag >>> 3];
    while (open.length > 0) {
      const next = this.tag();
      if ((next & 7) === 4) {
        if (open.pop() !== next >>> 3) throw violation('a group is ended by another number than began it');
      } else if ((next & 7) === 3) {
        if (open.push(next >>> 3) > MAX_GROUPS) throw violation(`groups are nested deeper than ${MAX_GROUPS}`);
      } else this.skip(next);
    }
  }
}
