import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HOST_EVENT_MUTANTS } from '../../property-tests/mutants/host-events.ts';

describe('the planted bugs between plugins and the bus, and in manifests', () => {
  it.each(HOST_EVENT_MUTANTS)('still fit: $name', ({ file, from, killedBy }) => {
    const parts = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split(from);

    expect(parts).toHaveLength(2);
    expect(existsSync(new URL(`../../${killedBy}`, import.meta.url))).toBe(true);
  });
});
