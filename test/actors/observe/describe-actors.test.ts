import { describe, expect, it } from 'vitest';
import { createMachine, fromCallback } from 'xstate';
import { behavior, createSystem, describeActors } from '../../../src/actors/index.ts';
import type { Message } from '../../../src/actors/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { nextTurn } from '../support.ts';

describe('describeActors', () => {
  it('gives the tree with kinds, mailboxes, counts and states of charts', async () => {
    const system = createSystem({ environment: createManualEnvironment() });
    const chart = createMachine({ id: 'door', initial: 'open', states: { open: { on: { shut: 'shut' } }, shut: {} } });
    const door = system.spawn(chart, { name: 'door' });
    const keeper = behavior<Message, undefined>({
      initial: undefined,
      receive: (_, __, actor) => (actor.stash(), undefined),
    });
    const child = system.spawn(keeper, { name: 'keeper', parent: door });
    system.spawn(
      fromCallback(() => {}),
      { name: 'other' },
    );
    door.tell({ type: 'shut' });
    child.tell({ type: 'a' });
    await nextTurn();
    child.tell({ type: 'b' });

    expect(describeActors(system)).toEqual([
      {
        path: '/door',
        kind: 'door',
        waiting: 0,
        stashed: 0,
        restarts: 0,
        processed: 1,
        state: 'shut',
        children: [
          {
            path: '/door/keeper',
            kind: 'behavior',
            waiting: 1,
            stashed: 1,
            restarts: 0,
            processed: 1,
            state: undefined,
            children: [],
          },
        ],
      },
      {
        path: '/other',
        kind: 'logic',
        waiting: 0,
        stashed: 0,
        restarts: 0,
        processed: 0,
        state: undefined,
        children: [],
      },
    ]);
  });

  it('shows a supervisor while it is at work', async () => {
    const environment = createManualEnvironment();
    const system = createSystem({ environment });
    const broken = behavior<Message, number>({
      initial: 0,
      receive: () => {
        throw new Error('boom');
      },
    });
    const actor = system.spawn(broken, { name: 'broken', supervision: { restart: 'permanent' } });

    actor.tell({ type: 'go' });
    await nextTurn(4);

    expect(describeActors(system).map(({ path, kind }) => [path, kind])).toEqual([
      ['/broken', 'behavior'],
      ['/$supervisor-broken', 'supervisor'],
    ]);
    await environment.clock.advanceAsync(60_000);
    expect(describeActors(system)[0]).toMatchObject({ restarts: 1 });
  });

  it('is empty for an empty system', () => {
    expect(describeActors(createSystem({ environment: createManualEnvironment() }))).toEqual([]);
  });
});
