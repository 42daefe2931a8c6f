import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createDebounce } from '../../src/cli/dev/watch/debounce.ts';
import { createVirtualClock } from '../../src/ports/index.ts';

const QUIET_MS = 200;
const MOST_MS = 2_000;
// Bursts, some of them longer than the bound, with a pause behind each.
const burst = fc
  .tuple(fc.array(fc.nat(150), { maxLength: 60 }), fc.nat(600))
  .map(([close, pause]) => [...close, pause]);
const gaps = fc.array(burst, { minLength: 1, maxLength: 5, size: 'max' }).map((bursts) => bursts.flat());

describe('P11: the debounce, for any times of events', () => {
  test.prop([gaps])('signals at most once for each event, and never without one', (given) => {
    const { events, signals } = run(given);

    expect(signals.length).toBeLessThanOrEqual(events.length);
    expect(signals.every((at, index) => events.some((event) => event < at && event >= (signals[index - 1] ?? 0)))).toBe(
      true,
    );
  });

  test.prop([gaps])('loses no event: each is followed by a signal within 2,000 ms', (given) => {
    const { events, signals } = run(given);

    for (const event of events) expect(signals.some((at) => at > event && at <= event + MOST_MS)).toBe(true);
  });

  test.prop([gaps])('signals only after 200 ms of quiet, or 2,000 ms after the first event of a burst', (given) => {
    const { events, signals } = run(given);

    for (const [index, at] of signals.entries()) {
      const burst = events.filter((event) => event < at && event >= (signals[index - 1] ?? 0));
      const [first = 0, last = 0] = [burst[0], burst.at(-1)];
      expect(at === last + QUIET_MS || at === first + MOST_MS).toBe(true);
    }
  });
});

// Helpers

/** Pushes after each gap; no two events are at one moment, and a signal that is due at that of an event comes before it. */
function run(gapsMs: readonly number[]): { events: number[]; signals: number[] } {
  const clock = createVirtualClock();
  const events: number[] = [];
  const signals: number[] = [];
  const debounce = createDebounce(clock, () => signals.push(clock.monotonic()));
  for (const gap of gapsMs) {
    clock.advance(gap + 1);
    events.push(clock.monotonic());
    debounce.push();
  }
  clock.runToIdle();
  return { events, signals };
}
