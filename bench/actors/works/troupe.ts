// The side of troupe: everything as it is by default, the environment included.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { behavior, createSystem } from 'troupe/actors';
import type { ActorRef, ActorSystem, Expects, SystemOptions } from 'troupe/actors';
import { counterMachine, waitingMachine } from './machines.ts';
import type { CounterEvent } from './machines.ts';
import { bytesEach } from './memory.ts';
import {
  asks,
  BATCH_OF_ACTORS,
  BURST,
  DEADLINE_MS,
  FAN_OUT,
  framesOnStack,
  Gate,
  HOPS,
  rateOf,
  tells,
} from './work.ts';
import type { Add, Work, Works } from './work.ts';

type Hop = { readonly type: 'hop' };
type Tick = { readonly type: 'tick' };
type Question = { readonly type: 'get' } & Expects<number>;

/** Stops that are timed one by one. */
const STOPS = 100;

/** What troupe can do. */
export const WORKS: Works = {
  'tell-plain': () => tellPlain({}),
  // Somebody has looked and left: what that does to the compiled code counts too.
  'tell-unwatched': () =>
    tellPlain({}, (system) => {
      const stop = system.inspect(() => {});
      setTimeout(stop, 100);
    }),
  'tell-uninspectable': () => tellPlain({ inspect: false }),
  'tell-chart': tellChart,
  ask,
  'spawn-stop': spawnAndStop,
  'fan-out': fanOut,
  'chain-frames': () => chain(({ growth }) => growth),
  'chain-hops': () => chain(({ hops }) => hops),
  backlog,
  'plain-bytes': () => bytesEach(100_000, (count) => keepPlain(count)),
  'plain-bytes-used': () => bytesEach(100_000, (count) => keepPlain(count, { type: 'add', amount: 1 })),
  'chart-bytes': () => bytesEach(100_000, (count) => keepCharts(count)),
  'chart-bytes-20k': () => bytesEach(20_000, (count) => keepCharts(count)),
  'stop-of-few': () => stopOneOf(100, true),
  'stop-of-many': () => stopOneOf(100_000, true),
  'stop-of-few-asleep': () => stopOneOf(100, false),
  'stop-of-many-asleep': () => stopOneOf(100_000, false),
};

/** Plain logic that adds up; the state changes with each message. */
function counter(gate: Gate) {
  return behavior<Add, number>({
    initial: 0,
    receive(total, message) {
      gate.processed(message.amount);
      return total + message.amount;
    },
  });
}

function tellPlain(options: SystemOptions, prepare?: (system: ActorSystem) => void): Work {
  const gate = new Gate();
  const system = createSystem(options);
  prepare?.(system);
  const actor = system.spawn(counter(gate), { name: 'counter' });
  return tells(gate, (message) => actor.tell(message));
}

function tellChart(): Work {
  const gate = new Gate();
  const actor = createSystem().spawn(counterMachine, { name: 'counter', input: { gate } });
  return rateOf(() => burstTo(actor, gate));
}

async function burstTo(actor: ActorRef<CounterEvent>, gate: Gate): Promise<number> {
  const done = gate.expect(1);
  for (let sent = 1; sent < BURST; sent += 1) actor.tell({ type: 'add', amount: 1 });
  actor.tell({ type: 'mark' });
  await done;
  return BURST;
}

function ask(): Work {
  const system = createSystem();
  const logic = behavior<Question, number>({
    initial: 0,
    receive(count, _message, actor) {
      actor.reply(count);
      return count + 1;
    },
  });
  const actor = system.spawn(logic, { name: 'counter' });
  return asks(() => system.ask(actor, { type: 'get' }, { deadlineMs: DEADLINE_MS }));
}

function spawnAndStop(): Work {
  const system = createSystem();
  const logic = counter(new Gate());
  return rateOf(async () => {
    const actors = Array.from({ length: BATCH_OF_ACTORS }, (_, index) => system.spawn(logic, { name: `a${index}` }));
    await Promise.all(actors.map((actor) => system.stopActor(actor)));
    return BATCH_OF_ACTORS;
  });
}

