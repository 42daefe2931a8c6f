// A loop that is started twice arms two timers and keeps the name of one. The right version starts once.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { Behavior } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type LoopMessage = { readonly type: 'start' } | { readonly type: 'stop' } | { readonly type: 'tick' };

interface LoopState {
  readonly starts: number;
  readonly isRunning: boolean;
  readonly ticksAfterStop: number;
}

function fetchLoop(bug: boolean): Behavior<LoopMessage, LoopState> {
  return behavior<LoopMessage, LoopState>({
    initial: { starts: 0, isRunning: false, ticksAfterStop: 0 },
    receive(state, { type }, actor) {
      if (type === 'start') {
        if (state.isRunning && !bug) return state;
        const starts = state.starts + 1;
        actor.startTimer(`loop-${starts}`, { afterMs: 100, repeat: 'fixedDelay' }, { type: 'tick' });
        return { ...state, starts, isRunning: true };
      }
      if (type === 'stop') {
        actor.cancelTimer(`loop-${state.starts}`);
        return { ...state, isRunning: false };
      }
      return state.isRunning ? state : { ...state, ticksAfterStop: state.ticksAfterStop + 1 };
    },
  });
}

export const doubleStart = defineRace({
  name: 'double-start',
  wrong: 'two starts in a row leave a timer that no stop cancels',
  oracle: 'invariant',
  constraints: 1,
  shortest: 6,
  scenario: (bug) => ({
    setup({ system, client }) {
      const loop = system.spawn(fetchLoop(bug), { name: 'loop' });
      for (const name of ['operator', 'scheduler']) {
        client(name, (caller) => {
          caller.tell(loop, { type: 'start' });
          caller.tell(loop, { type: 'stop' });
        });
      }
      return loop;
    },
    invariant: (loop) => loop.snapshot().ticksAfterStop === 0,
  }),
  async unit({ system, advance }, bug) {
    const loop = system.spawn(fetchLoop(bug), { name: 'loop' });

    loop.tell({ type: 'start' });
    await advance(250);
    loop.tell({ type: 'stop' });
    loop.tell({ type: 'start' });
    loop.tell({ type: 'stop' });
    await advance(1000);

    equal(loop.snapshot().ticksAfterStop, 0);
  },
});
