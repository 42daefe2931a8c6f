import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REPLACEMENT_MUTANTS } from '../../../property-tests/mutants/replacement.ts';

describe('the planted bugs of the change of a version', () => {
  it.each(REPLACEMENT_MUTANTS)('still fit: $name', ({ file, from, killedBy }) => {
    const parts = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8').split(from);

    expect(parts).toHaveLength(2);
    expect(existsSync(new URL(`../../../${killedBy}`, import.meta.url))).toBe(true);
  });
});
