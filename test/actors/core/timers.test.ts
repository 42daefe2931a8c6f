import { describe, expect, it } from 'vitest';
import { setup } from 'xstate';
import type { TimerRule } from '../../../src/actors/index.ts';
import { Timers } from '../../../src/actors/core/timers.ts';
import { createVirtualClock } from '../../../src/ports/index.ts';
import { nextTurn } from '../support.ts';
import { boom, createWorld, scripted } from './support.ts';

describe('the timers of a system', () => {
  it('T1: fire once, at their deadline and in its order; those that were cancelled never', () => {
    const { clock, timers, fired } = create();
    const note = (name: string) => (): void => void fired.push(`${name} ${clock.monotonic()}`);

    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['b', 20],
      ['a2', 10],
    ] as const)
      timers.start(ms, note(name));
    timers.cancel(timers.start(15, note('never')));
    clock.advance(100);

    expect(fired).toEqual(['a 10', 'a2 10', 'b 20', 'c 30']);
  });

  it.each([0, -1, Number.NaN])('T1: take %d ms as now', (ms) => {
    const { clock, timers, fired } = create();

    timers.start(ms, () => fired.push('x'));
    clock.advance(0);

    expect(fired).toEqual(['x']);
  });

  it('T1: never fire at infinity, and arm nothing for that', () => {
    const { clock, timers } = create();

    const ticket = timers.start(Number.POSITIVE_INFINITY, boom);
    timers.cancel(timers.start(1, boom));
    const { size } = timers;
    timers.cancel(ticket);

    expect([size, clock.pending]).toEqual([1, 0]);
  });

  it('T2: arm one timer of the clock for 1,000 of theirs, and none when all are cancelled', () => {
    const { clock, timers } = create();

    const tickets = Array.from({ length: 1_000 }, (_, i) => timers.start(1_000 - i, boom));
    const { pending } = clock;
    for (const ticket of tickets) timers.cancel(ticket);

    expect([pending, clock.pending, timers.size]).toEqual([1, 0, 0]);
  });

  it('T3: go on with the others when one throws, which is reported', () => {
    const { clock, timers, fired, errors } = create();
    timers.start(10, boom);
    timers.start(10, () => fired.push('next'));
    timers.start(20, () => fired.push('later'));

    clock.advance(20);

    expect([fired, errors]).toMatchObject([['next', 'later'], [{ message: 'boom' }]]);
  });

  it('let a callback start and cancel others', () => {
    const { clock, timers, fired } = create();
    const other = timers.start(20, boom);
    timers.start(10, () => {
      timers.cancel(other);
      timers.start(5, () => fired.push(`at ${clock.monotonic()}`));
    });

    clock.advance(100);

    expect([fired, clock.pending]).toEqual([['at 15'], 0]);
  });

  it('call whoever still waits when the system ends, and say so', () => {
    const { clock, timers } = create();
    const calls: unknown[] = [];
    for (const ms of [10, 20]) timers.start(ms, (closed: boolean) => void calls.push([ms, closed]));

    timers.close();
    clock.advance(100);

    expect([calls, clock.pending]).toEqual([
      [
        [10, true],
        [20, true],
      ],
      0,
    ]);
  });
});

