import { describe, expect, it } from 'vitest';
import { fromTransition } from 'xstate';
import type { EventObject } from 'xstate';
import { createDispatcher } from '../../../src/actors/core/index.ts';
import type { Runnable } from '../../../src/actors/core/index.ts';
import { behavior, createSystem } from '../../../src/actors/index.ts';
import type { Actor, ActorSystem } from '../../../src/actors/index.ts';
import { createManualEnvironment, createRealEnvironment, createVirtualClock } from '../../../src/ports/index.ts';
import type { Scheduler } from '../../../src/ports/index.ts';
import { collector, nextTurn } from '../support.ts';

interface Counted extends EventObject {
  readonly left: number;
}

describe('D1: a message', () => {
  it('never runs inside the tell that sent it', async () => {
    const { logic, got } = collector();
    const actor = createSystem({ environment: createManualEnvironment() }).spawn(logic, { name: 'a' });

    actor.tell({ type: 'x' });
    const during = [...got];
    await nextTurn();

    expect([during, got]).toEqual([[], ['x']]);
  });

  it('can be handed on 100,000 times without a stack overflow', async () => {
    const system = createSystem({ environment: createManualEnvironment() });
    const ring: Actor<ReturnType<typeof hop>>[] = [];
    let arrived: () => void = () => {};
    const end = new Promise<void>((resolve) => (arrived = resolve));
    for (let i = 0; i < 10; i++)
      ring.push(
        system.spawn(
          hop(() => ring[(i + 1) % 10], arrived),
          { name: `hop-${i}` },
        ),
      );

    ring[0]?.tell({ type: 'hop', left: 100_000 });

    await end;
    expect(system.actors()).toHaveLength(10);
  });

  it('leaves room for a timer within 200,000 that go to and fro', async () => {
    const environment = createRealEnvironment();
    const system = createSystem({ environment });
    const pair: Actor<ReturnType<typeof hop>>[] = [];
    let leftAtTimer = 0;
    let left = 200_000;
    const end = new Promise<void>((resolve) => {
      const count = (now: number): void => void (left = now);
      pair.push(
        system.spawn(
          hop(() => pair[1], resolve, count),
          { name: 'ping' },
        ),
      );
      pair.push(
        system.spawn(
          hop(() => pair[0], resolve, count),
          { name: 'pong' },
        ),
      );
    });
    environment.clock.setTimeout(() => (leftAtTimer = left), 1);

    pair[0]?.tell({ type: 'hop', left });
    await end;

    expect(leftAtTimer).toBeGreaterThan(0);
  });
});

describe('D2: a turn', () => {
  it('ends after 64 messages', async () => {
    const { scheduler, counts } = countingScheduler();
    const { logic, got } = collector();
    const system = createSystem({ environment: { ...createManualEnvironment(), scheduler } });
    const actor = system.spawn(logic, { name: 'a' });

    for (let i = 0; i < 64 * 3; i++) actor.tell({ type: 'x' });
    await nextTurn(6);

    expect([got.length, counts]).toEqual([192, { defer: 1, yield: 2 }]);
  });

  it('ends after 2 ms, however few the messages were', () => {
    const clock = createVirtualClock();
    const yields: (() => void)[] = [];
    const scheduler: Scheduler = { defer: (turn) => turn(), yield: (turn) => yields.push(turn) };
    const dispatcher = createDispatcher({ clock, scheduler });
    const slow = task(10, () => clock.advance(1));

    dispatcher.ready(slow);
    const runsOfFirstTurn = slow.runs;
    while (yields.length > 0) yields.shift()?.();

    expect([runsOfFirstTurn, slow.runs]).toEqual([2, 10]);
  });

  it('ends after 64 messages also for one question after the other', async () => {
    const { scheduler, counts } = countingScheduler();
    const system = createSystem({ environment: { ...createManualEnvironment(), scheduler } });
    const echo = behavior<{ readonly type: 'ask' }, undefined>({
      initial: undefined,
      receive: (_state, _message, actor) => actor.reply('x') as undefined,
    });
    const actor = system.spawn(echo, { name: 'a' });

    for (let i = 0; i < 129; i++) await system.ask(actor, { type: 'ask' }, { deadlineMs: 1_000 });

    expect(counts).toEqual({ defer: 127, yield: 2 });
  });

  it('is not taken while nobody has work', async () => {
    const { scheduler, counts } = countingScheduler();
    const system = createSystem({ environment: { ...createManualEnvironment(), scheduler } });
    system.spawn(collector().logic, { name: 'a' });

    await nextTurn();

    expect(counts).toEqual({ defer: 0, yield: 0 });
  });
});

