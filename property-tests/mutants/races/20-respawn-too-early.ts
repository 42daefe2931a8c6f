// Unload and load again. The wrong chart starts the new child while the old one, of the same name, is still ending: the
// name is taken. The right one waits until it was told of the end.

import { equal } from 'node:assert/strict';
import { setup as machine } from 'xstate';
import { behavior, spawn, stash, stop, unstash, watch } from '../../../src/actors/index.ts';
import type { ActorSystem, TerminatedMessage } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type LoaderEvent = { readonly type: 'load' } | { readonly type: 'unload' } | TerminatedMessage;

const child = behavior<{ readonly type: 'work' }, undefined>({ initial: undefined, receive: () => undefined });

const loader = machine({
  types: { events: {} as LoaderEvent },
  actions: {
    start: spawn('child', child),
    watchIt: watch('child'),
    end: stop('child'),
    putAside: stash(),
    takeUp: unstash(),
  },
});
const loaded = { entry: ['start', 'watchIt'], on: { unload: 'unloading' } } as const;
const unloaded = { entry: 'takeUp', on: { load: 'loaded' } } as const;

const right = loader.createMachine({
  id: 'loader',
  initial: 'loaded',
  states: {
    loaded,
    unloading: { entry: 'end', on: { 'actor.terminated': 'unloaded', load: { actions: 'putAside' } } },
    unloaded,
  },
});
const wrong = loader.createMachine({
  id: 'loader',
  initial: 'loaded',
  states: {
    loaded,
    unloading: { entry: 'end', on: { 'actor.terminated': 'unloaded', load: 'loaded' } },
    unloaded,
  },
});

function open(system: ActorSystem, bug: boolean) {
  return system.spawn(bug ? wrong : right, { name: 'loader' });
}

export const respawnTooEarly = defineRace({
  name: 'respawn-too-early',
  wrong: 'a child that is started while its namesake ends is not started at all',
  oracle: 'check',
  constraints: 1,
  shortest: 2,
  scenario: (bug) => ({
    setup({ system, client }) {
      const ref = open(system, bug);
      client('user', (user) => {
        user.tell(ref, { type: 'unload' });
        user.tell(ref, { type: 'load' });
      });
      return system;
    },
    check: (system) => system.actor('/loader/child') !== undefined,
  }),
  async unit({ system, settle }, bug) {
    const ref = open(system, bug);

    await settle();
    ref.tell({ type: 'unload' });
    await settle();
    equal(system.actor('/loader/child'), undefined);
    ref.tell({ type: 'load' });
    await settle();

    equal(system.actor('/loader/child')?.name, 'child');
  },
});
