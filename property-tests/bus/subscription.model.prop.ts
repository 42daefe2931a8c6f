import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { createSystem } from '../../src/actors/index.ts';
import type { Delivery } from '../../src/bus/event-source.ts';
import { createSubscription } from '../../src/bus/subscription/index.ts';
import type { Subscription } from '../../src/bus/subscription/index.ts';
import { RuntimeError } from '../../src/errors/index.ts';
import type { OverflowPolicy } from '../../src/policy/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';
import type { ManualEnvironment } from '../../src/ports/index.ts';
import { nextTurn } from '../../test/actors/support.ts';
import { queuedEvent } from '../../test/bus/subscription/support.ts';
import { testScale } from '../../test/setup/size.ts';

/** One step. Numbers choose among what there is when the step is taken. */
interface Step {
  readonly kind:
    | 'offer'
    | 'take'
    | 'deliver'
    | 'fail'
    | 'unknown'
    | 'giveBack'
    | 'again'
    | 'pass'
    | 'turn'
    | 'attach'
    | 'stop';
  readonly number: number;
}

const CAPACITY = 3;
const MAX_BYTES = 12;
const MAX_IN_FLIGHT = 4;
const MAX_IN_FLIGHT_BYTES = 14;
const BLOCK_MS = 50;
const DRAIN_MS = 100;
const MUST_BE_SEEN = [
  'queued',
  'dropped',
  'rejected',
  'waits',
  'queued later',
  'dropped later',
  'delivered',
  'failed',
  'unknown',
  'redelivered',
  'settledTwice',
  'settledLate',
  'in-flight bound',
  'gave back out of order',
  'drained',
  'closed by deadline',
  'starting',
  'active.flowing',
  'active.overflowing',
  'suspended',
  'draining',
  'stopped',
];

const seen = new Set<string>();

afterAll(() => {
  if (testScale().runs >= 100) expect(MUST_BE_SEEN.filter((one) => !seen.has(one))).toEqual([]);
});

describe('a subscription, over any sequence of steps', () => {
  test.prop([policy(), fc.array(step(), { minLength: 5, maxLength: 80, size: 'max' })])(
    'Q1 to Q5, S1: agrees with a model of its queue, keeps its books after each step, and its chart agrees',
    async (overflow, steps) => {
      const world = createWorld(overflow);

      for (const one of steps) await world.take(one);

      await world.end();
    },
  );
});

// Helpers

interface Item {
  readonly number: number;
  readonly bytes: number;
  attempt: number;
}

/** The model: four lists and a clock. Written for reading; knows nothing of rings, entries or charts. */
class Model {
  fresh: Item[] = [];
  returned: Item[] = [];
  blocked: (Item & { readonly dueAt: number })[] = [];
  inFlight: Item[] = [];
  counts = {
    published: 0,
    delivered: 0,
    dropped: 0,
    failed: 0,
    unknown: 0,
    redelivered: 0,
    rejected: 0,
    settledTwice: 0,
    settledLate: 0,
  };
  outcomes = new Map<number, string>();
  gate: 'open' | 'draining' | 'closed' = 'open';
  readonly overflow: OverflowPolicy;

  constructor(overflow: OverflowPolicy) {
    this.overflow = overflow;
  }

