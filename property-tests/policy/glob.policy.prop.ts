import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { compileGlob } from '../../src/policy/index.ts';
import { globPattern, eventType } from '../arbitraries/glob-pattern.ts';

describe('compileGlob', () => {
  test.prop([globPattern(), eventType()])('matches what the reference matches (feature 6)', (pattern, type) => {
    expect(compileGlob(pattern).matches(type)).toBe(referenceMatches(pattern, type));
  });

  test.prop([eventType()])('matches a type by itself and by the catch-alls', (type) => {
    expect([type, '*', '**'].map((pattern) => compileGlob(pattern).matches(type))).toEqual([true, true, true]);
  });

  test.prop([fc.string({ unit: 'binary', maxLength: 12 })])('throws PATTERN_INVALID or takes any text', (text) => {
    try {
      compileGlob(text).matches(text);
    } catch (error) {
      expect(error).toMatchObject({ code: 'PATTERN_INVALID' });
    }
  });
});

// Helpers

/** As a regular expression: another way to the same answer. */
function referenceMatches(pattern: string, type: string): boolean {
  if (pattern === '*' || pattern === '**') return true;
  const parts = pattern.split('.').map((segment) => {
    if (segment === '**') return '[^.]+(?:\\.[^.]+)*';
    return segment === '*' ? '[^.]+' : segment;
  });
  return new RegExp(`^${parts.join('\\.')}$`).test(type);
}
