import { describe, expect, it } from 'vitest';
import { changed, check, SMALLEST } from './support.ts';

describe('the version in a manifest', () => {
  it.each([
    '0.0.0',
    '1.0.0-0',
    '1.0.0-rc.1',
    '1.0.0-alpha-1.x',
    '1.0.0-0a.01-.10',
    `1.0.0-${'9'.repeat(250)}`,
    `1.0.0-${'a'.repeat(250)}`,
    '1.0.0+20130313144700',
    '1.0.0-beta+exp.sha.5114f85',
    '1.0.0+007',
    '999999999.0.0',
  ])('may be %s', (version) => {
    expect(check(changed(SMALLEST, 'version', version)).problems).toEqual([]);
  });

  it.each([
    '1',
    '1.2',
    '1.2.3.4',
    '01.2.3',
    '1.02.3',
    '1.2.3-',
    '1.2.3-a..b',
    '1.2.3-01',
    '1.2.3-rc.01',
    '1.2.3+',
    '1.2.3+a+b',
    'v1.2.3',
    '=1.2.3',
    ' 1.2.3',
    '1.2.3 ',
    '1.2.x',
    '^1.2.3',
    '-1.2.3',
    '1.2.3-ä',
  ])('is refused as %j', (version) => {
    expect(check(changed(SMALLEST, 'version', version)).problems).toMatchObject([
      { path: 'version', message: expect.stringContaining('must be a semantic version') },
    ]);
  });
});
