import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../../../src/errors/index.ts';
import type { OverflowPolicy } from '../../../src/policy/index.ts';
import { createWorld, nextTurn, numbersOf, queuedEvent } from './support.ts';

describe('a full queue of 2', () => {
  it.each<[OverflowPolicy, unknown, number[], object]>([
    ['dropNewest', 'dropped', [1, 2], { dropped: 1, rejected: 0 }],
    ['dropOldest', 'queued', [2, 3], { dropped: 1, rejected: 0 }],
    ['reject', 'rejected', [1, 2], { dropped: 1, rejected: 1 }],
  ])('I9: under %s answers %s and keeps %j', (overflow, answer, kept, counters) => {
    const world = createWorld({ capacity: 2, overflow });

    const answers = world.offer(1, 2, 3);

    expect(answers).toEqual(['queued', 'queued', answer]);
    expect(world.subscription.counters).toMatchObject({ published: 3, pending: 2, ...counters });
    expect(numbersOf(world.take())).toEqual(kept);
  });

  it('I9: under block makes publishers wait, first come, first served', async () => {
    const world = createWorld({ capacity: 2, overflow: 'block' });
    const [, , third, fourth] = world.offer(1, 2, 3, 4);

    const taken = [numbersOf(world.take(1)), numbersOf(world.take(9))];

    expect(await Promise.all([third, fourth])).toEqual(['queued', 'queued']);
    expect(taken).toEqual([[1], [2, 3, 4]]);
  });

  it('drops a blocked offer after 5,000 ms, and one for which there is no place to wait at once', async () => {
    const world = createWorld({ capacity: 1, overflow: 'block' });
    const [, second, third] = world.offer(1, 2, 3);

    world.environment.clock.advance(4999);
    const before = world.subscription.counters.pending;
    world.environment.clock.advance(1);

    expect([third, before, await second]).toEqual(['rejected', 2, 'dropped']);
    expect(world.subscription.counters).toMatchObject({ published: 3, dropped: 2, pending: 1 });
  });

  it('lets a small event in behind a large one that has waited in vain', async () => {
    const { subscription, environment } = createWorld({ maxBytes: 10, overflow: 'block', blockMs: 100 });
    void subscription.offer(queuedEvent(1, { bytes: 5 }));
    const large = subscription.offer(queuedEvent(2, { bytes: 6 }));
    environment.clock.advance(50);
    const small = subscription.offer(queuedEvent(3, { bytes: 4 }));

    environment.clock.advance(50);

    expect([await large, await small, environment.clock.pending]).toEqual(['dropped', 'queued', 0]);
  });

  it.each<[OverflowPolicy, string]>([
    ['dropNewest', 'dropped'],
    ['dropOldest', 'dropped'],
    ['block', 'rejected'],
  ])('under %s an event that can never fit alone is %s', (overflow, outcome) => {
    const { subscription } = createWorld({ maxBytes: 10, overflow });
    void subscription.offer(queuedEvent(1, { bytes: 10 }));

    expect(subscription.offer(queuedEvent(2, { bytes: 11 }))).toBe(outcome);
    expect(subscription.counters).toMatchObject({ dropped: 1, pending: 1 });
  });

  it('is one of 64 MiB or 256 events by default', () => {
    const { subscription } = createWorld();
    const { subscription: other } = createWorld();
    const count = Array.from({ length: 257 }, (_, i) => subscription.offer(queuedEvent(i)));
    const bytes = Array.from({ length: 17 }, (_, i) => other.offer(queuedEvent(i, { bytes: 4 * 1_048_576 })));

    expect([count.indexOf('dropped'), bytes.indexOf('dropped')]).toEqual([256, 16]);
  });
});