  offer(item: Item, now: number): string {
    if (this.gate !== 'open') return 'rejected';
    this.counts.published++;
    if (this.blocked.length === 0 && this.#fits(item)) return this.#keep(item);
    if (
      this.overflow === 'block' &&
      item.bytes <= MAX_BYTES &&
      this.blocked.length < CAPACITY &&
      sum(this.blocked) + item.bytes <= MAX_BYTES
    ) {
      this.blocked.push({ ...item, dueAt: now + BLOCK_MS });
      return 'waits';
    }
    if (this.overflow === 'dropOldest' && item.bytes <= MAX_BYTES) {
      for (; !this.#fits(item); this.fresh.shift()) this.counts.dropped++;
      return this.#keep(item);
    }
    this.counts.dropped++;
    if (this.overflow !== 'reject' && this.overflow !== 'block') return 'dropped';
    this.counts.rejected++;
    return 'rejected';
  }

  take(most: number, bytes: number): Item[] {
    const taken: Item[] = [];
    while (taken.length < most && this.inFlight.length < MAX_IN_FLIGHT) {
      const [next] = [...this.returned, ...this.fresh];
      if (next === undefined) break;
      if (this.inFlight.length > 0 && sum(this.inFlight) + next.bytes > MAX_IN_FLIGHT_BYTES) break;
      if (taken.length > 0 && (sum(taken) + next.bytes > bytes || taken[0]?.attempt !== next.attempt)) break;
      (this.returned.length > 0 ? this.returned : this.fresh).shift();
      this.admit();
      this.inFlight.push(next);
      taken.push(next);
      if (next.attempt > 0) this.counts.redelivered++;
    }
    return taken;
  }

  admit(): void {
    for (let [first] = this.blocked; first !== undefined && this.#fits(first); [first] = this.blocked) {
      this.outcomes.set(first.number, 'queued');
      this.fresh.push({ number: first.number, bytes: first.bytes, attempt: 0 });
      this.blocked.shift();
    }
  }

  pass(now: number): void {
    for (let [first] = this.blocked; first !== undefined && first.dueAt <= now; [first] = this.blocked) {
      this.outcomes.set(first.number, 'dropped');
      this.blocked.shift();
      this.counts.dropped++;
      // Offers of the same moment go together.
      if ((this.blocked[0]?.dueAt ?? 0) > now || this.blocked.length === 0) this.admit();
    }
  }

  settle(number: number, how: 'delivered' | 'failed' | 'unknown'): void {
    if (this.#leaves(number)) this.counts[how]++;
  }

  giveBack(numbers: readonly number[], sent: boolean): void {
    for (const number of numbers) {
      const item = this.inFlight.find((one) => one.number === number);
      if (item === undefined || !this.#leaves(number)) continue;
      this.returned.push({ ...item, attempt: item.attempt + (sent ? 1 : 0) });
      this.returned.sort((a, b) => a.number - b.number);
    }
  }

  close(): void {
    if (this.gate === 'closed') return;
    this.gate = 'closed';
    this.counts.dropped += this.fresh.length + this.returned.length + this.blocked.length;
    this.counts.unknown += this.inFlight.length;
    for (const { number } of this.blocked) this.outcomes.set(number, 'dropped');
    [this.fresh, this.returned, this.blocked, this.inFlight] = [[], [], [], []];
  }

  get pending(): number {
    return this.fresh.length + this.returned.length + this.blocked.length + this.inFlight.length;
  }

  #leaves(number: number): boolean {
    const at = this.inFlight.findIndex((one) => one.number === number);
    if (at >= 0) this.inFlight.splice(at, 1);
    return at >= 0;
  }

  #fits(item: Item): boolean {
    return this.fresh.length < CAPACITY && sum(this.fresh) + item.bytes <= MAX_BYTES;
  }

  #keep(item: Item): 'queued' {
    this.fresh.push(item);
    return 'queued';
  }
}

function createWorld(overflow: OverflowPolicy) {
  const environment = createManualEnvironment();
  const system = createSystem({ environment });
  const model = new Model(overflow);
  const inEmitted: string[] = [];
  const subscription = createSubscription(
    {
      name: 'audit',
      overflow,
      capacity: CAPACITY,
      maxBytes: MAX_BYTES,
      maxInFlight: MAX_IN_FLIGHT,
      maxInFlightBytes: MAX_IN_FLIGHT_BYTES,
      blockMs: BLOCK_MS,
    },
    { system, publishEmitted: () => inEmitted.push(identity(subscription)) as never },
  );
  return new World(environment, system, subscription, model);
}

class World {
  readonly #environment: ManualEnvironment;
  readonly #system: ReturnType<typeof createSystem>;
  readonly #subscription: Subscription;
  readonly #model: Model;
  readonly #outcomes = new Map<number, string>();
  readonly #hands: Delivery[] = [];
  readonly #gone: Delivery[] = [];
  #offered = 0;
  #stopped: Promise<unknown> | undefined;
  #stopAt = Number.POSITIVE_INFINITY;
  #attached = false;

