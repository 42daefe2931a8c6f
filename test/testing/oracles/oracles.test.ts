import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, Expects, Message } from '../../../src/actors/index.ts';
import { TerminatedSignal } from '../../../src/actors/core/index.ts';
import type { Cell } from '../../../src/actors/core/index.ts';
import {
  eventually,
  exactlyOneTerminated,
  explore,
  fifoPerPair,
  linearizable,
  never,
  noDeadLetters,
  noLeaks,
} from '../../../src/testing/index.ts';
import type { ExploreOptions, Scenario, ScheduleContext } from '../../../src/testing/index.ts';

type Note = { readonly type: 'note'; readonly text: string };
type Register = ({ readonly type: 'get' } & Expects<number>) | { readonly type: 'set'; readonly value: number };

describe('invariant and check', () => {
  it.each([
    ['false', () => false, 'it does not hold'],
    ['a text', () => 'too many', 'too many'],
    ['an error', () => expect(1).toBe(2), 'expected 1 to be 2'],
  ])('fail on %s', async (_, judge, message) => {
    const [invariant, check] = [await judged({ invariant: judge }), await judged({ check: judge })];

    expect([invariant?.oracle, check?.oracle]).toEqual(['invariant', 'check']);
    expect(invariant?.message).toContain(message);
    expect(check?.message).toContain(message);
  });

  it.each([() => true, () => undefined, () => {}])('let %s pass', async (judge) => {
    expect([await judged({ invariant: judge }), await judged({ check: judge })]).toEqual([undefined, undefined]);
  });
});

describe('never', () => {
  it('catches a state between two steps that is gone at the end', async () => {
    const oracles = [never<{ snapshot(): string }>((sink) => sink.snapshot() === 'a')];

    expect((await judged({ oracles }))?.oracle).toBe('never');
  });

  it('lets a predicate pass that never holds', async () => {
    expect(
      await judged({ oracles: [never<{ snapshot(): string }>((sink) => sink.snapshot() === 'ba')] }),
    ).toBeUndefined();
  });
});

describe('eventually', () => {
  it('catches what never comes', async () => {
    const finding = await judged({
      oracles: [eventually<{ snapshot(): string }>((sink) => sink.snapshot() === 'abc')],
    });

    expect(finding).toMatchObject({ oracle: 'eventually', message: 'it never held; nothing is left to happen' });
  });

  it.each([
    [20, undefined],
    [5, 'it did not hold within 5 ms'],
  ])('of a timer of 10 ms within %i ms: %s', async (withinMs, message) => {
    const scenario = {
      setup: ({ system }: ScheduleContext) => system.spawn(sleeperLogic(), { name: 'sleeper' }),
      oracles: [eventually<{ snapshot(): boolean }>((sleeper) => sleeper.snapshot(), { withinMs })],
    };

    expect((await failureOf(scenario))?.message).toBe(message);
  });

  it('lets pass what held for one step', async () => {
    expect(
      await judged({ oracles: [eventually<{ snapshot(): string }>((sink) => sink.snapshot() === 'a')] }),
    ).toBeUndefined();
  });
});

describe('noDeadLetters', () => {
  const stops = (except: Parameters<typeof noDeadLetters>[0]) => ({
    setup({ system, client }: ScheduleContext) {
      const sink = system.spawn(noteLogic(), { name: 'sink' });
      client('a', (me) => me.tell(sink, { type: 'note', text: 'a' }));
      client('b', () => void system.stopActor(sink));
    },
    oracles: [noDeadLetters(except)],
  });

  it('catches a message to an actor that has stopped', async () => {
    expect(await failureOf(stops({}))).toMatchObject({
      oracle: 'noDeadLetters',
      message: '"note" from outside to /sink reached nobody: stopped',
    });
  });

  it.each([{ except: ['stopped'] as const }, { except: () => true }])('lets excepted ones pass: %j', async (except) => {
    expect(await failureOf(stops(except))).toBeUndefined();
  });
});

describe('noLeaks', () => {
  it.each<[string, (context: ScheduleContext) => void, string]>([
    [
      'a timer past the system',
      ({ environment }) => void environment.clock.setTimeout(() => {}, 1e9),
      'left after the stop: 1 timers',
    ],
    [
      'a call that never settles',
      ({ port }) => void port('store', { load: () => new Promise(() => {}) }).load(),
      'left after the stop: calls store.load#1',
    ],
    [
      'a listener on process',
      () => void process.on('SIGUSR2', leakedListener),
      'left after the stop: 1 listeners on process',
    ],
  ])('catches %s', async (_, leak, message) => {
    const scenario = { setup: leak, oracles: [noLeaks()] };

    const failure = await failureOf(scenario, { limitMs: 10, schedules: 1, shrinkTries: 0 });
    process.removeAllListeners('SIGUSR2');

    expect(failure).toMatchObject({ oracle: 'noLeaks', message });
  });

  it('lets actors with timers and children pass that end with the system', async () => {
    const parent = behavior<Message, undefined>({
      initial: (_, actor) => void actor.spawn('child', sleeperLogic()),
      receive: (state) => state,
    });
    const scenario = {
      setup: ({ system }: ScheduleContext) => void system.spawn(parent, { name: 'parent' }),
      oracles: [noLeaks()],
    };

    expect(await failureOf(scenario, { limitMs: 5 })).toBeUndefined();
  });
});

