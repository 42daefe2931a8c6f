import { describe, expect, it } from 'vitest';
import { createWorld, nextTurn } from './support.ts';

describe('a handler', () => {
  it('L1: gets events one after the other, never inside the offer', async () => {
    const notes: unknown[] = [];
    const world = createWorld({
      async handler({ payload }) {
        notes.push(`begin ${String(payload)}`);
        await nextTurn(1);
        notes.push(`end ${String(payload)}`);
      },
    });
    world.offer(1, 2);
    notes.push('offered');

    await world.subscription.stop();

    expect(notes).toEqual(['offered', 'begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('fails an event by throwing or rejecting, with HANDLER_FAILED, and goes on', async () => {
    const world = createWorld({
      handler({ payload }) {
        if (payload === 1) throw new Error('thrown');
        if (payload === 2) return Promise.reject(new Error('rejected'));
        return undefined;
      },
    });
    world.offer(1, 2, 3);

    expect(await world.subscription.stop()).toEqual({ delivered: 1, dropped: 0, failed: 2, unknown: 0 });
    const errors = world.environment.log.entries.map(({ fields }) => fields);
    expect(errors).toMatchObject([{ eventId: 'e1', error: { code: 'HANDLER_FAILED' } }, { failed: 1 }]);
  });

  it('L3: fails after 5,000 ms, its signal aborts, and its late result is ignored', async () => {
    const late = Promise.withResolvers<readonly { type: string }[]>();
    const signals: AbortSignal[] = [];
    const emitted: unknown[] = [];
    const world = createWorld(
      {
        handler(_, { signal }) {
          signals.push(signal);
          return late.promise;
        },
      },
      { publishEmitted: (_, drafts) => void emitted.push(drafts) },
    );
    world.offer(1);
    await nextTurn();

    await world.environment.clock.advanceAsync(5000);
    late.resolve([{ type: 'a.b' }]);
    await nextTurn();

    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(world.subscription.counters).toMatchObject({ delivered: 0, failed: 1, settledTwice: 0, emitted: 0 });
    expect([emitted, world.environment.clock.pending]).toEqual([[], 0]);
    expect(world.environment.log.entries).toMatchObject([{ fields: { error: { code: 'DEADLINE_EXCEEDED' } } }]);
  });

  it('publishes the array it returns, and nothing for another value', async () => {
    const emitted: unknown[] = [];
    const world = createWorld(
      { handler: ({ payload }) => (payload === 1 ? [{ type: 'a.b' }] : (7 as never)) },
      { publishEmitted: (cause, drafts) => void emitted.push([cause.id, drafts]) },
    );
    world.offer(1, 2);
    await world.subscription.stop();

    expect(emitted).toEqual([['e1', [{ type: 'a.b' }]]]);
  });

  it('L2: may publish to itself 10,000 times without a deeper stack', async () => {
    let depth = 0;
    let deepest = 0;
    const world = createWorld({
      handler({ payload }) {
        deepest = Math.max(deepest, ++depth);
        if (Number(payload) < 10_000) world.offer(Number(payload) + 1);
        depth--;
      },
    });
    world.offer(1);
    while (world.subscription.counters.pending > 0) await nextTurn(1);

    expect([deepest, world.subscription.counters.delivered]).toEqual([1, 10_000]);
  });

  it('may stop its own subscription: what waits is still handled', async () => {
    const handled: unknown[] = [];
    const world = createWorld({
      handler({ payload }) {
        handled.push(payload);
        void world.subscription.stop();
      },
    });
    world.offer(1, 2, 3);
    await nextTurn();

    expect(handled).toEqual([1, 2, 3]);
    expect(world.subscription.state).toBe('stopped');
  });

  it('may wait for the stop of its own subscription no longer than its deadline', async () => {
    const world = createWorld({ handler: async () => void (await world.subscription.stop()), handlerMs: 50 });
    world.offer(1);
    await nextTurn();

    await world.environment.clock.advanceAsync(50);

    expect(await world.subscription.stop()).toMatchObject({ failed: 1 });
  });

  it('I8: is told by its signal when the subscription ends around it, and is not called again', async () => {
    let calls = 0;
    let reason: unknown;
    const world = createWorld({
      handler(_, { signal }) {
        calls++;
        signal.addEventListener('abort', () => (reason = signal.reason));
        return new Promise<void>(() => {});
      },
    });
    world.offer(1, 2);
    await nextTurn();

    const report = await world.subscription.stop({ drainMs: 0 });

    expect(report).toEqual({ delivered: 0, dropped: 1, failed: 0, unknown: 1 });
    expect([calls, reason, world.environment.clock.pending]).toMatchObject([1, { code: 'CANCELLED' }, 0]);
  });

  it('has a signal that is aborted already when it asks too late', async () => {
    let ask: (() => boolean) | undefined;
    const world = createWorld({
      handler(_, context) {
        ask = () => context.signal.aborted;
        return new Promise<void>(() => {});
      },
    });
    world.offer(1);
    await nextTurn();
    await world.environment.clock.advanceAsync(5000);

    expect(ask?.()).toBe(true);
  });
});
