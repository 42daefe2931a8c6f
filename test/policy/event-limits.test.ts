import { describe, expect, it } from 'vitest';
import {
  checkContentType,
  checkEventTime,
  checkEventType,
  checkMetadata,
  checkPayloadSize,
  checkSubject,
} from '../../src/policy/index.ts';

describe('checkEventType', () => {
  it.each(['a', 'order.paid', 'a.b.c.d', 'a'.repeat(256)])('takes %s', (type) => {
    expect(checkEventType(type)).toBe(type);
  });

  it.each([undefined, 7, '', 'a..b', '.a', 'a.', 'a b', 'a.*', '*', '**', '\udfff', 'a'.repeat(257)])(
    'refuses %j',
    (type) => {
      expect(() => checkEventType(type)).toThrow(expect.objectContaining({ code: 'EVENT_TYPE_INVALID' }));
    },
  );
});

describe('checkSubject', () => {
  it('takes 256 characters and turns none into an empty text', () => {
    expect([checkSubject('a'.repeat(256)), checkSubject(undefined)]).toEqual(['a'.repeat(256), '']);
  });

  it.each([null, 7, {}, 'a'.repeat(257), '\ud800'])('refuses %j', (subject) => {
    expect(() => checkSubject(subject)).toThrow(expect.objectContaining({ code: 'SUBJECT_INVALID' }));
  });
});

describe('checkContentType', () => {
  it('takes 256 characters and turns none into an empty text', () => {
    expect([checkContentType('a'.repeat(256)), checkContentType(undefined)]).toEqual(['a'.repeat(256), '']);
  });

  it.each([null, 7, 'a'.repeat(257)])('refuses %j', (contentType) => {
    expect(() => checkContentType(contentType)).toThrow(expect.objectContaining({ code: 'CONTENT_TYPE_INVALID' }));
  });
});

describe('checkEventTime', () => {
  it('takes fractions of a millisecond, and now for none', () => {
    expect([checkEventTime(1.5, 9), checkEventTime(undefined, 9)]).toEqual([1.5, 9]);
  });

  it.each([null, '1', Number.NaN, Number.POSITIVE_INFINITY, -1, 9_223_372_036_854])('refuses %j', (time) => {
    expect(() => checkEventTime(time, 0)).toThrow(expect.objectContaining({ code: 'EVENT_TIME_INVALID' }));
  });
});

describe('checkMetadata', () => {
  it('copies and freezes what it is given', () => {
    const given = { trace: 'a' };

    const { metadata, size } = checkMetadata(given);
    given.trace = 'b';

    expect([metadata, size, Object.isFrozen(metadata)]).toEqual([{ trace: 'a' }, 6, true]);
  });

  it('keeps "__proto__" as an ordinary key', () => {
    const { metadata } = checkMetadata(JSON.parse('{"__proto__":"x"}'));

    expect([Object.keys(metadata), Object.getPrototypeOf(metadata)]).toEqual([['__proto__'], Object.prototype]);
  });

  it('takes 64 entries with 16 KiB in all', () => {
    expect(checkMetadata(entries(64, 256 - 2)).size).toBe(16_384);
  });

  it.each<[string, unknown]>([
    ['no object', 'a'],
    ['null', null],
    ['an array', ['a']],
    ['a number as value', { a: 7 }],
    ['undefined as value', { a: undefined }],
    ['half a surrogate pair', { a: '\ud800' }],
    ['65 entries', entries(65, 0)],
    ['16 KiB and 1 character', { ...entries(64, 256 - 2), 10: 'x'.repeat(255) }],
  ])('refuses %s', (_, metadata) => {
    expect(() => checkMetadata(metadata)).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
  });

  it('keeps values out of the error', () => {
    expect(() => checkMetadata({ password: 12_345 })).toThrow(
      expect.objectContaining({ rawMessage: expect.not.stringContaining('12345') }),
    );
  });
});

describe('checkPayloadSize', () => {
  it('names size and limit of a payload that is 1 byte too large', () => {
    checkPayloadSize(10, 10);

    expect(() => checkPayloadSize(11, 10)).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE', details: { bytes: 11, maxBytes: 10 } }),
    );
  });
});

// Helpers

/** Keys of 2 characters. */
function entries(count: number, valueLength: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [String(index + 10), 'x'.repeat(valueLength)]));
}