  constructor(
    environment: ManualEnvironment,
    system: ReturnType<typeof createSystem>,
    subscription: Subscription,
    model: Model,
  ) {
    this.#environment = environment;
    this.#system = system;
    this.#subscription = subscription;
    this.#model = model;
  }

  async take({ kind, number }: Step): Promise<void> {
    await this.#do(kind, number);
    this.#check();
  }

  async end(): Promise<void> {
    await this.#do('stop', 0);
    await this.#pass(DRAIN_MS);
    await this.#stopped;
    this.#check();
    expect([this.#model.gate, this.#subscription.state, this.#environment.clock.pending]).toEqual([
      'closed',
      'stopped',
      0,
    ]);
    expect(Object.fromEntries(this.#outcomes)).toEqual(Object.fromEntries(this.#model.outcomes));
    await this.#system.stop();
  }

  async #do(kind: Step['kind'], number: number): Promise<void> {
    const { source } = this.#subscription;
    switch (kind) {
      case 'offer':
        return this.#offer(1 + (number % 13));
      case 'take':
        return this.#takeSome(number % 5, 1 + (number % 20));
      case 'deliver':
        return this.#settle(number, 'delivered', (delivery) => source.delivered(delivery));
      case 'fail':
        return this.#settle(number, 'failed', (delivery) =>
          source.failed(delivery, new RuntimeError('HANDLER_FAILED', 'no')),
        );
      case 'unknown':
        return this.#settle(number, 'unknown', (delivery) => source.unknown(delivery));
      case 'giveBack':
        return this.#giveBack(number);
      case 'again':
        return this.#settleAgain(number);
      case 'pass':
        return this.#pass([1, 25, 50][number % 3] ?? 1);
      case 'turn':
        return this.#turn();
      case 'attach':
        this.#attached = !this.#attached;
        return source.onAvailable(this.#attached ? () => {} : undefined);
      case 'stop':
        return this.#stop();
    }
  }

  #offer(bytes: number): void {
    const number = ++this.#offered;
    const expected = this.#model.offer({ number, bytes, attempt: 0 }, this.#environment.clock.monotonic());
    const outcome = this.#subscription.offer(queuedEvent(number, { bytes }));
    if (typeof outcome !== 'string') {
      void outcome.then((later) => {
        seen.add(`${later} later`);
        this.#outcomes.set(number, later);
      });
    }
    seen.add(expected);
    expect(typeof outcome === 'string' ? outcome : 'waits').toBe(expected);
  }

  #takeSome(most: number, bytes: number): void {
    const expected = this.#model.take(most, bytes);
    const taken = this.#subscription.source.take(most, bytes);
    if (this.#model.inFlight.length === MAX_IN_FLIGHT) seen.add('in-flight bound');
    expect(taken.map(itemOf)).toEqual(expected.map((item) => ({ ...item })));
    this.#hands.push(...taken);
  }

  #settle(number: number, how: 'delivered' | 'failed' | 'unknown', settle: (delivery: Delivery) => void): void {
    const [delivery] = this.#hands.splice(number % Math.max(1, this.#hands.length), 1);
    if (delivery === undefined) return;
    this.#gone.push(delivery);
    if (this.#model.gate === 'closed') this.#model.counts.settledLate++;
    else this.#model.settle(itemOf(delivery).number, how);
    settle(delivery);
    seen.add(how);
    this.#lookForEnd();
  }

  /** Some of those in hand, in their order, in one or two parts. */
  #giveBack(number: number): void {
    const chosen = this.#hands.filter((_, i) => (number >> i) % 2 === 0);
    for (const one of chosen) this.#hands.splice(this.#hands.indexOf(one), 1);
    const parts = number % 3 === 0 ? [chosen] : [chosen.slice(0, 1), chosen.slice(1)];
    if (parts.every(({ length }) => length > 0) && parts.length > 1) seen.add('gave back out of order');
    for (const part of parts) {
      if (this.#model.gate === 'closed') this.#model.counts.settledLate += part.length;
      else
        this.#model.giveBack(
          part.map((one) => itemOf(one).number),
          number % 2 === 0,
        );
      this.#subscription.source.giveBack(part, { sent: number % 2 === 0 });
    }
    this.#gone.push(...chosen);
  }

