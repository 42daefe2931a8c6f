import { describe, expect, it } from 'vitest';
import { ignoredIn } from '../../../../src/cli/dev/watch/ignored.ts';

const own = ['/kv/out'];

describe('ignoredIn', () => {
  it.each([
    ...['build', 'target', 'node_modules', '.git', '.idea', '.vscode', 'vendor', 'dist', '__pycache__'].map(
      (name) => `${name}/x.ts`,
    ),
    'deep/build/x.ts',
    'plugin.ts~',
    '.#plugin.ts',
    '#plugin.ts#',
    '.plugin.ts.swp',
    '.plugin.ts.swx',
    '4913',
    'plugin.ts.tmp',
    'plugin.ts___jb_tmp___',
    'plugin.ts___jb_old___',
    '.DS_Store',
    'out/x.ts',
    '../other/x.ts',
  ])('ignores %s', (path) => {
    expect(ignoredIn({ directory: '/kv', own })(`/kv/${path}`, 'file')).toBe(true);
  });

  it.each(['plugin.ts', 'src/plugin.ts', 'builder/x.ts', 'outer/x.ts', 'swp', '.env', 'src/dist.ts'])(
    'takes %s for a source',
    (path) => {
      expect(ignoredIn({ directory: '/kv', own })(`/kv/${path}`, 'file')).toBe(false);
    },
  );

  it('says the same of a directory, and of a path that is gone', () => {
    const isIgnored = ignoredIn({ directory: '/kv', own });

    expect([isIgnored('/kv/deep/dist', 'directory'), isIgnored('/kv/deep/dist'), isIgnored('/kv')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('with patterns, takes only what they match', () => {
    const isIgnored = ignoredIn({ directory: '/kv', only: ['plugin.yaml', 'src/**/*.ts'] });

    expect(
      ['plugin.yaml', 'src/a/b.ts', 'src/b.ts', 'notes.md'].map((path) => isIgnored(`/kv/${path}`, 'file')),
    ).toEqual([false, false, false, true]);
    expect(isIgnored('/kv/src', 'directory')).toBe(false);
  });

  it('ignores the data directory of a host with all that it holds, and not the project around it', () => {
    const isIgnored = ignoredIn({ directory: '/kv', holdsHost: (path) => path === '/kv/data' || path === '/kv' });

    expect(
      [
        ['data', 'directory'],
        ['data/audit.key', 'file'],
        ['data/logs/kv.log', 'file'],
        ['data/gone', undefined],
        ['plugin.ts', 'file'],
        ['date/x.ts', 'file'],
      ].map(([path, kind]) => isIgnored(`/kv/${path}`, kind as 'file' | undefined)),
    ).toEqual([true, true, true, true, false, false]);
  });
});
