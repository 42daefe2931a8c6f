import { describe, expect, it } from 'vitest';
import { resolveBundleLimits } from '../../../src/host/bundles/index.ts';
import type { BundleLimits } from '../../../src/host/bundles/index.ts';
import { createNameGuard, isLeftOut } from '../../../src/host/bundles/zip/entry-name.ts';

describe('createNameGuard', () => {
  it.each<[string, string]>([
    ['', 'has no name'],
    ['/etc/passwd', 'is an absolute path'],
    ['../evil', 'leads out'],
    ['a/../../evil', 'leads out'],
    ['a/..', 'leads out'],
    ['..', 'leads out'],
    ['a\\b', 'backslash'],
    ['..\\evil', 'backslash'],
    ['C:evil', 'letter of a drive'],
    ['c:/evil', 'letter of a drive'],
    ['a/D:evil', 'letter of a drive'],
    ['a\0b', 'zero byte'],
    ['a\nb', 'control character'],
    ['a//b', 'empty name'],
    ['./a', 'empty name'],
    ['a/./b', 'empty name'],
    ['a/', 'empty name'],
    ['a.', 'ends with a dot'],
    ['a /b', 'ends with a dot or a space'],
    ['a\ud800', 'not UTF-8'],
    [`${'n'.repeat(256)}`, 'more than 255 bytes'],
  ])('refuses the name %j', (name, problem) => {
    expect(() => guard().file(name)).toThrow(
      expect.objectContaining({ code: 'BUNDLE_ENTRY_REFUSED', rawMessage: expect.stringContaining(problem) }),
    );
  });

  it.each(['a', '.env', 'a b', '..a', 'a..b', 'ä/ö/ü', '\u{1f600}', 'ab:c', '-', `${'n'.repeat(255)}`])(
    'takes the name %j',
    (name) => {
      expect(() => guard().file(name)).not.toThrow();
    },
  );

  it.each<[string, string, string]>([
    ['the same name', 'a/b', 'a/b'],
    ['another case', 'README.md', 'readme.MD'],
    ['another case of a folder', 'Lib/a', 'lib/b'],
    ['another form of Unicode', 'caf\u00e9', 'cafe\u0301'],
    ['a letter that has another one as its lower case', 'K', '\u212a'],
    ['a letter with two capitals', 's', '\u017f'],
    ['a ligature', 'fi', '\ufb01'],
  ])('refuses two names where the second is %s', (_, first, second) => {
    const names = guard();
    names.file(first);

    expect(() => names.file(second)).toThrow(expect.objectContaining({ code: 'BUNDLE_ENTRY_REFUSED' }));
  });

  it.each<[string, readonly string[]]>([
    ['a file and then something in it', ['a', 'a/b']],
    ['something in it and then the file', ['a/b', 'a']],
    ['the same in another case', ['a/b', 'A']],
  ])('refuses what is a file and a folder: %s', (_, [first = '', second = '']) => {
    const names = guard();
    names.file(first);

    expect(() => names.file(second)).toThrow('is a file and a directory');
  });

  it('takes a directory twice, by itself and by what is in it', () => {
    const names = guard();

    expect(() => {
      names.directory('a');
      names.directory('a');
      names.file('a/b');
    }).not.toThrow();
  });

  it.each<[BundleLimits, string, string]>([
    [{ maxPathBytes: 5 }, 'a/bcde', 'is a path of 6 bytes, more than 5 (maxPathBytes)'],
    [{ maxPathBytes: 2 }, 'äö', 'is a path of 4 bytes, more than 2 (maxPathBytes)'],
    [{ maxDepth: 2 }, 'a/b/c', 'is 3 names deep, more than 2 (maxDepth)'],
  ])('holds names to %j', (limits, name, text) => {
    expect(() => guard(limits).file(name)).toThrow(
      expect.objectContaining({
        code: 'BUNDLE_LIMIT_EXCEEDED',
        rawMessage: expect.stringContaining(text),
        details: expect.objectContaining({ entry: name, limit: Object.keys(limits)[0] }),
      }),
    );
  });
});

describe('isLeftOut', () => {
  it.each(['.git/config', 'a/.git', 'x/.DS_Store', 'node_modules/.bin/tsc', 'a/node_modules/.bin', 'kv-1.0.0.troupe'])(
    'is true for %s',
    (path) => {
      expect(isLeftOut(path)).toBe(true);
    },
  );

  it.each(['.gitignore', 'git', 'node_modules/a/bin/x', 'lib/kv.troupe', '.troupe'])('is false for %s', (path) => {
    expect(isLeftOut(path)).toBe(false);
  });
});

// Helpers

function guard(limits: BundleLimits = {}): ReturnType<typeof createNameGuard> {
  return createNameGuard('bundle', resolveBundleLimits(limits));
}