  #settleAgain(number: number): void {
    const delivery = this.#gone[number % Math.max(1, this.#gone.length)];
    if (delivery === undefined) return;
    const counted = this.#model.gate === 'closed' ? 'settledLate' : 'settledTwice';
    this.#model.counts[counted]++;
    seen.add(counted);
    this.#subscription.source.delivered(delivery);
  }

  async #pass(ms: number): Promise<void> {
    const now = this.#environment.clock.monotonic() + ms;
    await this.#turn();
    // What expires at the very end of the drain does so before the chart closes the queue, or after: both drop it.
    for (let at = now - ms + 1; at <= now; at++) {
      this.#model.pass(at);
      this.#lookForEnd();
      if (at >= this.#stopAt && this.#model.gate === 'draining') {
        seen.add('closed by deadline');
        this.#model.close();
      }
    }
    await this.#environment.clock.advanceAsync(ms);
    await this.#turn();
  }

  async #turn(): Promise<void> {
    await nextTurn();
    const { state, source } = this.#subscription;
    seen.add(state);
    if (this.#model.gate === 'draining') expect(state).toBe('draining');
    if (this.#model.gate === 'closed') expect(state).toBe('stopped');
    if (this.#model.gate !== 'open') return;
    expect(state).toMatch(this.#attached ? /^active/ : /^(starting|suspended)$/);
    if (this.#attached && source.waiting === CAPACITY && this.#model.blocked.length > 0)
      expect(state).toBe('active.overflowing');
  }

  async #stop(): Promise<void> {
    if (this.#model.gate !== 'open') return;
    // The chart arms its deadline in a later turn, at the same time.
    this.#model.gate = 'draining';
    this.#stopAt = this.#environment.clock.monotonic() + DRAIN_MS;
    this.#stopped = this.#subscription.stop({ drainMs: DRAIN_MS });
    this.#check();
    this.#lookForEnd();
    await this.#turn();
  }

  #lookForEnd(): void {
    if (this.#model.gate !== 'draining' || this.#model.pending > 0) return;
    seen.add('drained');
    this.#model.gate = 'closed';
    this.#hands.length = 0;
  }

  #check(): void {
    const { counters, source } = this.#subscription;
    const { counts, pending, fresh, returned } = this.#model;
    if (counts.redelivered > 0) seen.add('redelivered');
    expect(identity(this.#subscription)).toBe('exact');
    expect(counters).toMatchObject({ ...counts, pending });
    expect([source.waiting, source.open]).toEqual([
      fresh.length + returned.length,
      this.#model.gate === 'open' || (this.#model.gate === 'draining' && fresh.length + returned.length > 0),
    ]);
  }
}

function identity({ counters }: Subscription): string {
  const { published, delivered, dropped, failed, pending, unknown } = counters;
  const sumOfAll = delivered + dropped + failed + pending + unknown;
  return published === sumOfAll ? 'exact' : `${published} published, ${sumOfAll} accounted for`;
}

function itemOf({ queued, attempt }: Delivery): Item {
  return { number: Number(queued.wire.id.slice(1)), bytes: queued.bytes, attempt };
}

function sum(items: readonly Item[]): number {
  return items.reduce((all, { bytes }) => all + bytes, 0);
}

function policy(): fc.Arbitrary<OverflowPolicy> {
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom<OverflowPolicy[]>('dropNewest', 'dropOldest', 'reject') },
    { weight: 1, arbitrary: fc.constant<OverflowPolicy>('block') },
  );
}

function step(): fc.Arbitrary<Step> {
  const of = (kind: Step['kind'], weight: number) => ({
    weight,
    arbitrary: fc.record({ kind: fc.constant(kind), number: fc.nat(1000) }),
  });
  return fc.oneof(
    of('offer', 20),
    of('take', 10),
    of('deliver', 5),
    of('fail', 2),
    of('unknown', 1),
    of('giveBack', 4),
    of('again', 2),
    of('pass', 3),
    of('turn', 3),
    of('attach', 2),
    of('stop', 1),
  );
}
