import { describe, expect, it } from 'vitest';
import { deathText, headlineOf } from '../../../src/transport/in-process/seat-log.ts';

describe('what a plugin died of', () => {
  it('is its stack, and in one line its name and text', () => {
    const error = new RangeError('boom');

    expect(deathText(error)).toBe(`Uncaught ${error.stack}\n`);
    expect(headlineOf(error)).toBe('RangeError: boom');
  });

  it.each([
    ['null', null, 'null'],
    ['an object without a prototype', Object.create(null), 'something that cannot be printed'],
    ['an object that refuses to be a text', { toString: 0, valueOf: 0 }, 'something that cannot be printed'],
  ])('is told also when that is %s', (_what, thrown, text) => {
    expect([deathText(thrown), headlineOf(thrown)]).toEqual([`Uncaught ${text}\n`, text]);
  });

  it('is told also when its stack and its message are no texts', () => {
    const error = Object.assign(new Error(), { message: { toString: 0 }, stack: { toString: 0 } });

    expect(deathText(error)).toBe('Uncaught something that cannot be printed\n');
    expect(headlineOf(error)).toBe('something that cannot be printed');
  });
});