describe('an actor that was ended by force with 500 messages', () => {
  it('takes no further turn', async () => {
    const environment = createManualEnvironment();
    const { scheduler, counts } = countingScheduler();
    const system = createSystem({ environment: { ...environment, scheduler } });
    const actor = system.spawn(collector().logic, { name: 'a' });
    for (let i = 0; i < 500; i++) actor.tell({ type: 'x' });

    const stopping = system.stop({ deadlineMs: 0 });
    environment.clock.advance(0);
    const { dropped } = await stopping;
    await nextTurn(20);

    expect([dropped, counts]).toEqual([500 - 64, { defer: 1, yield: 1 }]);
  });
});

describe('D3: an actor with one message', () => {
  it('waits for at most 8 messages of one that has 1,000', async () => {
    const order: string[] = [];
    const system = createSystem({ environment: createManualEnvironment() });
    const busy = noter(system, 'busy', order);
    const modest = noter(system, 'modest', order);

    for (let i = 0; i < 1_000; i++) busy.tell({ type: 'x' });
    modest.tell({ type: 'x' });
    await nextTurn(30);

    expect([order.indexOf('modest'), order.length]).toEqual([8, 1_001]);
  });

  it('takes its turn among 20 that never stop', async () => {
    const order: string[] = [];
    const system = createSystem({ environment: createManualEnvironment() });
    for (let i = 0; i < 20; i++) {
      const again = (): void => void actor.tell({ type: 'again' });
      const actor = system.spawn(fromTransition(again, undefined), { name: `busy-${i}` });
      again();
    }
    const modest = noter(system, 'modest', order);

    modest.tell({ type: 'x' });
    await nextTurn(3);

    expect(order).toEqual(['modest']);
    await system.stop();
  });
});

describe('D4: what cannot be run', () => {
  it('is logged and stops nobody else', () => {
    const { clock, log } = createManualEnvironment();
    const dispatcher = createDispatcher({
      clock,
      log,
      scheduler: { defer: (turn) => turn(), yield: (turn) => turn() },
    });
    const broken = task(2, () => {
      throw new Error('boom');
    });
    const [first, last] = [task(1, () => dispatcher.ready(broken)), task(1, () => {})];

    dispatcher.ready(first);
    dispatcher.ready(last);

    expect([first.runs, broken.runs, last.runs]).toEqual([1, 2, 1]);
    expect(log.entries.map(({ message }) => message)).toEqual([
      'an actor could not be run',
      'an actor could not be run',
    ]);
  });
});

// Helpers

/** Hands a number on until it is used up. */
function hop(next: () => Actor<ReturnType<typeof hop>> | undefined, done: () => void, count?: (left: number) => void) {
  return fromTransition((_: undefined, { left }: Counted) => {
    count?.(left);
    if (left === 0) done();
    else next()?.tell({ type: 'hop', left: left - 1 });
    return undefined;
  }, undefined);
}

function noter(system: ActorSystem, name: string, order: string[]) {
  return system.spawn(
    fromTransition(() => void order.push(name), undefined),
    { name },
  );
}

function countingScheduler(): { scheduler: Scheduler; counts: { defer: number; yield: number } } {
  const counts = { defer: 0, yield: 0 };
  const scheduler: Scheduler = {
    defer(callback) {
      counts.defer++;
      queueMicrotask(callback);
    },
    yield(callback) {
      counts.yield++;
      setImmediate(callback);
    },
  };
  return { scheduler, counts };
}

function task(times: number, run: () => void): Runnable & { readonly runs: number } {
  let runs = 0;
  return {
    get runs() {
      return runs;
    },
    get busy() {
      return runs < times;
    },
    run() {
      runs++;
      run();
      return 1;
    },
  };
}
