// A holder reads the page under its lease, adds a line and writes the page back. Its lease is taken away in between, and
// the write lands after all those of the next holder. The right store refuses tokens older than the newest it has seen.

import { deepEqual } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { Actor, ActorRef, ActorSystem, Behavior } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

const BOB_LINES = 4;

type LockMessage = { readonly type: 'acquire'; readonly holder: ActorRef<HolderMessage> } | { readonly type: 'revoke' };
type Page = readonly string[];
type HolderMessage =
  | { readonly type: 'granted'; readonly token: number }
  | { readonly type: 'page'; readonly page: Page }
  | { readonly type: 'written' };
type StoreMessage =
  | { readonly type: 'read'; readonly holder: ActorRef<HolderMessage> }
  | { readonly type: 'write'; readonly token: number; readonly page: Page; readonly holder: ActorRef<HolderMessage> };
interface Stored {
  readonly token: number;
  readonly page: Page;
}

const lock = behavior<LockMessage, { readonly token: number; readonly queue: readonly ActorRef<HolderMessage>[] }>({
  initial: { token: 0, queue: [] },
  receive({ token, queue }, message, actor) {
    const next = message.type === 'acquire' ? [...queue, message.holder] : queue.slice(1);
    const [first] = next;
    if (first === undefined || (message.type === 'acquire' && queue.length > 0)) return { token, queue: next };
    actor.tell(first, { type: 'granted', token: token + 1 });
    return { token: token + 1, queue: next };
  },
});

/** Adds its lines one after the other; its state is its token and how many are left. */
function holder(name: string, lines: number, store: ActorRef<StoreMessage>) {
  return behavior<HolderMessage, { readonly token: number; readonly left: number }>({
    initial: { token: 0, left: lines },
    receive({ token, left }, message, actor) {
      if (message.type === 'page') {
        const page = [...message.page, `${name} ${left}`];
        actor.tell(store, { type: 'write', token, page, holder: actor.self });
        return { token, left: left - 1 };
      }
      if (left > 0) actor.tell(store, { type: 'read', holder: actor.self });
      return { token: message.type === 'granted' ? message.token : token, left };
    },
  });
}

function open(system: ActorSystem, bug: boolean) {
  const store = behavior<StoreMessage, Stored>({
    initial: { token: 0, page: [] },
    receive(stored, message, actor) {
      if (message.type === 'read') {
        actor.tell(message.holder, { type: 'page', page: stored.page });
        return stored;
      }
      actor.tell(message.holder, { type: 'written' });
      const { token, page } = message;
      return !bug && token < stored.token ? stored : { token, page };
    },
  });
  const disk = system.spawn(store, { name: 'store' });
  return {
    disk,
    locks: system.spawn(lock, { name: 'lock' }),
    alice: system.spawn(holder('alice', 1, disk), { name: 'alice' }),
    bob: system.spawn(holder('bob', BOB_LINES, disk), { name: 'bob' }),
  };
}

export const writeAfterLease = defineRace<Actor<Behavior<StoreMessage, Stored>>>({
  name: 'write-after-lease',
  wrong: 'a write of a holder that has lost its lease replaces all that the next holder wrote',
  oracle: 'check',
  constraints: 2,
  shortest: 21,
  scenario: (bug) => ({
    setup({ system, client }) {
      const { disk, locks, alice, bob } = open(system, bug);
      client('operator', (operator) => {
        operator.tell(locks, { type: 'acquire', holder: alice });
        operator.tell(locks, { type: 'acquire', holder: bob });
        operator.tell(locks, { type: 'revoke' });
      });
      return disk;
    },
    // Only a write behind all of his can lose the last line.
    check: (disk) => disk.snapshot().page.includes('bob 1'),
  }),
  async unit({ system, settle }, bug) {
    const { disk, locks, alice, bob } = open(system, bug);

    locks.tell({ type: 'acquire', holder: alice });
    locks.tell({ type: 'acquire', holder: bob });
    await settle();
    locks.tell({ type: 'revoke' });
    await settle();

    deepEqual(disk.snapshot().page, ['alice 1', 'bob 4', 'bob 3', 'bob 2', 'bob 1']);
  },
});
