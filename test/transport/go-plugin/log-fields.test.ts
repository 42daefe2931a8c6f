import { describe, expect, it } from 'vitest';

import { cutText, MAX_CHARS, MAX_NODES, plainFields } from '../../../src/transport/go-plugin/log-fields.ts';

describe('plainFields', () => {
  it.each([
    ['text', 'a', 'a'],
    ['null', null, null],
    ['BigInt', 2n ** 70n, '1180591620717411303424'],
    ['BigInt of many digits', 2n ** 100_000n, '[bigint]'],
    ['infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['symbols', Symbol('s'), '[symbol]'],
    ['functions', () => 1, '[function]'],
    ['errors', new TypeError('boom'), 'TypeError: boom'],
    ['bytes', Buffer.from('abc'), '[3 bytes]'],
    ['dates', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['dates that are none', new Date(Number.NaN), null],
    ['addresses', new URL('http://localhost/a'), 'http://localhost/a'],
    ['nested objects', { a: [{ b: 1 }] }, { a: [{ b: 1 }] }],
    ['objects without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ])('turns %s into plain data', (_what, value, expected) => {
    expect(plainFields({ value })).toEqual({ value: expected });
  });

  it('shows an object twice when it is in two places, and a cycle once', () => {
    const shared = { a: 1 };
    const cycle: Record<string, unknown> = { shared, again: shared };
    cycle['self'] = cycle;

    expect(plainFields({ cycle })).toEqual({ cycle: { shared, again: shared, self: '[circular]' } });
  });

  it.each([
    [
      'a getter throws',
      {
        get bad(): never {
          throw new Error('boom');
        },
      },
      { bad: '[unreadable]' },
    ],
    [
      'toJSON throws',
      {
        toJSON: (): never => {
          throw new Error('boom');
        },
      },
      '[unreadable]',
    ],
    [
      'a proxy throws',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('boom');
          },
        },
      ),
      '[unreadable]',
    ],
    ['a proxy is revoked', revoked(), '[unreadable]'],
  ])('keeps the other fields when %s', (_what, value, expected) => {
    expect(plainFields({ before: 1, value, after: 2 })).toEqual({ before: 1, value: expected, after: 2 });
  });

  it('stops after 8 levels', () => {
    const text = JSON.stringify(plainFields({ a: JSON.parse('['.repeat(20) + ']'.repeat(20)) }));

    expect(text).toBe('{"a":[[[[[[[["[nested too deeply]"]]]]]]]]}');
  });

  it('stops when toJSON never comes to an end', () => {
    const endless = (): object => ({ toJSON: endless });

    expect(plainFields({ value: endless() })).toEqual({ value: '[nested too deeply]' });
  });

  it('takes at most 2000 values, however often they are shared', () => {
    let value: unknown = Array.from({ length: 100 }, () => 1);
    for (let level = 0; level < 5; level += 1) value = Array.from({ length: 100 }, () => value);

    const text = JSON.stringify(plainFields({ value }));

    expect(text.match(/1/g)?.length).toBeLessThanOrEqual(MAX_NODES);
  });

  it('takes at most 131072 characters in strings and keys together', () => {
    const value = Array.from({ length: 100 }, () => ({ ['k'.repeat(1_000)]: 'v'.repeat(1_000) }));

    const text = JSON.stringify(plainFields({ value }));

    expect(text.match(/[kv]/g)?.length).toBeLessThanOrEqual(MAX_CHARS);
  });

  it('leaves __proto__ and undefined out', () => {
    const fields = plainFields(JSON.parse('{"__proto__":{"x":1},"a":{"__proto__":1}}'));

    expect(fields).toEqual({ a: {} });
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    expect(Object.getPrototypeOf(plainFields(JSON.parse('{"a":{"__proto__":{}}}'))['a'])).toBe(Object.prototype);
    expect(Object.keys(plainFields({ a: undefined }))).toEqual([]);
  });
});

describe('cutText', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abc', 2, 'ab'],
    ['abc', 0, ''],
    ['a😀', 2, 'a'],
    ['a😀', 3, 'a😀'],
    ['😀b', 2, '😀'],
  ])('cuts %j to %i units without halving a pair', (text, maxChars, expected) => {
    expect(cutText(text, maxChars)).toBe(expected);
  });
});

// Helpers

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
