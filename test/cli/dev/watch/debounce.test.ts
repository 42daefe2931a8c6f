import { describe, expect, it } from 'vitest';
import { createDebounce } from '../../../../src/cli/dev/watch/debounce.ts';
import type { Debounce } from '../../../../src/cli/dev/watch/debounce.ts';
import { createVirtualClock } from '../../../../src/ports/index.ts';
import type { VirtualClock } from '../../../../src/ports/index.ts';

describe('createDebounce', () => {
  it('makes 1 signal of a burst, 200 ms after its last event', () => {
    const { clock, debounce, signals } = rig();

    for (let index = 0; index < 5; index += 1) {
      debounce.push();
      clock.advance(100);
    }
    clock.advance(1_000);

    expect(signals).toEqual([600]);
  });

  it('makes 2 signals of 2 bursts', () => {
    const { clock, debounce, signals } = rig();

    debounce.push();
    clock.advance(500);
    debounce.push();
    clock.advance(500);

    expect(signals).toEqual([200, 700]);
  });

  it('signals every 2,000 ms while events go on and on', () => {
    const { clock, debounce, signals } = rig();

    for (let index = 0; index < 50; index += 1) {
      debounce.push();
      clock.advance(100);
    }

    expect(signals).toEqual([2_000, 4_000]);
  });

  it('signals nothing after it was closed, and leaves no timer', () => {
    const { clock, debounce, signals } = rig();

    debounce.push();
    debounce.close();
    debounce.push();
    clock.advance(5_000);

    expect([signals, clock.pending]).toEqual([[], 0]);
  });
});

// Helpers

function rig(): { clock: VirtualClock; debounce: Debounce; signals: number[] } {
  const clock = createVirtualClock();
  const signals: number[] = [];
  return { clock, debounce: createDebounce(clock, () => signals.push(clock.monotonic())), signals };
}