describe('taking', () => {
  it('gives 1 event at least, and no more bytes than said', () => {
    const { subscription } = createWorld();
    for (const number of [1, 2, 3]) void subscription.offer(queuedEvent(number, { bytes: 10 }));

    const taken = [5, 20].map((bytes) => numbersOf(subscription.source.take(9, bytes)));

    expect(taken).toEqual([[1], [2, 3]]);
    expect(subscription.source.take(9, 9)).toEqual([]);
  });

  it('Q5: gives nothing beyond 2 events or 10 bytes in flight, and 1 event of any size', () => {
    const { subscription } = createWorld({ maxInFlight: 2, maxInFlightBytes: 10 });
    for (const [number, bytes] of [4, 4, 4, 11].entries()) void subscription.offer(queuedEvent(number, { bytes }));
    const take = () => subscription.source.take(9, 99);

    const first = take();
    const none = take();
    for (const delivery of first) subscription.source.delivered(delivery);
    const second = take();
    for (const delivery of second) subscription.source.delivered(delivery);

    expect([first, none, second, take()].map(numbersOf)).toEqual([[0, 1], [], [2], [3]]);
  });

  it('gives deliveries of one attempt only', () => {
    const world = createWorld();
    world.offer(1, 2, 3);
    const { source } = world.subscription;
    source.giveBack(world.take(1), { sent: true });

    const taken = [world.take(), world.take()];

    expect(taken.map(numbersOf)).toEqual([[1], [2, 3]]);
    expect(taken.flat().map(({ attempt }) => attempt)).toEqual([1, 0, 0]);
    expect(world.subscription.counters.redelivered).toBe(1);
  });

  it('Q3: gives what came back in the order of offers, however it came back, and drops none of it', () => {
    const world = createWorld({ capacity: 4, overflow: 'dropOldest' });
    world.offer(1, 2, 3, 4);
    const [one, two, three, four] = world.take() as [never, never, never, never];
    world.offer(5, 6, 7, 8, 9);

    for (const part of [[two], [four], [three], [one]]) world.subscription.source.giveBack(part, { sent: false });

    expect(numbersOf(world.take())).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
  });

  it('tells the listener once for each change from nothing to something', () => {
    const world = createWorld();
    let calls = 0;
    world.subscription.source.onAvailable(() => void calls++);
    world.offer(1, 2);
    world.subscription.source.giveBack(world.take(), { sent: false });
    world.offer(3);

    expect(calls).toBe(2);
  });

  it('I7: logs a listener that throws, and the offer counts', () => {
    const world = createWorld();
    world.subscription.source.onAvailable(() => {
      throw new Error('no');
    });

    expect(world.offer(1)).toEqual(['queued']);
    expect(world.environment.log.entries).toMatchObject([{ level: 'error' }]);
  });
});

describe('settling', () => {
  it('Q2: counts an event once, and what comes second as settledTwice', () => {
    const world = createWorld();
    const { subscription: other } = createWorld();
    world.offer(1, 2, 3);
    const { source } = world.subscription;
    const [one, two, three] = world.take() as [never, never, never];
    source.delivered(one);
    source.failed(two, new RuntimeError('HANDLER_FAILED', 'no'));
    source.unknown(three);
    source.delivered(two);
    source.giveBack([three], { sent: true });
    other.source.delivered(one);

    expect(world.subscription.counters).toMatchObject({
      delivered: 1,
      failed: 1,
      unknown: 1,
      pending: 0,
      settledTwice: 2,
    });
    expect(other.counters).toMatchObject({ delivered: 0, settledTwice: 1 });
  });

  it('Q2: ignores the old delivery of an event that was given back', () => {
    const world = createWorld();
    world.offer(1);
    const [old] = world.take() as [never];
    world.subscription.source.giveBack([old], { sent: true });
    world.take();

    world.subscription.source.delivered(old);

    expect(world.subscription.counters).toMatchObject({ delivered: 0, pending: 1, settledTwice: 1 });
  });

  it('logs a failure with the id of the event', () => {
    const world = createWorld();
    world.offer(7);
    const [delivery] = world.take() as [never];

    world.subscription.source.failed(delivery, new RuntimeError('HANDLER_FAILED', 'no'));

    expect(world.environment.log.entries).toMatchObject([
      { fields: { subscription: 'audit', eventId: 'e7', attempt: 0 } },
    ]);
  });

  it('warns of 5,000 failures in 2 s three times, and at the end, with their number', async () => {
    const world = createWorld({ capacity: 5_000, maxInFlight: 5_000 });
    const { subscription, environment } = world;
    world.offer(...Array.from({ length: 5_000 }, (_, i) => i));
    for (const [at, delivery] of world.take(5_000).entries()) {
      if (at % 2_000 === 0 && at > 0) environment.clock.advance(1_000);
      subscription.source.failed(delivery, new RuntimeError('HANDLER_FAILED', 'no'));
    }
    await subscription.stop();

    const warnings = environment.log.entries.map(({ message, fields }) => [message, fields?.['failed']]);
    expect(warnings).toEqual([
      ['an event failed', 1],
      ['an event failed', 2_000],
      ['an event failed', 2_000],
      ['further events failed', 999],
    ]);
  });

  it('Q1: publishes what a handler returned with the books closed, and counts what was refused', () => {
    const seen: unknown[] = [];
    const world = createWorld(
      {},
      {
        publishEmitted: (cause, drafts) => {
          seen.push(cause.id, drafts, world.subscription.counters.delivered, world.offer(2));
          return [{ accepted: true }, { accepted: false }];
        },
      },
    );
    world.offer(1);
    const drafts = [{ type: 'a.b' }, { type: 'a.c' }];

    for (const delivery of world.take()) world.subscription.source.delivered(delivery, drafts);

    expect(seen).toEqual(['e1', drafts, 1, ['queued']]);
    expect(world.subscription.counters).toMatchObject({
      published: 2,
      delivered: 1,
      pending: 1,
      emitted: 1,
      refused: 1,
    });
  });

  it('counts drafts as refused when publishing them throws', () => {
    const world = createWorld(
      {},
      {
        publishEmitted: () => {
          throw new Error('no');
        },
      },
    );
    world.offer(1);

    for (const delivery of world.take()) world.subscription.source.delivered(delivery, [{ type: 'a.b' }]);

    expect(world.subscription.counters).toMatchObject({ delivered: 1, emitted: 0, refused: 1 });
  });
});

