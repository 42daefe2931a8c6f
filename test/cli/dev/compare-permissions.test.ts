import { describe, expect, it } from 'vitest';
import { comparePermissions, permissionLines } from '../../../src/cli/dev/compare-permissions.ts';

const lines = (permissions: readonly string[], granted: readonly string[] | undefined, isFirst: boolean) =>
  permissionLines(comparePermissions({ artifact: artifact(permissions) }, granted), isFirst);

describe('permissionLines', () => {
  it.each<[string, readonly string[], readonly string[] | undefined, boolean, readonly string[]]>([
    ['all with = on the first build', ['a', 'net:x'], undefined, true, ['= a', '= net:x']],
    ['what is new to a host that knows the plugin with + on the first build', ['a', 'b'], ['a'], true, ['= a', '+ b']],
    ['nothing when equal', ['a', 'b'], ['a', 'b'], false, []],
    ['what was added and removed', ['a', 'c'], ['a', 'b'], false, ['+ c', '- b']],
    ['a whole turnover', ['c', 'd'], ['a', 'b'], false, ['+ c', '+ d', '- a', '- b']],
    ['the first permission of a plugin that had none with +', ['a'], [], false, ['+ a']],
    ['nothing when both are empty', [], [], false, []],
    ['nothing for a first build without permissions', [], undefined, true, []],
  ])('shows %s', (_, permissions, granted, isFirst, expected) => {
    expect(lines(permissions, granted, isFirst)).toEqual(expected);
  });
});

describe('comparePermissions', () => {
  it('finds sensitive only what the host has not granted', () => {
    const { sensitive } = comparePermissions({ artifact: artifact(['net:a', 'net:b', 'worker']) }, ['net:a']);

    expect(sensitive).toEqual(['net:b']);
  });
});

// Helpers

function artifact(permissions: readonly string[]) {
  return { name: 'kv', version: '1.0.0', kind: 'bundle' as const, digest: '0'.repeat(64), permissions };
}
