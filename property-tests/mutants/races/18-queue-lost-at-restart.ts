// Work that comes before the configuration waits. The wrong actor keeps it in its own state, which a restart throws away;
// the right one puts it aside, and gets it back.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorSystem } from '../../../src/actors/index.ts';
import { RuntimeError } from '../../../src/errors/index.ts';
import { defineRace } from './race.ts';

type WorkerMessage =
  | { readonly type: 'work'; readonly id: string }
  | { readonly type: 'configure' }
  | { readonly type: 'hello' };

interface WorkerState {
  readonly isReady: boolean;
  readonly queue: readonly string[];
}

function start(system: ActorSystem, bug: boolean) {
  const done: string[] = [];
  const worker = behavior<WorkerMessage, WorkerState>({
    initial: { isReady: false, queue: [] },
    receive({ isReady, queue }, message, actor) {
      if (message.type === 'configure') {
        done.push(...queue);
        actor.unstash();
        return { isReady: true, queue: [] };
      }
      if (message.type === 'hello') {
        if (!isReady) throw new RuntimeError('FAILED_PRECONDITION', 'it cannot greet before it is configured');
        return { isReady, queue };
      }
      if (isReady) done.push(message.id);
      else if (bug) return { isReady, queue: [...queue, message.id] };
      else actor.stash();
      return { isReady, queue };
    },
  });
  return { done, ref: system.spawn(worker, { name: 'worker', supervision: { restart: 'permanent' } }) };
}

export const queueLostAtRestart = defineRace({
  name: 'queue-lost-at-restart',
  wrong: 'work that waits for the configuration is lost when the worker is restarted',
  oracle: 'check',
  constraints: 2,
  shortest: 6,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { done, ref } = start(system, bug);
      client('admin', (admin) => admin.tell(ref, { type: 'configure' }));
      client('user', (user) => user.tell(ref, { type: 'work', id: 'a' }));
      client('peer', (peer) => peer.tell(ref, { type: 'hello' }));
      return done;
    },
    check: (done) => done.length === 1,
  }),
  async unit({ system, settle }, bug) {
    const { done, ref } = start(system, bug);

    ref.tell({ type: 'work', id: 'a' });
    ref.tell({ type: 'configure' });
    ref.tell({ type: 'work', id: 'b' });
    ref.tell({ type: 'hello' });
    await settle();

    deepEqual(done, ['a', 'b']);
  },
});
