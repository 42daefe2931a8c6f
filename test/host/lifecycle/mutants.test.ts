import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIFECYCLE_MUTANTS } from '../../../property-tests/mutants/lifecycle.ts';

describe('the planted bugs of the lifecycle', () => {
  it.each(LIFECYCLE_MUTANTS)('still fit: $name', ({ file, from, killedBy }) => {
    const parts = readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8').split(from);

    expect(parts).toHaveLength(2);
    expect(existsSync(new URL(`../../../${killedBy}`, import.meta.url))).toBe(true);
  });
});
