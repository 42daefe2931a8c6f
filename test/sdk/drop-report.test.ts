import { describe, expect, it } from 'vitest';
import { createRecordingLogger, createVirtualClock } from '../../src/ports/index.ts';
import { createDropReport } from '../../src/sdk/drop-report.ts';

describe('createDropReport', () => {
  it('says nothing while nothing is dropped', () => {
    const { clock, report, bytes } = setUp();

    report.check();
    clock.advance(10_000);
    report.close();

    expect(bytes()).toEqual([]);
  });

  it('reports at most once a second, each byte once', () => {
    const { clock, report, bytes, drop } = setUp();

    for (let time = 0; time < 30; time += 1) {
      drop(10);
      clock.advance(100);
    }

    expect(bytes()).toEqual([100, 100, 100]);
    expect(report).toBeDefined();
  });

  it('reports what is left at the end, and disarms its timer', () => {
    const { clock, report, bytes, drop } = setUp();

    drop(7);
    report.close();
    clock.advance(10_000);

    expect(bytes()).toEqual([7]);
    expect(clock.pending).toBe(0);
  });
});

// Helpers

function setUp() {
  const clock = createVirtualClock();
  const log = createRecordingLogger();
  let dropped = 0;
  const report = createDropReport(clock, log, () => dropped);
  return {
    clock,
    report,
    bytes: () => log.entries.map(({ fields }) => fields['bytes']),
    drop(bytes: number) {
      dropped += bytes;
      report.check();
    },
  };
}
