import { describe, expect, it } from 'vitest';

import { InvalidOptionsError } from '../../../src/errors/index.ts';
import { chooseVersion } from '../../../src/transport/go-plugin/version-negotiation.ts';

describe('chooseVersion', () => {
  it.each([
    ['the highest common version', [1, 2], [1, 2], 2],
    ['the highest common version in any order', [2, 3, 1], [1, 2, 7], 2],
    ['the only common version', [1, 5], [5, 9], 5],
    ['its lowest version when none is common', [2, 1], [7, 9], 1],
    ['its lowest version when the host names none', [4, 3], [], 3],
    ['version 0', [0], [], 0],
  ])('picks %s', (_what, pluginVersions, hostVersions, expected) => {
    expect(chooseVersion(pluginVersions, hostVersions)).toBe(expected);
  });

  it('leaves both lists as they are', () => {
    const versions = Object.freeze([3, 1, 2]);

    expect(chooseVersion(versions, versions)).toBe(3);
  });

  it('refuses a plugin without any version', () => {
    expect(() => chooseVersion([], [1])).toThrow(InvalidOptionsError);
  });
});
