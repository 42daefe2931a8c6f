import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAims, verdictOf } from '../../bench/harness/aims.ts';
import type { Aim } from '../../bench/harness/aims.ts';

describe('parseAims', () => {
  it('reads bounds from below and from above, and what only full runs measure', () => {
    const aims = parseAims('{"a": {"aim": ">= 0.95"}, "b": {"aim": "<= 2", "fullOnly": "takes 3 min"}}');

    expect(aims.get('a')).toEqual({ atLeast: true, bound: 0.95, text: '>= 0.95', fullOnly: undefined });
    expect(aims.get('b')).toEqual({ atLeast: false, bound: 2, text: '<= 2', fullOnly: 'takes 3 min' });
  });

  it.each([
    ['{"a": {"aim": "> 0.95"}}', 'the aim of "a"'],
    ['{"a": {"aim": 0.95}}', 'the aim of "a"'],
    ['{"a": null}', 'the aim of "a"'],
    ['{"a": {"aim": ">= 1", "fullOnly": true}}', '"fullOnly" of "a" gives no reason'],
    ['{"a": {"aim": ">= 1", "fullonly": "x"}}', 'unknown field "fullonly"'],
  ])('refuses %s', (json, message) => {
    expect(() => parseAims(json)).toThrow(message);
  });

  it('understands every entry of bench/aims.json', () => {
    const json = readFileSync(new URL('../../bench/aims.json', import.meta.url), 'utf8');

    expect(parseAims(json).size).toBeGreaterThan(0);
  });
});

describe('verdictOf', () => {
  it.each<[string, number, number, string]>([
    ['>= 0.95', 0.95, 1.1, 'met'],
    ['>= 0.95', 0.8, 0.949, 'missed'],
    ['>= 0.95', 0.949, 1.2, 'uncertain'],
    ['>= 0.95', 0.8, 0.95, 'uncertain'],
    ['<= 0.9', 0.5, 0.9, 'met'],
    ['<= 0.9', 0.901, 1, 'missed'],
    ['<= 0.9', 0.8, 0.901, 'uncertain'],
  ])('%s with an interval from %d to %d is %s', (text, low, high, verdict) => {
    const aim = parseAims(JSON.stringify({ a: { aim: text } })).get('a') as Aim;

    expect(verdictOf(aim, [low, high])).toBe(verdict);
  });
});
