// Read, change, write back: whoever writes in between is overwritten. The right version writes only over what it has read.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, Expects } from '../../../src/actors/index.ts';
import { linearizable } from '../../../src/testing/index.ts';
import type { Client } from '../../../src/testing/index.ts';
import { defineRace } from './race.ts';

type AccountMessage =
  | ({ readonly type: 'read' } & Expects<number>)
  | ({ readonly type: 'write'; readonly balance: number; readonly over: number | undefined } & Expects<boolean>);

const account = behavior<AccountMessage, number>({
  initial: 0,
  receive(balance, message, actor) {
    if (message.type === 'read') {
      actor.reply(balance);
      return balance;
    }
    const isFree = message.over === undefined || message.over === balance;
    actor.reply(isFree);
    return isFree ? message.balance : balance;
  },
});

async function deposit(caller: Pick<Client, 'ask'>, to: ActorRef<AccountMessage>, bug: boolean): Promise<number> {
  for (;;) {
    const before = await caller.ask(to, { type: 'read' as const }, { deadlineMs: 1000 });
    const balance = before + 1;
    const over = bug ? undefined : before;
    if (await caller.ask(to, { type: 'write', balance, over }, { deadlineMs: 1000 })) return balance;
  }
}

export const lostUpdate = defineRace({
  name: 'lost-update',
  wrong: 'of two deposits that read the same balance, one is lost',
  oracle: 'linearizable',
  constraints: 1,
  shortest: 5,
  // Nobody gives up: deadlines are not what this is about.
  options: { earlyTimers: 0 },
  scenario: (bug) => ({
    setup({ system, client, expect }) {
      const ref = system.spawn(account, { name: 'account' });
      const add = (caller: Client): Promise<number> => caller.call('add', 1, () => deposit(caller, ref, bug));
      client('alice', add);
      client('bob', add);
      expect(linearizable<number>({ initial: 0, apply: (balance) => ({ state: balance + 1, output: balance + 1 }) }));
    },
  }),
  async unit({ system }, bug) {
    const ref = system.spawn(account, { name: 'account' });
    const caller = system as unknown as Pick<Client, 'ask'>;

    await deposit(caller, ref, bug);

    equal(await deposit(caller, ref, bug), 2);
  },
});