describe('the record of deliveries', () => {
  it('knows the depth of the last 2 events that were delivered, and of none that waits', () => {
    const { subscription } = createWorld({ remembered: 2 });
    for (const number of [0, 1, 2]) void subscription.offer(queuedEvent(number, { depth: number }));
    const early = subscription.deliveries.depthOf('e2');
    for (const delivery of subscription.source.take(9, 99)) subscription.source.delivered(delivery);

    expect([early, ...['e0', 'e1', 'e2'].map((id) => subscription.deliveries.depthOf(id))]).toEqual([
      undefined,
      undefined,
      1,
      2,
    ]);
  });

  it('knows an event while it is in flight, however long, and for 60 s after it was settled', () => {
    const world = createWorld();
    const { subscription, environment } = world;
    const { deliveries, source } = subscription;
    world.offer(1, 2);
    const [one] = world.take(1) as [never];
    const look = () => [deliveries.depthOf('e1'), deliveries.isInFlight('e1')];

    environment.clock.advance(100_000);
    const seen = [look()];
    source.delivered(one);
    environment.clock.advance(60_000);
    seen.push(look());
    environment.clock.advance(1);
    seen.push(look());

    expect(seen).toEqual([
      [0, true],
      [0, false],
      [undefined, false],
    ]);
  });

  it('counts what was given back, and what was in flight at the end, as settled', async () => {
    const world = createWorld();
    const { deliveries, source } = world.subscription;
    world.offer(1, 2);
    const [one] = world.take(2) as [never];
    const before = deliveries.isInFlight('e1');
    source.giveBack([one], { sent: true });
    const between = ['e1', 'e2'].map((id) => deliveries.isInFlight(id));
    world.take(1);
    const again = deliveries.isInFlight('e1');
    await world.subscription.stop({ drainMs: 0 });

    const after = ['e1', 'e2'].map((id) => deliveries.isInFlight(id));
    expect([before, between, again, after]).toEqual([true, [false, true], true, [false, false]]);
  });

  it('takes no event for settled because one in whose place it is remembered was', () => {
    const world = createWorld({ remembered: 2 });
    const { deliveries, source } = world.subscription;
    world.offer(1, 2, 3);
    const [one, , three] = world.take() as [never, never, never];

    source.delivered(one);
    const before = deliveries.isInFlight('e3');
    source.delivered(three);

    expect([before, deliveries.isInFlight('e3')]).toEqual([true, false]);
  });

  it('finds the newest 10,000 of 50,000 deliveries, however often it is asked', () => {
    const world = createWorld({ capacity: 50_000 });
    const { deliveries, source } = world.subscription;
    const found: number[] = [];
    for (let round = 0; round < 50; round++) {
      world.offer(...Array.from({ length: 1_000 }, (_, i) => round * 1_000 + i));
      for (const delivery of world.take(1_000)) source.delivered(delivery);
      found.push(deliveries.depthOf(`e${round * 1_000}`) ?? -1);
    }

    expect(new Set(found)).toEqual(new Set([0]));
    expect(['e39999', 'e40000', 'e49999'].map((id) => deliveries.depthOf(id))).toEqual([undefined, 0, 0]);
  });

  it('knows the deepest event in flight', () => {
    const { subscription } = createWorld();
    const { deliveries, source } = subscription;
    const seen = [deliveries.deepestInFlight];
    for (const depth of [2, 0]) void subscription.offer(queuedEvent(depth, { depth }));
    const [deep, root] = source.take(9, 99) as [never, never];
    seen.push(deliveries.deepestInFlight);
    source.delivered(deep);
    seen.push(deliveries.deepestInFlight);
    source.giveBack([root], { sent: true });

    expect([...seen, deliveries.deepestInFlight]).toEqual([undefined, 2, 0, undefined]);
  });
});

