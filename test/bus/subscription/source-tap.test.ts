import { describe, expect, it, onTestFinished } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import { createSubscription } from '../../../src/bus/subscription/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { queuedEvent } from './support.ts';

describe('a tap', () => {
  it('T1: gives nothing out once it is shut, and what it gave is settled or comes back as before', () => {
    const { subscription } = scene();
    const tap = subscription.tap(() => []);
    for (const number of [1, 2, 3, 4]) void subscription.offer(queuedEvent(number));
    const [first, second, third] = tap.take(3, 1_000_000);

    tap.shut();
    tap.shut();
    const after = [tap.waiting, tap.open, tap.take(9, 1_000_000)];
    if (first !== undefined) tap.delivered(first);
    if (second !== undefined) tap.unknown(second);
    if (third !== undefined) tap.giveBack([third], { sent: true });

    expect(after).toEqual([0, false, []]);
    expect(subscription.counters).toMatchObject({ published: 4, delivered: 1, unknown: 1, pending: 2 });
    const next = subscription.tap(() => []).take(1, 1_000_000);
    expect(next.map(({ attempt }) => attempt)).toEqual([1]);
  });

  it('T2: leaves the listener of the next one alone once it is shut', () => {
    const { subscription } = scene();
    const [first, second] = [subscription.tap(() => []), subscription.tap(() => [])];
    let woken = 0;
    first.onAvailable(() => {});

    first.shut();
    second.onAvailable(() => (woken += 1));
    first.onAvailable(undefined);
    void subscription.offer(queuedEvent(1));

    expect(woken).toBe(1);
  });

  it('T3: publishes what handlers returned by its own way, and counts it', () => {
    const { subscription, published } = scene();
    const own: unknown[] = [];
    const tap = subscription.tap((_, drafts) => {
      own.push(...drafts);
      return drafts.map(() => ({ accepted: true }));
    });
    void subscription.offer(queuedEvent(1));

    for (const delivery of tap.take(1, 1_000_000)) tap.delivered(delivery, [{ type: 'a.b' }]);

    expect([own, published, subscription.counters.emitted]).toEqual([[{ type: 'a.b' }], [], 1]);
  });
});

// Helpers

function scene() {
  const system = createSystem({ environment: createManualEnvironment() });
  onTestFinished(() => void system.stop());
  const published: unknown[] = [];
  const publishEmitted = (_: unknown, drafts: readonly unknown[]): [] => {
    published.push(...drafts);
    return [];
  };
  return { subscription: createSubscription({ name: 'audit' }, { system, publishEmitted }), published };
}
