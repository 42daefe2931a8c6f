// XState 5 alone: `createActor` and `send`, the machines of the other side, nobody subscribed.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { createActor, fromTransition } from 'xstate';
import { counterMachine } from './machines.ts';
import { bytesEach } from './memory.ts';
import { BURST, Gate, HOPS, rateOf } from './work.ts';
import type { Work, Works } from './work.ts';

/** What XState can do. */
export const WORKS: Works = {
  'tell-chart': tellChart,
  'chain-hops': chain,
  backlog,
  'chart-bytes': () => bytesEach(100_000, keepCharts),
  'chart-bytes-20k': () => bytesEach(20_000, keepCharts),
};

function startCounter(gate: Gate | undefined) {
  return createActor(counterMachine, { input: { gate } }).start();
}

/** `send` returns when the event is processed, so there is nothing to wait for. */
function tellChart(): Work {
  const actor = startCounter(new Gate());
  return rateOf(() => {
    for (let sent = 1; sent < BURST; sent += 1) actor.send({ type: 'add', amount: 1 });
    actor.send({ type: 'mark' });
    return Promise.resolve(BURST);
  });
}

function backlog(): Work {
  const actors = Array.from({ length: 40 }, () => startCounter(new Gate()));
  return rateOf(async () => {
    for (const actor of actors) {
      for (let sent = 1; sent < BURST; sent += 1) actor.send({ type: 'add', amount: 1 });
      actor.send({ type: 'mark' });
    }
    await nextTurn();
    return actors.length * BURST;
  });
}

/** How many actors a message reaches that each hands on. Each `send` runs within the one before it. */
function chain(): Work {
  let hops = 0;
  type Next = { send(event: { readonly type: 'hop' }): void };
  let next: Next | undefined;
  for (let index = HOPS; index > 0; index -= 1) {
    const target = next;
    const actor = createActor(
      fromTransition((state: undefined, event: { readonly type: 'hop' }) => {
        hops += 1;
        target?.send(event);
        return state;
      }, undefined),
    );
    // Without an observer the overflow would end the process.
    actor.subscribe({ error: () => {} });
    next = actor.start();
  }
  let reached: number | undefined;
  return {
    run() {
      // The actors that overflowed have failed, so it can be tried only once.
      if (reached === undefined) {
        next?.send({ type: 'hop' });
        reached = hops;
      }
      return Promise.resolve(reached);
    },
  };
}

function keepCharts(count: number): Promise<object> {
  return Promise.resolve(Array.from({ length: count }, () => startCounter(undefined)));
}
