import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVENT_STREAM_MUTANTS } from '../../property-tests/mutants/event-stream.ts';

describe('the planted bugs of event delivery', () => {
  it.each(EVENT_STREAM_MUTANTS)('still fit: $name', ({ file, from, killedBy }) => {
    const parts = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').split(from);

    expect(parts).toHaveLength(2);
    expect(existsSync(new URL(`../../${killedBy}`, import.meta.url))).toBe(true);
  });
});
