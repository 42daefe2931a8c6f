import { describe, expect, it } from 'vitest';
import { behavior } from '../../../src/actors/index.ts';
import type { Expects } from '../../../src/actors/index.ts';
import { explore } from '../../../src/testing/index.ts';
import type { FaultBudget, ScheduleContext } from '../../../src/testing/index.ts';

type Note = { readonly type: 'note'; readonly text: string };

describe('faults', () => {
  it.each<[FaultBudget, readonly string[]]>([
    [{}, ['ab']],
    [{ drop: 1 }, ['a', 'ab', 'b']],
    [{ drop: 2 }, ['', 'a', 'ab', 'b']],
    [{ duplicate: 1 }, ['aab', 'ab', 'abb']],
    [{ delay: 1 }, ['ab', 'ba']],
  ])('%j lets 2 messages of one sender come as %j', async (faults, wanted) => {
    const seen = await outcomes(faults, ({ system, client }) => {
      const sink = system.spawn(noteLogic(), { name: 'sink' });
      client('me', (me) => {
        for (const text of ['a', 'b']) me.tell(sink, { type: 'note', text });
      });
      return () => sink.snapshot();
    });

    expect([...seen].toSorted()).toEqual(wanted);
  });

  it('crash an actor at any message: it ends, or is restarted by its supervision', async () => {
    const seen = await outcomes({ crash: 1 }, ({ system }) => {
      const fragile = system.spawn(noteLogic(), { name: 'fragile' });
      const supervised = system.spawn(noteLogic(), { name: 'supervised', supervision: { restart: 'permanent' } });
      fragile.tell({ type: 'note', text: 'x' });
      for (const text of ['a', 'b']) supervised.tell({ type: 'note', text });
      return () => `${system.actors().length} ${supervised.snapshot()}`;
    });

    expect([...seen].toSorted()).toEqual(['1 ab', '2 ', '2 ab', '2 b']);
  });

  it('crash nobody that mayCrash excludes', async () => {
    const scenario = {
      setup: ({ system }: ScheduleContext) => {
        const sink = system.spawn(noteLogic(), { name: 'sink' });
        sink.tell({ type: 'note', text: 'a' });
        return sink;
      },
      mayCrash: () => false,
      check: (sink: { snapshot(): string }) => sink.snapshot() === 'a',
    };

    expect(await explore(scenario, { strategy: 'dfs', faults: { crash: 1 } })).toMatchObject({ schedules: 1 });
  });

  it('keep a question that was doubled from being answered twice', async () => {
    const seen = await outcomes({ duplicate: 1 }, ({ system, client }) => {
      const log: unknown[] = [];
      const echo = system.spawn(echoLogic(), { name: 'echo' });
      client('me', async (me) => void log.push(await me.ask(echo, { type: 'ask' })));
      return () => `${log.join()} ${JSON.stringify(system.deadLetters.counts)}`;
    });

    expect([...seen]).toEqual(['reply {}']);
  });

  it('fail a port after its effect, or before it where the scenario says so', async () => {
    const run = (failsBefore: readonly string[]) =>
      outcomes({ portFailure: 1 }, ({ port, client }) => {
        const saved: string[] = [];
        const log: string[] = [];
        const store = port('store', { save: async (text: string) => void saved.push(text) }, { failsBefore });
        client('me', async () => {
          await store.save('x').then(
            () => log.push('ok'),
            (error: Error) => log.push(error.message),
          );
        });
        return () => [...saved, ...log].join();
      });
    const failed = '[UNAVAILABLE] store.save#1 failed: a fault of the schedule';

    expect([...(await run([]))].toSorted()).toEqual(['x,ok', `x,${failed}`].toSorted());
    expect([...(await run(['save']))].toSorted()).toEqual(['x,ok', failed].toSorted());
  });

  it('jump the wall clock an hour, and move no timer', async () => {
    const seen = await outcomes({ clockJump: 1 }, ({ system, environment }) => {
      const log: number[] = [];
      const sleeper = behavior<{ type: 'wake' }, undefined>({
        initial(_, actor) {
          actor.startTimer('wake', { afterMs: 10 }, { type: 'wake' });
          return undefined;
        },
        receive: (state, _, actor) => {
          log.push(actor.now(), environment.clock.monotonic());
          return state;
        },
      });
      system.spawn(sleeper, { name: 'sleeper' });
      return () => log.join();
    });

    expect([...seen].toSorted()).toEqual(['-3599990,10', '10,10', '3600010,10']);
  });
});

// Helpers

async function outcomes(
  faults: FaultBudget,
  setup: (context: ScheduleContext) => () => string,
): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  const scenario = { setup, check: (result: () => string) => void seen.add(result()) };
  const { exhausted } = await explore(scenario, { strategy: 'dfs', faults });
  expect(exhausted).toBe(true);
  return seen;
}

function noteLogic() {
  return behavior<Note, string>({ initial: '', receive: (all, { text }) => all + text });
}

function echoLogic() {
  return behavior<{ type: 'ask' } & Expects<string>, undefined>({
    initial: undefined,
    receive(state, _, actor) {
      actor.reply('reply');
      return state;
    },
  });
}
