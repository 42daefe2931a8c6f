import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { Expects } from '../../../src/actors/index.ts';
import { defineScenario, explore, random, RaceError } from '../../../src/testing/index.ts';
import type { Strategy } from '../../../src/testing/index.ts';

type CounterMessage = ({ type: 'get' } & Expects<number>) | { type: 'set'; value: number };

/** Two clients that add one each by reading and writing: an update is lost when both read first. */
const lostUpdate = defineScenario({
  name: 'two clients add one each',
  setup({ system, client }) {
    const counter = system.spawn(counterLogic(), { name: 'counter' });
    for (const name of ['ann', 'bob']) {
      client(name, async (me) => {
        const value = await me.ask(counter, { type: 'get' });
        me.tell(counter, { type: 'set', value: value + 1 });
      });
    }
    return counter;
  },
  check: (counter) => counter.snapshot() === 2,
});

describe('explore', () => {
  it('sees all 1,680 orders of 3 senders with 3 messages each, and knows that it has', async () => {
    const orders = new Set<string>();

    const result = await explore(senders(3, 3, orders), { strategy: 'dfs' });

    expect(result).toMatchObject({ schedules: 1680, distinct: 1680, exhausted: true });
    expect(orders.size).toBe(1680);
  });

  it.each(['random', 'pct', 'dfs', 'portfolio'] as const)('finds a lost update by %s', async (strategy) => {
    const { failure } = await explore(lostUpdate, { strategy, throws: false });

    expect(failure).toMatchObject({ oracle: 'check', message: 'it does not hold' });
  });

  it('rejects with the oracle, 6 numbered steps, a diagram and a replay line', async () => {
    const error = await explore(lostUpdate).catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(RaceError);
    expect(error).toMatchObject({ code: 'RACE_FOUND' });
    const { message } = error as RaceError;
    expect(message).toContain('[RACE_FOUND] two clients add one each: check: it does not hold');
    expect(message).toMatch(/^ {2}3\. ann -> \/counter: get \(0\)$/m);
    expect(message).toMatch(/^ {2}6\. .*set \(1\)$/m);
    expect(message).toContain('sequenceDiagram');
    expect(message).toMatch(/^replay: explore\(scenario, \{ replay: 'r1~[^']+' \}\)$/m);
  });

  it('makes a failure small: at most 2 decisions are not the default', async () => {
    const busy = defineScenario({
      setup(context) {
        const other = context.system.spawn(counterLogic(), { name: 'other' });
        for (let i = 0; i < 4; i++) context.client(`by-${i}`, (me) => me.tell(other, { type: 'set', value: i }));
        return lostUpdate.setup(context);
      },
      check: (counter) => counter.snapshot() === 2,
    });

    const { failure } = await explore(busy, { strategy: 'random', throws: false });
    const deviations = failure?.decisions.filter(({ index }) => index > 0).length ?? 99;

    expect(deviations).toBeLessThanOrEqual(2);
  });

  it('repeats a failure 100 times out of 100, step by step', async () => {
    const { failure } = await explore(lostUpdate, { strategy: 'random', seed: 7, throws: false });
    const hashes = new Set<string | undefined>();
    for (let i = 0; i < 100; i++) {
      const again = await explore(lostUpdate, { replay: failure?.replay, throws: false });
      hashes.add(again.failure?.traceHash);
    }

    expect([...hashes]).toEqual([failure?.traceHash]);
  });

  it('refuses to repeat a failure of a program that has changed', async () => {
    const { failure } = await explore(lostUpdate, { throws: false });
    const changed = {
      ...lostUpdate,
      setup: (context: Parameters<typeof lostUpdate.setup>[0]) => {
        const counter = lostUpdate.setup(context);
        context.client('eve', (me) => me.tell(counter, { type: 'set', value: 0 }));
        return counter;
      },
    };

    await expect(explore(changed, { replay: failure?.replay })).rejects.toMatchObject({ code: 'REPLAY_DIVERGED' });
  });

  it.each(['', 'r1~1', 'r0~1~60000~4~0.0.0.0.0.0~00', 'r1~1~60000~4~0.0~00', 'r1~1~60000~4~0.0.0.0.0.0~0'])(
    'refuses the replay text "%s"',
    async (replay) => {
      await expect(explore(lostUpdate, { replay })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    },
  );

  it.each([
    { seed: -1 },
    { schedules: 0 },
    { timeMs: 0 },
    { limitMs: Number.NaN },
    { earlyTimers: 0.5 },
    { maxSteps: 0 },
    { shrinkTries: -1 },
    { faults: { drop: -1 } },
    { strategy: 'none' as never },
  ])('refuses %j', async (options) => {
    await expect(explore(lostUpdate, options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('ends after timeMs', async () => {
    const result = await explore(senders(3, 3), { timeMs: 20 });

    expect(result.schedules).toBeGreaterThan(0);
    expect(result.exhausted).toBe(false);
  });

  it('gives the same schedules for the same seed, and other ones for another', async () => {
    const run = async (seed: number): Promise<string> => {
      const orders: string[] = [];
      const note = { add: (order: string) => void orders.push(order) };
      await explore(senders(3, 3, note), { strategy: 'random', seed, schedules: 5 });
      return orders.join();
    };

    expect(await run(1)).toBe(await run(1));
    expect(await run(2)).not.toBe(await run(1));
  });

  it('asks a strategy of the user, and tells it what was decided', async () => {
    const records: number[] = [];
    const own: Strategy = {
      name: 'own',
      next: (run) => (run < 2 ? random(3).next(run) : undefined),
      done: (record) => void records.push(record.length),
    };

    const result = await explore(senders(2, 1), { strategy: own });

    expect(result).toMatchObject({ schedules: 2, exhausted: true });
    expect(records).toEqual([1, 1]);
  });

  it('runs one exploration after the other', async () => {
    const [one, other] = await Promise.all([explore(senders(2, 2)), explore(lostUpdate, { throws: false })]);

    expect([one.schedules, other.failure?.oracle]).toEqual([1000, 'check']);
  });

  it('takes no turn of the event loop within schedules that use no promises', async () => {
    let turns = 0;
    let isCounting = true;
    const count = (): void => {
      turns++;
      if (isCounting) setImmediate(count);
    };
    setImmediate(count);

    await explore(senders(3, 3), { strategy: 'random', schedules: 300 });
    isCounting = false;

    expect(turns).toBeLessThan(60);
  });
});

// Helpers

function counterLogic() {
  return behavior<CounterMessage, number>({
    initial: 0,
    receive(value, message, actor) {
      if (message.type === 'set') return message.value;
      actor.reply(value);
      return value;
    },
  });
}

/** Actors that send numbered messages to one sink at their start. */
function senders(count: number, messages: number, orders: { add(order: string): void } = new Set()) {
  const sink = behavior<{ type: 'note'; text: string }, string>({
    initial: '',
    receive: (all, { text }) => all + text,
  });
  return defineScenario({
    setup({ system }) {
      const target = system.spawn(sink, { name: 'sink' });
      for (let i = 0; i < count; i++) {
        const sender = behavior<never, undefined>({
          initial(_, actor) {
            for (let k = 1; k <= messages; k++) actor.tell(target, { type: 'note', text: `${i}:${k} ` });
            return undefined;
          },
          receive: (state) => state,
        });
        system.spawn(sender, { name: `sender-${i}` });
      }
      return target;
    },
    check: (target) => orders.add(target.snapshot()),
  });
}