describe('fifoPerPair', () => {
  const stashing = (isWrong: boolean) => ({
    setup({ system, client }: ScheduleContext) {
      const ref = system.spawn(stashLogic(isWrong), { name: 'stash' });
      client('me', (me) => {
        for (const type of ['slow', 'quick']) me.tell(ref, { type });
      });
      client('opener', (me) => me.tell(ref, { type: 'open' }));
    },
    oracles: [fifoPerPair()],
  });

  it('catches an actor that puts one message aside and processes the next', async () => {
    expect(await failureOf(stashing(true))).toMatchObject({
      oracle: 'fifoPerPair',
      message: 'from me to /stash, "slow" came before "quick" and was processed after it',
    });
  });

  it('lets an actor pass that puts everything aside', async () => {
    expect(await failureOf(stashing(false))).toBeUndefined();
  });

  it('catches a message that a fault delays', async () => {
    expect((await failureOf(sinkScenario({ oracles: [fifoPerPair()] }), { faults: { delay: 1 } }))?.oracle).toBe(
      'fifoPerPair',
    );
  });
});

describe('exactlyOneTerminated', () => {
  const watched = (meddle: (watcher: Cell, subject: Cell) => void) => ({
    setup({ system, client }: ScheduleContext) {
      const subject = system.spawn(noteLogic(), { name: 'subject' });
      const watcher = system.spawn(watcherLogic(), { name: 'watcher' });
      watcher.tell({ type: 'watch', ref: subject });
      client('stopper', () => void system.stopActor(subject));
      client('meddler', () => meddle(watcher as unknown as Cell, subject as unknown as Cell));
    },
    oracles: [exactlyOneTerminated()],
  });

  it('lets one notice for each watch pass', async () => {
    expect(await failureOf(watched(() => {}))).toBeUndefined();
  });

  it('catches a second notice that comes through', async () => {
    const doubled = watched((watcher, subject) => {
      if (subject.alive) return;
      watcher.extras.watching.add(subject);
      watcher.pushSignal(new TerminatedSignal(subject));
    });

    expect((await failureOf(doubled))?.message).toBe('/watcher was told once too often that /subject has ended');
  });

  it('catches a notice that is lost', async () => {
    const lost = watched((_, subject) => subject.extras.watchers.clear());

    expect((await failureOf(lost))?.message).toBe('/watcher was not told that /subject has ended');
  });
});

describe('linearizable', () => {
  const model = {
    initial: 0,
    apply: (state: number, call: { operation: string; input: unknown }) =>
      call.operation === 'add' ? { state: state + 1, output: state + 1 } : { state, output: state },
  };
  const adding = (isAtomic: boolean) => ({
    setup({ system, client }: ScheduleContext) {
      const register = system.spawn(registerLogic(), { name: 'register' });
      const adder = system.spawn(adderLogic(register, isAtomic), { name: 'adder' });
      for (const name of ['ann', 'bob']) {
        client(name, (me) => me.call('add', undefined, () => me.ask(adder, { type: 'add' })));
      }
    },
    oracles: [linearizable(model)],
  });

  it('catches an update that is lost', async () => {
    expect(await failureOf(adding(false))).toMatchObject({ oracle: 'linearizable' });
  });

  it('lets atomic updates pass', async () => {
    expect(await failureOf(adding(true))).toBeUndefined();
  });
});

describe('uncaught errors', () => {
  it('catch an actor that fails and is not restarted, with its error', async () => {
    const failure = await failureOf(failing({}));

    expect(failure).toMatchObject({ oracle: 'uncaughtError', message: 'actor /failing failed: no' });
  });

  it('let pass what is restarted, and what the scenario allows', async () => {
    expect(await failureOf(failing({ restart: 'permanent' }))).toBeUndefined();
    expect(await failureOf({ ...failing({}), allowFailure: (error) => error.rawMessage === 'no' })).toBeUndefined();
  });

  it('catch a rejection that nobody handles, and a client that throws', async () => {
    const rejecting = await failureOf({
      setup: ({ client }) => client('a', () => void Promise.reject(new TypeError('late'))),
    });
    const throwing = await failureOf({
      setup: ({ client }) =>
        client('a', () => {
          throw new TypeError('now');
        }),
    });

    expect([rejecting?.message, throwing?.message]).toEqual(['late', 'now']);
  });
});