describe('a named timer', () => {
  it('fires once after its time', async () => {
    const { pass, got } = open({ afterMs: 100 });

    await pass(99);
    const before = [...got];
    await pass(1_000);

    expect([before, got]).toEqual([['go'], ['go', 'tick']]);
  });

  it('with "fixedRate" keeps its beat and leaves out what it missed', async () => {
    const { pass, times, actor } = open({ afterMs: 100, repeat: 'fixedRate' }, 230);

    await pass(900);
    actor.tell({ type: 'stop' });

    // The first tick takes 230 ms, so that those at 200 and 300 are missed.
    expect(times).toEqual([100, 400, 500, 600, 700, 800, 900, 1_000, 1_100]);
  });

  it('with "fixedDelay" waits its time after each message that was processed', async () => {
    const { pass, times } = open({ afterMs: 100, repeat: 'fixedDelay' }, 230);

    await pass(500);

    expect(times.slice(0, 4)).toEqual([100, 430, 530, 630]);
  });

  it('replaces one of the same name', async () => {
    const world = createWorld();
    const got: string[] = [];
    const logic = scripted(
      {
        go: (self) => self.startTimer('t', { afterMs: 100 }, { type: 'first' }),
        again: (self) => self.startTimer('t', { afterMs: 100 }, { type: 'second' }),
      },
      got,
    );
    const actor = world.system.spawn(logic, { name: 'a' });

    for (const type of ['go', 'again']) actor.tell({ type });
    await world.pass(1_000);

    expect(got).toEqual(['go', 'again', 'second']);
  });

  it('is not delivered after it was cancelled, also when its message waits already', async () => {
    const world = createWorld();
    const got: string[] = [];
    const logic = scripted(
      {
        go: (self) => self.startTimer('t', { afterMs: 0 }, { type: 'tick' }),
        stop: (self) => self.cancelTimer('t'),
      },
      got,
    );
    const actor = world.system.spawn(logic, { name: 'a' });
    actor.tell({ type: 'go' });
    await nextTurn();
    actor.tell({ type: 'stop' });
    world.environment.clock.advance(0);
    await nextTurn();

    expect(got).toEqual(['go', 'stop']);
  });

  it('can be cancelled from its own message', async () => {
    const world = createWorld();
    const got: string[] = [];
    const logic = scripted(
      {
        go: (self) => self.startTimer('t', { afterMs: 10, repeat: 'fixedRate' }, { type: 'tick' }),
        tick: (self) => self.cancelTimer('t'),
      },
      got,
    );
    world.system.spawn(logic, { name: 'a' }).tell({ type: 'go' });

    await world.pass(100);

    expect([got, world.environment.clock.pending]).toEqual([['go', 'tick'], 0]);
  });

  it('of more than 2^31 - 1 ms fires at its time, not before', async () => {
    const { pass, got } = open({ afterMs: 2 ** 31 + 10 });

    await pass(2 ** 31 + 9);
    const { length } = got;
    await pass(1);

    expect([length, got.length]).toEqual([1, 2]);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('of %d ms is refused', async (afterMs) => {
    const { actor } = open({ afterMs });

    expect(await actor.ended).toMatchObject({ error: { code: 'INVALID_OPTIONS', field: 'afterMs' } });
  });

  it('is one of 1,000 at most', async () => {
    const { system } = createWorld();
    const logic = scripted({
      go(self) {
        for (let i = 0; i <= 1_000; i++) self.startTimer(`t${i}`, { afterMs: 1 }, { type: 'x' });
      },
    });
    const actor = system.spawn(logic, { name: 'a' });

    actor.tell({ type: 'go' });

    expect(await actor.ended).toMatchObject({ error: { code: 'INVALID_OPTIONS', field: 'timer' } });
  });
});

describe('X2: a timer of a chart', () => {
  const chart = setup({}).createMachine({
    initial: 'a',
    states: { a: { after: { 10: 'late' }, on: { go: 'b' } }, b: {}, late: {} },
  });

  it('that has fired comes behind what was sent before, and not when that has left the state', async () => {
    const world = createWorld();
    const actor = world.system.spawn(chart, { name: 'a' });

    actor.tell({ type: 'go' });
    world.environment.clock.advance(10);
    await nextTurn();

    expect(actor.snapshot().value).toBe('b');
  });

  it('is gone with its actor, also when it has fired', async () => {
    const world = createWorld();
    const actor = world.system.spawn(chart, { name: 'a' });

    world.environment.clock.advance(10);
    (actor as unknown as { kill(): void }).kill();
    await nextTurn();

    expect([actor.snapshot().value, world.environment.clock.pending]).toEqual(['a', 0]);
  });
});

// Helpers

function create() {
  const clock = createVirtualClock();
  const errors: unknown[] = [];
  return { clock, timers: new Timers(clock, (error) => errors.push(error)), fired: [] as string[], errors };
}

/** An actor with one timer; its first tick takes `tookMs`. */
function open(rule: TimerRule, tookMs = 0) {
  const world = createWorld();
  const got: string[] = [];
  const times: number[] = [];
  const { clock } = world.environment;
  // Time passes while a message is processed; the clock itself cannot be advanced there.
  let late = 0;
  const monotonic = clock.monotonic.bind(clock);
  clock.monotonic = () => monotonic() + late;
  const logic = scripted(
    {
      go: (self) => self.startTimer('t', rule, { type: 'tick' }),
      tick() {
        times.push(clock.monotonic());
        if (times.length === 1) late = tookMs;
      },
    },
    got,
  );
  const actor = world.system.spawn(logic, { name: 'a' });
  actor.tell({ type: 'go' });
  const pass = async (ms: number): Promise<void> => {
    await nextTurn();
    await world.pass(ms);
  };
  return { actor, got, times, pass };
}