describe('stopping', () => {
  it('lets what waits be delivered, then reports', async () => {
    const world = createWorld();
    world.offer(1, 2);

    const stopped = world.subscription.stop();
    const late = world.offer(3);
    for (const delivery of world.take()) world.subscription.source.delivered(delivery);

    expect(late).toEqual(['rejected']);
    expect(await stopped).toEqual({ delivered: 2, dropped: 0, failed: 0, unknown: 0 });
    expect([world.subscription.source.open, world.environment.clock.pending]).toEqual([false, 0]);
  });

  it('drops what waits when time is up, and counts what is in flight as unknown', async () => {
    const world = createWorld({ capacity: 2, overflow: 'block', blockMs: 9999 });
    const [, , third] = world.offer(1, 2, 3);
    const [delivery] = world.take(1) as [never];
    const fourth = world.offer(4)[0];
    const stopped = world.subscription.stop({ drainMs: 100 });
    await nextTurn();

    await world.environment.clock.advanceAsync(100);

    expect(await stopped).toEqual({ delivered: 0, dropped: 3, failed: 0, unknown: 1 });
    expect([await third, await fourth, world.environment.clock.pending]).toEqual(['queued', 'dropped', 0]);
    world.subscription.source.delivered(delivery);
    expect(world.subscription.counters).toMatchObject({ published: 4, delivered: 0, unknown: 1, settledLate: 1 });
  });

  it('is idempotent, and a second stop without time ends the first', async () => {
    const world = createWorld();
    world.offer(1);

    const first = world.subscription.stop({ drainMs: 60_000 });
    const second = world.subscription.stop({ drainMs: 0 });

    expect(await first).toEqual({ delivered: 0, dropped: 1, failed: 0, unknown: 0 });
    expect(await second).toEqual(await first);
    expect(await world.subscription.stop()).toEqual(await first);
  });

  it('tells the bus once, at once', async () => {
    let calls = 0;
    const world = createWorld({}, { stopping: () => void calls++ });

    void world.subscription.stop();
    const early = calls;
    await world.subscription.stop();

    expect([early, calls]).toEqual([1, 1]);
  });

  it.each([{ drainMs: -1 }, { drainMs: Number.NaN }])('refuses %j', (options) => {
    expect(() => createWorld().subscription.stop(options)).toThrow('drainMs');
  });
});

describe('the chart of a subscription', () => {
  it('follows the deliverer and the queue', async () => {
    const world = createWorld({ capacity: 2 });
    const { subscription } = world;
    const seen: string[] = [subscription.state];
    const look = async (): Promise<void> => {
      await nextTurn();
      seen.push(subscription.state);
    };
    subscription.source.onAvailable(() => {});
    await look();
    world.offer(1, 2, 3);
    await look();
    subscription.source.onAvailable(undefined);
    await look();
    subscription.source.onAvailable(() => {});
    await look();
    world.take();
    await look();

    expect(seen).toEqual([
      'starting',
      'active.flowing',
      'active.overflowing',
      'suspended',
      'active.overflowing',
      'active.flowing',
    ]);
  });

  it('warns once a second, whatever is dropped', async () => {
    const world = createWorld({ capacity: 1 });
    const facts: string[] = [];
    world.subscription.onFact(({ type }) => void facts.push(type));
    for (let i = 0; i < 10; i++) {
      world.offer(1, 2, 3);
      await nextTurn();
      await world.environment.clock.advanceAsync(300);
    }

    expect(facts).toEqual(Array.from({ length: 3 }, () => 'subscription.overflowed'));
    expect(world.environment.log.entries).toHaveLength(3);
  });
});

describe('options', () => {
  it.each([
    ['name', { name: '' }],
    ['overflow', { overflow: 'panic' as never }],
    ['capacity', { capacity: 0 }],
    ['maxBytes', { maxBytes: 1.5 }],
    ['blockMs', { blockMs: -1 }],
    ['lowWater', { lowWater: 1 }],
    ['maxInFlight', { maxInFlight: 0 }],
    ['maxInFlightBytes', { maxInFlightBytes: 0 }],
    ['remembered', { remembered: -1 }],
    ['handler', { handler: 1 as never }],
    ['handlerMs', { handlerMs: 0 }],
  ])('names %s when it cannot be used', (field, options) => {
    expect(() => createWorld(options)).toThrow(expect.objectContaining({ code: 'INVALID_OPTIONS', field }));
  });
});
