// nact as its documentation shows it: synchronous functions of state and message, which it runs fastest.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { dispatch, query, spawn, start, stop } from 'nact';
import type { ActorSystemRef, Ref } from 'nact';
import { asks, BATCH_OF_ACTORS, DEADLINE_MS, FAN_OUT, Gate, rateOf, tells } from './work.ts';
import type { Add, Work, Works } from './work.ts';

interface Question {
  readonly type: 'get';
  readonly sender: Ref<number>;
}

/** What nact can do. */
export const WORKS: Works = {
  'tell-plain': tellPlain,
  ask,
  'spawn-stop': spawnAndStop,
  'fan-out': fanOut,
};

function spawnCounter(parent: ActorSystemRef, gate: Gate, name: string): Ref<Add> {
  const count = (total: number, message: Add): number => {
    gate.processed(message.amount);
    return total + message.amount;
  };
  return spawn(parent, count, name, { initialState: 0 });
}

function tellPlain(): Work {
  const gate = new Gate();
  const actor = spawnCounter(start(), gate, 'counter');
  return tells(gate, (message) => dispatch(actor, message));
}

function ask(): Work {
  const answer = (count: number, { sender }: Question): number => {
    dispatch(sender, count);
    return count + 1;
  };
  const actor: Ref<Question> = spawn(start(), answer, 'counter', { initialState: 0 });
  return asks(() => query(actor, (sender: Ref<number>): Question => ({ type: 'get', sender }), DEADLINE_MS));
}

function spawnAndStop(): Work {
  const system = start();
  const gate = new Gate();
  return rateOf(async () => {
    const actors = Array.from({ length: BATCH_OF_ACTORS }, (_, index) => spawnCounter(system, gate, `a${index}`));
    for (const actor of actors) stop(actor);
    // Its clean-up comes with the next turn of the event loop.
    await nextTurn();
    return BATCH_OF_ACTORS;
  });
}

function fanOut(): Work {
  const gate = new Gate();
  const system = start();
  const leaves = Array.from({ length: FAN_OUT }, (_, index) => spawnCounter(system, gate, `leaf${index}`));
  const spread = (count: number): number => {
    for (const leaf of leaves) dispatch(leaf, { type: 'add', amount: 1 });
    return count + 1;
  };
  const hub: Ref<unknown> = spawn(system, spread, 'hub', { initialState: 0 });
  return rateOf(async () => {
    const done = gate.expect(FAN_OUT);
    dispatch(hub, { type: 'tick' });
    await done;
    return FAN_OUT;
  });
}
