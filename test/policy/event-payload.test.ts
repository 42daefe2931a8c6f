import { describe, expect, it } from 'vitest';
import { decodePayload, encodePayload, isJsonContentType } from '../../src/policy/index.ts';

describe('isJsonContentType', () => {
  it.each<[string, boolean]>([
    ['', true],
    ['application/json', true],
    ['application/json; charset=utf-8', true],
    ['Application/JSON', true],
    ['application/cloudevents+json', true],
    ['application/octet-stream', false],
    ['text/plain', false],
    ['application/jsonx', false],
    ['text/plain; a+json', false],
  ])('%s: %s', (contentType, expected) => {
    expect(isJsonContentType(contentType)).toBe(expected);
  });
});

describe('encodePayload', () => {
  it.each<[unknown, string]>([
    [{ a: [1, 'ä'] }, '{"a":[1,"ä"]}'],
    [null, 'null'],
    [undefined, 'null'],
    ['', '""'],
  ])('writes %j as JSON', (payload, text) => {
    expect(encodePayload(payload, '').toString()).toBe(text);
  });

  it('copies bytes', () => {
    const given = new Uint8Array([1, 2]);

    const bytes = encodePayload(given, 'application/octet-stream');
    given[0] = 9;

    expect([...bytes]).toEqual([1, 2]);
  });

  it.each<[string, unknown, string]>([
    ['a cycle', cycle(), ''],
    ['a BigInt', 1n, ''],
    ['a function', () => 1, ''],
    ['a symbol', Symbol('a'), ''],
    ['text that is no JSON by its content type', 'a', 'text/plain'],
    ['nesting beyond the stack', nested(200_000), ''],
  ])('refuses %s', (_, payload, contentType) => {
    expect(() => encodePayload(payload, contentType)).toThrow(expect.objectContaining({ code: 'PAYLOAD_INVALID' }));
  });
});

describe('decodePayload', () => {
  it('freezes JSON at every depth', () => {
    const value = decodePayload(Buffer.from('{"a":[{"b":1}]}'), '') as {
      readonly a: readonly [{ readonly b: number }];
    };

    expect([value, value.a, value.a[0]].every((part) => Object.isFrozen(part))).toBe(true);
  });

  it('reads no bytes as null', () => {
    expect(decodePayload(new Uint8Array(), 'application/json')).toBeNull();
  });

  it('freezes 100,000 arrays in each other', () => {
    const value = decodePayload(Buffer.from('['.repeat(100_000) + ']'.repeat(100_000)), '');

    expect(Object.isFrozen(value)).toBe(true);
  });

  it('leaves bytes of another type as they are', () => {
    const bytes = new Uint8Array([255]);

    expect(decodePayload(bytes, 'image/png')).toBe(bytes);
  });

  it('names the size and nothing of the content of what is no JSON', () => {
    expect(() => decodePayload(Buffer.from('secret'), '')).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_INVALID', rawMessage: 'the payload of an event is not JSON (6 bytes)' }),
    );
  });
});

// Helpers

function cycle(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
