import { describe, expect, it } from 'vitest';
import type { EventSource } from '../../src/bus/event-source.ts';
import { createSubscription } from '../../src/bus/subscription/index.ts';
import type { Subscription } from '../../src/bus/subscription/index.ts';
import { defineScenario, explore, noLeaks } from '../../src/testing/index.ts';
import type { Verdict } from '../../src/testing/index.ts';
import { queuedEvent } from '../../test/bus/subscription/support.ts';
import { raceSize } from './race-size.ts';

describe('a subscription', () => {
  it('settles every offer and every stop with exact books when offers, settlements and a stop meet', async () => {
    const reports = new Set<string>();
    const scenario = defineScenario({
      name: 'stop x offer x settle',
      setup({ system, client }) {
        const state = { outcomes: [] as string[], handled: [] as number[], reports: [] as unknown[] };
        const options = { name: 'audit', overflow: 'block', capacity: 1, blockMs: 50 } as const;
        const subscription = createSubscription(options, { system, publishEmitted: () => [] });
        const { source } = subscription;
        for (const number of [1, 2, 3]) {
          client(`offers ${number}`, async () => state.outcomes.push(await subscription.offer(queuedEvent(number))));
        }
        client('settles', ...[1, 2, 3].map(() => () => settleOne(source, state.handled)));
        client('stops', async () => state.reports.push(await subscription.stop({ drainMs: 100 })));
        client('stops too', async () => state.reports.push(await subscription.stop({ drainMs: 0 })));
        return { subscription, ...state };
      },
      oracles: [noLeaks()],
      completes: true,
      invariant: ({ subscription }): Verdict => booksOf(subscription),
      check({ subscription, outcomes, handled, reports: got }): Verdict {
        const { published, delivered, dropped } = subscription.counters;
        reports.add(JSON.stringify(got[0]));
        if (outcomes.length !== 3) return `${outcomes.length} of 3 offers are settled`;
        if (JSON.stringify(got[0]) !== JSON.stringify(got[1])) return `two reports: ${JSON.stringify(got)}`;
        if (delivered !== handled.length) return `${delivered} delivered of ${handled.length}`;
        return (
          published === delivered + dropped || `${published} published, ${delivered} delivered, ${dropped} dropped`
        );
      },
    });

    const result = await explore(scenario, raceSize(1200));

    expect(result.distinct).toBeGreaterThan(50);
    expect(reports.size).toBeGreaterThan(3);
  });

  it('hands each event to a local handler once and in order when offers meet its deadline and a stop', async () => {
    const scenario = defineScenario({
      name: 'stop x handler x deadline',
      setup({ system, environment, client }) {
        const handled: number[] = [];
        const subscription: Subscription = createSubscription(
          {
            name: 'audit',
            handlerMs: 10,
            handler({ payload }) {
              handled.push(Number(payload));
              if (payload === 2) return undefined;
              return new Promise<void>(
                (resolve) => void environment.clock.setTimeout(() => resolve(), payload === 1 ? 10 : 5),
              );
            },
          },
          { system, publishEmitted: () => [] },
        );
        client('offers', ...[1, 2, 3].map((number) => () => subscription.offer(queuedEvent(number))));
        client('stops', async () => await subscription.stop({ drainMs: 12 }));
        return { subscription, handled };
      },
      oracles: [noLeaks()],
      completes: true,
      invariant: ({ subscription }): Verdict => booksOf(subscription),
      check({ subscription, handled }): Verdict {
        const { published, delivered, failed, unknown, settledTwice, pending } = subscription.counters;
        if (pending > 0 || settledTwice > 0) return `${pending} pending, ${settledTwice} settled twice`;
        if (handled.some((number, i) => number !== i + 1)) return `handled ${handled.join()}`;
        const known = delivered + failed + unknown;
        return known === handled.length || `${handled.length} handled, ${known} known, ${published} published`;
      },
    });

    const result = await explore(scenario, raceSize(1200));

    expect(result.distinct).toBeGreaterThan(20);
  });
});

// Helpers

function settleOne(source: EventSource, handled: number[]): void {
  for (const delivery of source.take(1, 99)) {
    handled.push(Number(delivery.queued.wire.id.slice(1)));
    source.delivered(delivery);
  }
}

function booksOf({ counters }: Subscription): Verdict {
  const { published, delivered, dropped, failed, pending, unknown } = counters;
  const known = delivered + dropped + failed + pending + unknown;
  return published === known || `${published} published, ${known} accounted for`;
}
