// The part of ASN.1's distinguished encoding rules (DER, X.690) that a certificate needs, for writing only.
//
// Reading is left to OpenSSL through node:crypto: a second parser of hostile input is a second place to be wrong.

import { RuntimeError } from '../../errors/index.ts';

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  // Context-specific: [n], without and with elements inside.
  implicit: 0x80,
  explicit: 0xa0,
} as const;

/** Elements in their order. */
export const sequence = (...elements: readonly Buffer[]): Buffer => element(TAG.sequence, ...elements);

/** A set of one element; more would have to be sorted. */
export const setOfOne = (member: Buffer): Buffer => element(TAG.set, member);

/** True. False is the default wherever a certificate has a boolean, and a default must not be written. */
export const yes = (): Buffer => element(TAG.boolean, Buffer.of(0xff));

/** A small number, 0 to 127. */
export const smallInteger = (value: number): Buffer => element(TAG.integer, Buffer.of(value & 0x7f));

/** A positive number from its big-endian bytes. */
export function positiveInteger(bytes: Buffer): Buffer {
  // Shortest form: no zero bytes in front, except one that keeps a number with its top bit set positive.
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first === -1 ? Buffer.of(0) : bytes.subarray(first);
  return element(TAG.integer, (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/** Whole bytes, wrapped. */
export const octetString = (content: Buffer): Buffer => element(TAG.octetString, content);

/** Bits, of which the last `unusedBits` of the last byte do not count. */
export const bitString = (content: Buffer, unusedBits = 0): Buffer =>
  element(TAG.bitString, Buffer.of(unusedBits), content);

/** Text. */
export const utf8String = (text: string): Buffer => element(TAG.utf8String, Buffer.from(text));

/** An object identifier in dotted form, for example `2.5.4.3`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap(base128);
  return element(TAG.objectIdentifier, Buffer.from(bytes));
}

/** `[index]` around one element. */
export const explicit = (index: number, content: Buffer): Buffer => element(TAG.explicit + index, content);

/** `[index]` in place of the element's own tag. */
export const implicit = (index: number, content: Buffer): Buffer => element(TAG.implicit + index, content);

/**
 * An instant, given in milliseconds since the epoch, in whole seconds.
 *
 * RFC 5280 (4.1.2.5) wants the two-digit year of UTCTime from 1950 through 2049 and GeneralizedTime otherwise. Throws
 * `OUT_OF_RANGE` outside of the years 0 to 9999.
 */
export function time(at: number): Buffer {
  const isWritable = at >= -62_167_219_200_000 && at < 253_402_300_800_000;
  if (!isWritable) throw new RuntimeError('OUT_OF_RANGE', `the time ${at} is outside of the years 0 to 9999`);
  const digits = `${new Date(Math.floor(at)).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
  const year = Number(digits.slice(0, 4));
  return year >= 1950 && year < 2050
    ? element(TAG.utcTime, Buffer.from(digits.slice(2)))
    : element(TAG.generalizedTime, Buffer.from(digits));
}

function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const length = contents.reduce((sum, content) => sum + content.length, 0);
  return Buffer.concat([Buffer.of(tag, ...lengthOctets(length)), ...contents]);
}

/** Lengths below 128 are one byte; longer ones are preceded by the number of their bytes. */
function lengthOctets(length: number): readonly number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 + bytes.length, ...bytes];
}

/** Seven bits a byte, most significant first; the top bit says that more follow. */
function base128(value: number): readonly number[] {
  const bytes = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 + (rest % 128));
  return bytes;
}
