import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { TimerWheel } from '../../src/policy/index.ts';
import type { TimerEntry } from '../../src/policy/index.ts';

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

type Step =
  /** `delaysMs` from the present, which may lie in the past. */
  | { readonly call: 'add'; readonly delaysMs: readonly number[] }
  | { readonly call: 'cancel'; readonly index: number }
  /** Cancels the timer that would be next. */
  | { readonly call: 'cancelNext' }
  /** Moves the time, then expires; each of the first timers that fire arms one more. */
  | { readonly call: 'pass'; readonly ms: number; readonly rearmMs: readonly number[] };

type Wheel = Pick<TimerWheel<number>, 'add' | 'cancel' | 'expire' | 'next' | 'size'>;

describe('TimerWheel', () => {
  test.prop([startAt(), fc.array(step(), { maxLength: 60, size: 'max' })])(
    'W1: behaves like a list of timers that is searched for the earliest each time',
    (start, steps) => {
      const real = new Run(new TimerWheel<number>(start), start);
      const model = new Run(new ListWheel(), start);

      for (const each of steps) {
        real.perform(each);
        model.perform(each);

        expect(real.observed()).toEqual(model.observed());
      }
    },
  );
});

// Helpers

function startAt(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat(100), fc.constantFrom(0.5, 1_800_000_000_000, -40, 2 ** 31 - 2, 2 ** 40 - 1));
}

/** From fractions of a tick to thousands of years, and often next to where a digit of the tick changes. */
function delayMs(): fc.Arbitrary<number> {
  const quarters = fc.nat(400).map((quarter) => quarter / 4);
  const edges = fc.tuple(fc.nat(47), fc.integer({ min: -3, max: 3 })).map(([bits, offset]) => 2 ** bits + offset / 2);
  return fc.oneof(
    quarters,
    fc.nat(5_000),
    edges,
    fc.nat(9_000).map((years) => years * YEAR_MS),
    overdue(),
  );
}

function overdue(): fc.Arbitrary<number> {
  return fc.oneof(fc.integer({ min: -60, max: 0 }), fc.constantFrom(-1e9, Number.POSITIVE_INFINITY));
}

function step(): fc.Arbitrary<Step> {
  const passed = fc.oneof(
    fc.nat(80).map((ms) => ms / 2),
    delayMs(),
  );
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ call: fc.constant('add' as const), delaysMs: fc.array(delayMs(), { maxLength: 6 }) }),
    },
    { weight: 2, arbitrary: fc.record({ call: fc.constant('cancel' as const), index: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.constant<Step>({ call: 'cancelNext' }) },
    {
      weight: 3,
      arbitrary: fc.record({
        call: fc.constant('pass' as const),
        ms: passed.filter(Number.isFinite),
        rearmMs: fc.array(delayMs(), { maxLength: 3 }),
      }),
    },
  );
}

/** Performs steps on one wheel and notes all that can be seen. */
class Run {
  readonly #wheel: Wheel;
  readonly #timers: TimerEntry<number>[] = [];
  readonly #log: string[] = [];
  #now: number;

  constructor(wheel: Wheel, start: number) {
    this.#wheel = wheel;
    this.#now = start;
  }

  perform(step: Step): void {
    if (step.call === 'add') for (const delay of step.delaysMs) this.#add(delay);
    if (step.call === 'cancel') this.#cancel(this.#timers[step.index % (this.#timers.length || 1)]);
    if (step.call === 'cancelNext') {
      const next = this.#wheel.next();
      this.#cancel(this.#timers.find(({ armed, deadlineMs }) => armed && deadlineMs === next));
    }
    if (step.call === 'pass') this.#pass(step.ms, [...step.rearmMs]);
  }

  observed(): unknown {
    return {
      log: this.#log,
      next: this.#wheel.next(),
      size: this.#wheel.size,
      armed: this.#timers.map((t) => t.armed),
    };
  }

  #add(delay: number): void {
    this.#timers.push(this.#wheel.add(this.#now + delay, this.#timers.length));
  }

  #cancel(timer: TimerEntry<number> | undefined): void {
    if (timer !== undefined) this.#log.push(`cancel ${timer.value}: ${this.#wheel.cancel(timer)}`);
  }

  #pass(ms: number, rearmMs: number[]): void {
    this.#now += ms;
    for (let fired = this.#wheel.expire(this.#now); fired; fired = this.#wheel.expire(this.#now)) {
      this.#log.push(`${fired.value} at ${fired.deadlineMs} of ${this.#now}`);
      const delay = rearmMs.shift();
      if (delay !== undefined) this.#add(delay);
    }
  }
}

/** The model: one list in order of arming. */
class ListWheel implements Wheel {
  #timers: { deadlineMs: number; value: number; armed: boolean }[] = [];

  get size(): number {
    return this.#timers.length;
  }

  add(deadlineMs: number, value: number): TimerEntry<number> {
    const timer = { deadlineMs, value, armed: true };
    this.#timers.push(timer);
    return timer;
  }

  cancel(entry: TimerEntry<number>): boolean {
    const timer = this.#timers.find((one) => one === entry);
    if (timer !== undefined) timer.armed = false;
    this.#timers = this.#timers.filter((one) => one !== entry);
    return timer !== undefined;
  }

  next(): number | undefined {
    return this.size === 0 ? undefined : Math.min(...this.#timers.map(({ deadlineMs }) => deadlineMs));
  }

  expire(nowMs: number): TimerEntry<number> | undefined {
    const next = this.next();
    if (next === undefined || next > nowMs) return undefined;
    const timer = this.#timers.find(({ deadlineMs }) => deadlineMs === next);
    if (timer !== undefined) this.cancel(timer);
    return timer;
  }
}