describe('livelock and deadlock', () => {
  it('catch two actors that answer each other for ever', async () => {
    const echo = behavior<{ type: 'ball'; to: ActorRef<never> }, undefined>({
      initial: undefined,
      receive(state, { to }, actor) {
        actor.tell(to as ActorRef<{ type: 'ball'; to: ActorRef<never> }>, { type: 'ball', to: actor.self as never });
        return state;
      },
    });
    const scenario = {
      setup({ system }: ScheduleContext) {
        const one = system.spawn(echo, { name: 'one' });
        one.tell({ type: 'ball', to: system.spawn(echo, { name: 'other' }) as never });
      },
    };

    expect(await failureOf(scenario, { maxSteps: 100, shrinkTries: 2 })).toMatchObject({
      oracle: 'livelock',
      message: 'it did not come to rest within 100 steps',
    });
  });

  it('catch a client that waits for ever, only where completion is expected', async () => {
    const waiting = {
      setup({ system, client }: ScheduleContext) {
        const silent = system.spawn(noteLogic(), { name: 'silent' });
        client('me', (me) => me.ask(silent, { type: 'note', text: '' }));
      },
    };

    expect(await failureOf(waiting)).toBeUndefined();
    expect((await failureOf({ ...waiting, completes: true }))?.message).toContain('still waiting: me');
  });

  it('catch a scenario that is not complete in its own words', async () => {
    const finding = await judged({ completes: (sink) => sink.snapshot() === 'abc' });

    expect(finding).toMatchObject({ oracle: 'deadlock' });
    expect(await judged({ completes: (sink) => sink.snapshot() === 'ab' })).toBeUndefined();
  });
});

// Helpers

const leakedListener = (): void => {};

async function failureOf<State>(scenario: Scenario<State>, options: ExploreOptions = {}) {
  return (await explore(scenario, { schedules: 300, throws: false, ...options })).failure;
}

/** One client that tells a sink `a` and `b`. */
function sinkScenario(more: Partial<Scenario<{ snapshot(): string }>>): Scenario<{ snapshot(): string }> {
  return {
    setup({ system, client }) {
      const sink = system.spawn(noteLogic(), { name: 'sink' });
      client('me', (me) => {
        for (const text of ['a', 'b']) me.tell(sink, { type: 'note', text });
      });
      return sink;
    },
    ...more,
  };
}

function judged(more: Partial<Scenario<{ snapshot(): string }>>) {
  return failureOf(sinkScenario(more), { schedules: 5 });
}

function failing(supervision: { restart?: 'permanent' }): Scenario<void> {
  const logic = behavior<{ type: 'go' }, undefined>({
    initial: undefined,
    receive() {
      throw new TypeError('no');
    },
  });
  return {
    setup({ system }) {
      system.spawn(logic, { name: 'failing', supervision }).tell({ type: 'go' });
    },
  };
}

function noteLogic() {
  return behavior<Note, string>({ initial: '', receive: (all, { text }) => all + text });
}

function sleeperLogic() {
  return behavior<{ type: 'wake' }, boolean>({
    initial(_, actor) {
      actor.startTimer('wake', { afterMs: 10 }, { type: 'wake' });
      return false;
    },
    receive: () => true,
  });
}

function stashLogic(isWrong: boolean) {
  return behavior<Message, boolean>({
    initial: false,
    receive(isOpen, { type }, actor) {
      if (type === 'open') {
        actor.unstash();
        return true;
      }
      if (!isOpen && (type === 'slow' || !isWrong)) actor.stash();
      return isOpen;
    },
  });
}

function watcherLogic() {
  return behavior<{ type: 'watch'; ref: ActorRef<never> } | { type: 'actor.terminated' }, undefined>({
    initial: undefined,
    receive(state, message, actor) {
      if (message.type === 'watch') actor.watch(message.ref);
      return state;
    },
  });
}

function registerLogic() {
  return behavior<Register, number>({
    initial: 0,
    receive(value, message, actor) {
      if (message.type === 'set') return message.value;
      actor.reply(value);
      return value;
    },
  });
}

/** Adds one: by itself, or by reading and writing a register, with its own answer in between. */
function adderLogic(register: ActorRef<Register>, isAtomic: boolean) {
  let value = 0;
  return behavior<({ type: 'add' } & Expects<number>) | { type: 'read'; value: number; answer: number }, number>({
    initial: 0,
    receive(count, message, actor) {
      if (message.type !== 'add') return count;
      if (isAtomic) {
        actor.reply(count + 1);
        return count + 1;
      }
      // The register is asked, and nobody waits for it.
      actor.tell(register, { type: 'set', value });
      actor.reply(value + 1);
      return count + 1;
    },
  });
}
