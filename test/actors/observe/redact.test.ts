import { describe, expect, it } from 'vitest';
import { createSystem, redactSecrets } from '../../../src/actors/index.ts';
import { createActorFilter } from '../../../src/actors/observe/actor-filter.ts';
import { copyForView } from '../../../src/actors/observe/redact.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { collector } from '../support.ts';

const view = (value: unknown, limits?: object): unknown => copyForView(value, redactSecrets, limits);

describe('redactSecrets', () => {
  it.each([
    'secret',
    'clientSecret',
    'API_KEY',
    'apiKey',
    'x-api-key',
    'Password',
    'dbPASSWORD',
    'token',
    'access_token',
    'CREDENTIALS',
    'Set-Cookie',
    'Authorization',
  ])('R3: masks what stands under "%s", at any depth and in maps', (key) => {
    const value = { [key]: 'x', a: [{ b: new Map([[key, { c: 'x' }]]) }] };

    expect(view(value)).toEqual({ [key]: '[redacted]', a: [{ b: { [key]: '[redacted]' } }] });
  });

  it('leaves other keys alone, and says that a secret is missing', () => {
    expect(view({ name: 'ann', token: undefined, password: null })).toEqual({
      name: 'ann',
      token: undefined,
      password: null,
    });
  });

  it('gives way to a function that decides by path', () => {
    const redactor = (path: readonly string[], value: unknown): unknown => (path.at(-1) === 'iban' ? '****' : value);

    expect(copyForView({ a: { iban: 'DE1', token: 't' } }, redactor)).toEqual({ a: { iban: '****', token: 't' } });
  });

  it('can be switched off', () => {
    expect(copyForView({ token: 't' }, false)).toEqual({ token: 't' });
  });
});

describe('what is shown of a value', () => {
  it.each<[string, unknown, unknown]>([
    ['a function', { f: function named() {} }, { f: '[function named]' }],
    ['a symbol', [Symbol('s')], ['[s]']],
    ['a bigint', 5n, '5n'],
    ['not a number', Number.NaN, 'NaN'],
    ['a buffer', Buffer.alloc(9000), '[Buffer of 9000 bytes]'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid date', new Date(Number.NaN), '[invalid date]'],
    ['an error', Object.assign(new Error('no'), { code: 7 }), { name: 'Error', message: 'no', code: 7 }],
    ['a set', new Set([1, 2]), [1, 2]],
    ['a promise', Promise.resolve(1), '[promise]'],
    [
      'a proxy that refuses everything',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('no');
          },
        },
      ),
      '[unreadable]',
    ],
    ['a key like __proto__', JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
  ])('R1: %s', (_, value, shown) => {
    expect(JSON.stringify(view(value))).toBe(JSON.stringify(shown));
  });

  it('R1: runs no getter and no toJSON', () => {
    const value = {
      get danger(): never {
        throw new Error('read');
      },
      toJSON: () => 'told',
    };

    expect(view(value)).toEqual({ danger: '[getter]', toJSON: '[function toJSON]' });
  });

  it('R1: a cycle once, and the same object in two places twice', () => {
    const shared = { n: 1 };
    const value: Record<string, unknown> = { a: shared, b: shared };
    value['self'] = value;

    expect(view(value)).toEqual({ a: { n: 1 }, b: { n: 1 }, self: '[circular]' });
  });

  it('R1: an actor as its path', () => {
    const system = createSystem({ environment: createManualEnvironment() });
    const ref = system.spawn(collector().logic, { name: 'peer' });

    expect(view({ ref })).toEqual({ ref: '[actor /peer]' });
  });

  it.each<[string, unknown, object, unknown]>([
    ['depth', { a: { b: { c: 1 } } }, { depth: 2 }, { a: { b: '[Object]' } }],
    ['entries of an array', [1, 2, 3], { entries: 2 }, [1, 2, '[1 more]']],
    ['entries of an object', { a: 1, b: 2, c: 3 }, { entries: 1 }, { a: 1, '…': '[2 more]' }],
    ['texts', 'x'.repeat(10), { text: 4 }, 'xxxx… [6 more]'],
    ['values', [1, 2, 3, 4], { values: 3 }, [1, 2, '[more values]', '[more values]']],
  ])('R2: at most so many %s', (_, value, limits, shown) => {
    expect(view(value, limits)).toEqual(shown);
  });

  it('R2: a value of 10,000 levels and one of 100,000 entries, at once', () => {
    let deep: unknown = 'end';
    for (let i = 0; i < 10_000; i++) deep = { deep };

    expect(JSON.stringify(view({ deep, wide: Array.from({ length: 100_000 }) })).length).toBeLessThan(2000);
  });
});

describe('which actors are looked at', () => {
  it.each<[string | readonly string[], readonly string[], readonly string[]]>([
    ['/shop/*', ['/shop/cart'], ['/shop', '/shop/cart/line', '/shopping/cart']],
    ['/shop/**', ['/shop', '/shop/cart', '/shop/cart/line'], ['/shopping']],
    ['shop', ['/shop'], ['/shop/cart']],
    ['/shop/cart-*', ['/shop/cart-1'], ['/shop/cart', '/shop/cart-1/line']],
    ['/a.b', ['/a.b'], ['/axb']],
    [['/a', '/b'], ['/a', '/b'], ['/c']],
    ['**', ['/', '/a/b/c'], []],
  ])('%o', (include, inside, outside) => {
    const isMeant = createActorFilter({ include });

    expect([inside.filter((path) => !isMeant(path)), outside.filter(isMeant)]).toEqual([[], []]);
  });

  it('a quarter of 4,000 with `sample: 0.25`, the same ones each time', () => {
    const paths = Array.from({ length: 4000 }, (_, i) => `/worker/${i}`);
    const [one, two] = [createActorFilter({ sample: 0.25 }), createActorFilter({ sample: 0.25 })];

    const meant = paths.filter(one);

    expect(meant).toEqual(paths.filter(two));
    expect(meant.length).toBeGreaterThan(800);
    expect(meant.length).toBeLessThan(1200);
  });

  it.each([0, -1, 1.5, Number.NaN])('not with `sample: %d`', (sample) => {
    expect(() => createActorFilter({ sample })).toThrow(expect.objectContaining({ field: 'sample' }));
  });
});