function fanOut(): Work {
  const gate = new Gate();
  const system = createSystem();
  const logic = counter(gate);
  const leaves = Array.from({ length: FAN_OUT }, (_, index) => system.spawn(logic, { name: `leaf${index}` }));
  const hub = system.spawn(
    behavior<Tick, number>({
      initial: 0,
      receive(count, _message, actor) {
        for (const leaf of leaves) actor.tell(leaf, { type: 'add', amount: 1 });
        return count + 1;
      },
    }),
    { name: 'hub' },
  );
  return rateOf(async () => {
    const done = gate.expect(FAN_OUT);
    hub.tell({ type: 'tick' });
    await done;
    return FAN_OUT;
  });
}

/** What became of a message that was handed on. */
interface Passage {
  /** Actors that it reached. */
  readonly hops: number;
  /** Frames on the stack at the last actor to those at the first. */
  readonly growth: number;
}

function chain(result: (passage: Passage) => number): Work {
  const system = createSystem();
  const gate = new Gate();
  const frames = { first: 0, last: 0 };
  let hops = 0;
  let next: ActorRef<Hop> | undefined;
  for (let index = HOPS; index > 0; index -= 1) {
    const target = next;
    const logic = behavior<Hop, undefined>({
      initial: undefined,
      receive(_state, message, actor) {
        hops += 1;
        if (index === 1) frames.first = framesOnStack();
        if (target !== undefined) actor.tell(target, message);
        else {
          frames.last = framesOnStack();
          gate.processed(1);
        }
        return undefined;
      },
    });
    next = system.spawn(logic, { name: `hop${index}` });
  }
  return {
    async run() {
      hops = 0;
      const done = gate.expect(1);
      next?.tell({ type: 'hop' });
      await done;
      return result({ hops, growth: frames.last / frames.first });
    },
  };
}

/** Messages for charts that wait all at once: how long they take, and by `stallMs` whom they hold up. */
function backlog(): Work {
  const system = createSystem();
  const gate = new Gate();
  const actors = Array.from({ length: 40 }, (_, index) =>
    system.spawn(counterMachine, { name: `counter${index}`, input: { gate } }),
  );
  return rateOf(async () => {
    const done = gate.expect(actors.length);
    for (const actor of actors) {
      for (let sent = 1; sent < BURST; sent += 1) actor.tell({ type: 'add', amount: 1 });
      actor.tell({ type: 'mark' });
    }
    await done;
    return actors.length * BURST;
  });
}

async function keepPlain(count: number, message?: Add): Promise<object> {
  const gate = new Gate();
  const system = createSystem();
  const logic = counter(gate);
  const done = gate.expect(count);
  for (let index = 0; index < count; index += 1) {
    const actor = system.spawn(logic, { name: `a${index}` });
    if (message !== undefined) actor.tell(message);
  }
  if (message !== undefined) await done;
  return system;
}

function keepCharts(count: number): Promise<object> {
  const system = createSystem();
  for (let index = 0; index < count; index += 1) {
    system.spawn(counterMachine, { name: `a${index}`, input: { gate: undefined } });
  }
  return Promise.resolve(system);
}

/**
 * Microseconds until one actor has ended, among so many whose timers are armed. Each is replaced, untimed.
 *
 * @param isAwake it has just processed a message; else its memory has not been touched since it was started, and of a
 *   hundred thousand most is in no cache of the processor
 */
function stopOneOf(count: number, isAwake: boolean): Work {
  const system = createSystem();
  const start = (index: number) => system.spawn(waitingMachine, { name: `a${index}` });
  const actors = Array.from({ length: count }, (_, index) => start(index));
  let place = 0;
  return {
    async run() {
      let elapsedMs = 0;
      for (let stopped = 0; stopped < STOPS; stopped += 1) {
        // Steps through all of them in an order that the memory does not know.
        place = (place + 61_803) % count;
        const actor = actors[place];
        if (actor === undefined) throw new Error('there is no such actor');
        if (isAwake) {
          actor.tell({ type: 'touch' });
          await nextTurn();
        }
        const startedAt = performance.now();
        await system.stopActor(actor);
        elapsedMs += performance.now() - startedAt;
        actors[place] = start(place);
      }
      return (elapsedMs * 1_000) / STOPS;
    },
  };
}
