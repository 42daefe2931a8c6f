import { describe, expect, it } from 'vitest';
import { createProcessLauncher } from '../../../src/transport/process/index.ts';
import { chooseParentDeath } from '../../../src/transport/process/parent-death.ts';
import type { ParentDeathFacts, ParentDeathMode } from '../../../src/transport/process/parent-death.ts';

const linux: ParentDeathFacts = { platform: 'linux', isMainThread: true, setpriv: '/usr/bin/setpriv' };

describe('chooseParentDeath', () => {
  it.each<[ParentDeathMode, Partial<ParentDeathFacts>, string]>([
    ['auto', {}, 'setpriv'],
    ['auto', { setpriv: undefined }, 'reaper'],
    ['auto', { isMainThread: false }, 'reaper'],
    ['auto', { platform: 'darwin' }, 'reaper'],
    ['auto', { platform: 'win32', setpriv: undefined }, 'none'],
    ['setpriv', {}, 'setpriv'],
    ['setpriv', { isMainThread: false }, 'setpriv'],
    ['reaper', {}, 'reaper'],
    ['none', {}, 'none'],
  ])('answers %s with %o by %s', (mode, facts, kind) => {
    expect(chooseParentDeath(mode, { ...linux, ...facts })).toMatchObject({ kind });
  });

  it.each<[ParentDeathMode, Partial<ParentDeathFacts>]>([
    ['setpriv', { setpriv: undefined }],
    ['reaper', { platform: 'win32' }],
  ])('refuses %s with %o', (mode, facts) => {
    expect(() => chooseParentDeath(mode, { ...linux, ...facts })).toThrow(/UNSUPPORTED_PLATFORM/);
  });
});

describe('createProcessLauncher', () => {
  it('refuses a parent death mode that does not exist', () => {
    expect(() => createProcessLauncher({ parentDeath: 'maybe' as ParentDeathMode })).toThrow(
      /"parentDeath" is not one/,
    );
  });
});
