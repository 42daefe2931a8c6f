import { describe, expect, it } from 'vitest';

import {
  bitString,
  explicit,
  implicit,
  objectIdentifier,
  octetString,
  positiveInteger,
  sequence,
  setOfOne,
  smallInteger,
  time,
  utf8String,
  yes,
} from '../../../src/transport/go-plugin/der.ts';

describe('elements', () => {
  it.each([
    ['a boolean', yes(), '0101ff'],
    ['a small integer', smallInteger(2), '020102'],
    ['an integer without leading zeros', positiveInteger(Buffer.of(0, 0, 5)), '020105'],
    ['an integer with its top bit set', positiveInteger(Buffer.of(0x80)), '02020080'],
    ['the integer 0', positiveInteger(Buffer.of(0, 0)), '020100'],
    ['bits', bitString(Buffer.of(0xac), 2), '030202ac'],
    ['bytes', octetString(Buffer.of(1, 2)), '04020102'],
    ['text', utf8String('ß'), '0c02c39f'],
    ['an identifier', objectIdentifier('1.2.840.10045.4.3.2'), '06082a8648ce3d040302'],
    ['an identifier below 2.5', objectIdentifier('2.5.29.15'), '0603551d0f'],
    ['a sequence', sequence(yes(), smallInteger(1)), '30060101ff020101'],
    ['an empty sequence', sequence(), '3000'],
    ['a set', setOfOne(yes()), '31030101ff'],
    ['an explicit tag', explicit(3, yes()), 'a3030101ff'],
    ['an implicit tag', implicit(2, Buffer.from('a')), '820161'],
  ])('writes %s', (_what, element, hex) => {
    expect(element.toString('hex')).toBe(hex);
  });

  it.each([
    [127, '047f'],
    [128, '048180'],
    [255, '0481ff'],
    [256, '04820100'],
    [65_536, '0483010000'],
  ])('writes a length of %i bytes in the shortest form', (length, head) => {
    expect(octetString(Buffer.alloc(length)).toString('hex').slice(0, head.length)).toBe(head);
  });
});

describe('time', () => {
  it.each([
    [Date.UTC(2026, 7, 17, 1, 2, 3, 999), 0x17, '260817010203Z'],
    [Date.UTC(1950, 0, 1), 0x17, '500101000000Z'],
    [Date.UTC(1950, 0, 1) - 1, 0x18, '19491231235959Z'],
    [Date.UTC(2050, 0, 1) - 1, 0x17, '491231235959Z'],
    [Date.UTC(2050, 0, 1), 0x18, '20500101000000Z'],
    [Date.UTC(9999, 11, 31, 23, 59, 59), 0x18, '99991231235959Z'],
  ])('writes %i with the year digits that RFC 5280 asks for', (at, tag, text) => {
    const element = time(at);

    expect(element[0]).toBe(tag);
    expect(element.subarray(2).toString()).toBe(text);
  });

  it.each([Date.UTC(10_000, 0, 1), Number.NaN, Number.POSITIVE_INFINITY, -1e15])('refuses %d', (at) => {
    expect(() => time(at)).toThrow(/^\[OUT_OF_RANGE\]/);
  });
});
