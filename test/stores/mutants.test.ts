import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { STORE_MUTANTS } from '../../property-tests/mutants/stores.ts';

describe('the planted bugs of stores', () => {
  it.each(STORE_MUTANTS)('still fit: $name', ({ file, from, killedBy }) => {
    const parts = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split(from);

    expect(parts).toHaveLength(2);
    expect(existsSync(new URL(`../../${killedBy}`, import.meta.url))).toBe(true);
  });
});
