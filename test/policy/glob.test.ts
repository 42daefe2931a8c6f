import { describe, expect, it } from 'vitest';
import { compileGlob, compileGlobs, matchesAny } from '../../src/policy/index.ts';
import type { MatchesGlob } from '../../src/policy/index.ts';

describe('compileGlob', () => {
  // The 10 rows of feature 6, then ours.
  it.each<[string, string, boolean]>([
    ['workflow.started', 'workflow.started', true],
    ['workflow.started', 'workflow.failed', false],
    ['workflow.*', 'workflow.started', true],
    ['workflow.*', 'step.started', false],
    ['workflow.*', 'workflow.step.started', false],
    ['*.started', 'workflow.started', true],
    ['*.*', 'workflow.started', true],
    ['*.*', 'workflow', false],
    ['*', 'workflow.step.started', true],
    ['workflow.started', 'workflow', false],
    ['*', 'workflow', true],
    ['**', 'a.b.c.d', true],
    ['a.**', 'a', false],
    ['a.**', 'a.b', true],
    ['a.**', 'a.b.c.d', true],
    ['a.**', 'ab.c', false],
    ['*.**', 'a', false],
    ['*.**', 'a.b', true],
    ['*.b.**', 'a.b.c', true],
    ['*.b.**', 'a.c.b', false],
    ['a.*.c', 'a.b.c', true],
    ['a.*.c', 'a.b.d', false],
    ['a.*.c', 'a.b.c.d', false],
    ['a.*', 'a', false],
    ['A.b', 'a.b', false],
    ['a', 'ab', false],
    ['ä.*', 'ä.ö', true],
    ['__proto__.*', '__proto__.constructor', true],
  ])('%s and the type %s: %s', (pattern, type, expected) => {
    expect(compileGlob(pattern).matches(type)).toBe(expected);
  });

  it.each<[string, string]>([
    ['', 'must not be empty'],
    ['a..b', 'has an empty segment'],
    ['.a', 'has an empty segment'],
    ['a.', 'has an empty segment'],
    ['.', 'has an empty segment'],
    [' ', 'has a space or a control character'],
    ['a. b', 'has a space or a control character'],
    ['a.b\n', 'has a space or a control character'],
    ['a\u0000', 'has a space or a control character'],
    ['**.a', 'has "**" before its last segment'],
    ['a.**.b', 'has "**" before its last segment'],
    ['a*', 'has a "*" that is not a whole segment'],
    ['a.***', 'has a "*" that is not a whole segment'],
    ['\ud800.a', 'has half a surrogate pair'],
    ['a'.repeat(257), 'is longer than 256 characters (257)'],
  ])('refuses %j: it %s', (pattern, reason) => {
    expect(() => compileGlob(pattern)).toThrow(
      expect.objectContaining({ code: 'PATTERN_INVALID', rawMessage: expect.stringContaining(reason) }),
    );
  });

  it('names the pattern in the error', () => {
    expect(() => compileGlob('a..b')).toThrow(
      expect.objectContaining({
        rawMessage: 'event pattern "a..b" has an empty segment',
        details: { pattern: 'a..b' },
      }),
    );
  });

  it.each([undefined, null, 7, {}, ['a']])('refuses %j, which is no string', (pattern) => {
    expect(() => compileGlob(pattern as string)).toThrow(expect.objectContaining({ code: 'PATTERN_INVALID' }));
  });
});

describe('matchesAny', () => {
  it('matches when 1 of 3 patterns does', () => {
    expect(matchesAny(compileGlobs(['a', 'b.*', 'c']), 'b.x')).toBe(true);
  });

  it('matches nothing with no pattern', () => {
    expect(matchesAny([], 'a')).toBe(false);
  });
});

describe('MatchesGlob', () => {
  it('says at compile time what matching says at run time', () => {
    const rows: readonly true[] = [
      is<MatchesGlob<'a.b', 'a.b'>>(true),
      is<MatchesGlob<'a.b', 'a.*'>>(true),
      is<MatchesGlob<'a.b.c', '*'>>(true),
      is<MatchesGlob<'a.b.c', 'a.**'>>(true),
      is<MatchesGlob<string, 'a.b'>>(true),
      is<MatchesGlob<'a.b', string>>(true),
    ];
    const others: readonly false[] = [
      is<MatchesGlob<'a.b.c', 'a.*'>>(false),
      is<MatchesGlob<'a', 'a.**'>>(false),
      is<MatchesGlob<'a', '*.*'>>(false),
      is<MatchesGlob<'a.b', 'b.*'>>(false),
    ];

    expect([rows.length, others.length]).toEqual([6, 4]);
  });
});

// Helpers

function is<Verdict extends boolean>(verdict: Verdict): Verdict {
  return verdict;
}
