import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { createVirtualClock } from '../../src/ports/index.ts';
import type { TimerHandle, VirtualClock } from '../../src/ports/index.ts';

/** What a timer does when it fires. */
interface Plan {
  readonly delayMs: number;
  /** Armed by the callback. */
  readonly nested: readonly Plan[];
  /** Timers that the callback clears, as indexes into all timers armed so far. */
  readonly clears: readonly number[];
  readonly throws: boolean;
}

type Step =
  | { readonly kind: 'arm'; readonly plan: Plan }
  | { readonly kind: 'clear'; readonly index: number }
  | { readonly kind: 'advance' | 'jump'; readonly ms: number }
  | { readonly kind: 'runToIdle' };

describe('a virtual clock', () => {
  test.prop([fc.nat(1000), fc.array(step(), { maxLength: 30, size: 'max' })])(
    'behaves like a list of timers that is searched for the earliest each time',
    (startAt, steps) => {
      const real = new Run(createVirtualClock({ startAt }));
      const model = new Run(new ListClock(startAt));

      for (const each of steps) {
        real.perform(each);
        model.perform(each);

        expect(real.observed()).toEqual(model.observed());
      }
    },
  );

  test.prop([fc.array(fc.tuple(fc.nat(1000), fc.boolean()), { maxLength: 200, size: 'max' })])(
    'fires what is left of many timers in order',
    (timers) => {
      const clock = createVirtualClock();
      const fired: number[] = [];
      const handles = timers.map(([delayMs]) => clock.setTimeout(() => fired.push(delayMs), delayMs));

      for (const [index, [, cleared]] of timers.entries()) if (cleared) clock.clearTimeout(handles[index]);
      clock.advance(1000);

      const left = timers.filter(([, cleared]) => !cleared).map(([delayMs]) => delayMs);
      expect(fired).toEqual(left.toSorted((a, b) => a - b));
    },
  );

  test.prop([fc.array(step(fc.constant(false)), { maxLength: 30, size: 'max' })])(
    'ends at the same time when each advance is cut in two',
    (steps) => {
      const whole = new Run(createVirtualClock());
      const cut = new Run(createVirtualClock());

      for (const each of steps) {
        whole.perform(each);
        for (const part of inTwo(each)) cut.perform(part);
      }

      expect(cut.observed()).toEqual(whole.observed());
    },
  );
});

// Helpers

function plan(throws: fc.Arbitrary<boolean>, depth = 2): fc.Arbitrary<Plan> {
  return fc.record({
    delayMs: fc.oneof(fc.nat(50), fc.constantFrom(0, -1, 2 ** 31, Number.POSITIVE_INFINITY)),
    nested: depth === 0 ? fc.constant([]) : fc.array(plan(throws, depth - 1), { maxLength: 2 }),
    clears: fc.array(fc.nat(20), { maxLength: 2 }),
    throws,
  });
}

function step(throws = fc.boolean()): fc.Arbitrary<Step> {
  return fc.oneof(
    { weight: 4, arbitrary: plan(throws).map((planned): Step => ({ kind: 'arm', plan: planned })) },
    { weight: 1, arbitrary: fc.nat(20).map((index): Step => ({ kind: 'clear', index })) },
    { weight: 3, arbitrary: fc.oneof(fc.nat(60), fc.constant(2 ** 31)).map((ms): Step => ({ kind: 'advance', ms })) },
    { weight: 1, arbitrary: fc.integer({ min: -99, max: 99 }).map((ms): Step => ({ kind: 'jump', ms })) },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: 'runToIdle' }) },
  );
}

function inTwo(step: Step): readonly Step[] {
  if (step.kind !== 'advance') return [step];
  const first = Math.floor(step.ms / 3);
  return [
    { ...step, ms: first },
    { ...step, ms: step.ms - first },
  ];
}

type TestedClock = Omit<VirtualClock, 'advanceTo' | 'advanceAsync'>;

/** Performs steps on one clock and notes all that can be seen. */
class Run {
  readonly #clock: TestedClock;
  readonly #handles: TimerHandle[] = [];
  readonly #log: string[] = [];

  constructor(clock: TestedClock) {
    this.#clock = clock;
  }

  perform(step: Step): void {
    if (step.kind === 'arm') this.#arm(step.plan);
    if (step.kind === 'clear') this.#clock.clearTimeout(this.#handles[step.index]);
    if (step.kind === 'jump') this.#clock.jumpWallClock(step.ms);
    try {
      if (step.kind === 'advance') this.#clock.advance(step.ms);
      if (step.kind === 'runToIdle') this.#log.push(`idle ${this.#clock.runToIdle({ limitMs: 1000 })}`);
    } catch (error) {
      const errors = error instanceof AggregateError ? error.errors : [error];
      this.#log.push(`threw ${errors.join()}`);
    }
  }

  observed(): { log: readonly string[]; now: number; monotonic: number; pending: number; next: number | undefined } {
    const clock = this.#clock;
    const [now, monotonic, pending, next] = [clock.now(), clock.monotonic(), clock.pending, clock.next()];
    return { log: [...this.#log], now, monotonic, pending, next };
  }

  #arm({ delayMs, nested, clears, throws }: Plan): void {
    const name = this.#handles.length;
    const fire = (): void => {
      this.#log.push(`${name} at ${this.#clock.now()} (${this.#clock.monotonic()})`);
      for (const each of nested) this.#arm(each);
      for (const index of clears) this.#clock.clearTimeout(this.#handles[index]);
      if (throws) throw new Error(`${name}`);
    };
    this.#handles.push(this.#clock.setTimeout(fire, delayMs));
  }
}

/** The model: no heap, no claim, one list. */
class ListClock implements TestedClock {
  #timers: { at: number; fire: () => void }[] = [];
  #elapsed = 0;
  #wall: number;

  constructor(startAt: number) {
    this.#wall = startAt;
  }

  now = (): number => this.#wall + this.#elapsed;
  monotonic = (): number => this.#elapsed;
  jumpWallClock = (ms: number): void => void (this.#wall += ms);
  clearTimeout = (handle: unknown): void => void (this.#timers = this.#timers.filter((timer) => timer !== handle));

  get pending(): number {
    return this.#timers.length;
  }

  next = (): number | undefined => (this.pending === 0 ? undefined : this.#wall + this.#earliest());
  #earliest = (): number => Math.min(...this.#timers.map(({ at }) => at));

  setTimeout(fire: () => void, delayMs: number): TimerHandle {
    const timer = { at: this.#elapsed + Math.max(0, delayMs), fire };
    this.#timers.push(timer);
    return timer as object as TimerHandle;
  }

  advance(ms: number): void {
    this.#run(this.#elapsed + ms, true);
  }

  runToIdle({ limitMs = 0 }: { limitMs?: number | undefined } = {}): boolean {
    this.#run(this.#elapsed + limitMs, false);
    return this.pending === 0;
  }

  #run(until: number, toTheEnd: boolean): void {
    const errors: unknown[] = [];
    while (this.pending > 0 && this.#earliest() <= until) {
      const timer = this.#timers.find(({ at }) => at === this.#earliest());
      this.#elapsed = timer?.at ?? until;
      this.clearTimeout(timer);
      try {
        timer?.fire();
      } catch (error) {
        errors.push(error);
      }
    }
    if (toTheEnd || this.pending > 0) this.#elapsed = until;
    if (errors.length > 0) throw new AggregateError(errors);
  }
}
