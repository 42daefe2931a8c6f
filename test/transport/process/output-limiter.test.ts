import { describe, expect, it } from 'vitest';
import { createVirtualClock } from '../../../src/ports/index.ts';
import type { DroppedOutput } from '../../../src/transport/process/index.ts';
import { createOutputLimiter } from '../../../src/transport/process/index.ts';

describe('createOutputLimiter', () => {
  it('admits 5000 lines at once and then 1000 a second', () => {
    const { admitOf, clock } = setUp({});

    expect(admitOf(10_000)).toBe(5_000);
    clock.advance(1_000);
    expect(admitOf(10_000)).toBe(1_000);
    clock.advance(250);
    expect(admitOf(10_000)).toBe(250);
  });

  it('saves no more than its burst of 10 in an hour of quiet', () => {
    const { admitOf, clock } = setUp({ linesPerSecond: 100, burst: 10 });
    clock.advance(3_600_000);

    expect(admitOf(1_000)).toBe(10);
    expect(admitOf(1_000)).toBe(0);
  });

  it('reports dropped lines and bytes once a second while it drops', () => {
    const { admitOf, clock, reports } = setUp({ linesPerSecond: 1, burst: 1 });

    for (let i = 0; i < 20; i++) {
      admitOf(10);
      clock.advance(100);
    }

    expect(reports).toHaveLength(2);
    expect(reports.map(({ lines }) => lines).reduce((a, b) => a + b)).toBe(198);
    expect(reports.every(({ lines, bytes }) => bytes === lines * 7)).toBe(true);
  });

  it('reports the end of a flood without another line', () => {
    const { admitOf, clock, reports } = setUp({ linesPerSecond: 1, burst: 2 });

    admitOf(5);
    clock.advance(1_000);
    clock.advance(60_000);

    expect(reports).toEqual([{ lines: 3, bytes: 21 }]);
    expect(clock.pending).toBe(0);
  });

  it('reports the rest at close and arms no timer afterwards', () => {
    const { admitOf, clock, limiter, reports } = setUp({ linesPerSecond: 1, burst: 1 });
    admitOf(3);

    limiter.close();
    limiter.close();
    admitOf(3);

    expect(reports).toEqual([{ lines: 2, bytes: 14 }]);
    expect(clock.pending).toBe(0);
  });

  it.each([{ linesPerSecond: 0 }, { burst: 0 }, { linesPerSecond: Number.NaN }])('refuses %o', (options) => {
    expect(() => createOutputLimiter(options, createVirtualClock())).toThrow(/INVALID_OPTIONS/);
  });
});

// Helpers

function setUp(options: { linesPerSecond?: number; burst?: number }) {
  const clock = createVirtualClock();
  const reports: DroppedOutput[] = [];
  const limiter = createOutputLimiter({ ...options, onDropped: (dropped) => reports.push(dropped) }, clock);
  const admitOf = (lines: number): number =>
    Array.from({ length: lines }, () => limiter.admit(7)).filter(Boolean).length;
  return { clock, limiter, reports, admitOf };
}
