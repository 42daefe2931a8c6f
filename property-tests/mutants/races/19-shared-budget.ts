// A keeper gives up when one child fails three times in a row. The wrong one counts the failures of all children together.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorSystem } from '../../../src/actors/index.ts';
import { never } from '../../../src/testing/index.ts';
import { defineRace } from './race.ts';

type KeeperMessage = { readonly type: 'failed' | 'healthy'; readonly child: string };

interface KeeperState {
  readonly failures: Readonly<Record<string, number>>;
  readonly gaveUp: boolean;
}

const MOST_FAILURES = 3;

function keep(system: ActorSystem, bug: boolean) {
  const keeper = behavior<KeeperMessage, KeeperState>({
    initial: { failures: {}, gaveUp: false },
    receive({ failures, gaveUp }, { type, child }) {
      const counted = bug ? 'all' : child;
      const count = type === 'failed' ? (failures[counted] ?? 0) + 1 : 0;
      return { failures: { ...failures, [counted]: count }, gaveUp: gaveUp || count >= MOST_FAILURES };
    },
  });
  return system.spawn(keeper, { name: 'keeper' });
}

export const sharedBudget = defineRace({
  name: 'shared-budget',
  wrong: 'three children that fail once each use up the budget of one',
  oracle: 'never',
  constraints: 2,
  shortest: 6,
  scenario: (bug) => ({
    setup({ system, client, expect }) {
      const keeper = keep(system, bug);
      for (const child of ['a', 'b', 'c']) {
        client(child, (one) => {
          one.tell(keeper, { type: 'failed', child });
          one.tell(keeper, { type: 'healthy', child });
        });
      }
      expect(never(() => keeper.snapshot().gaveUp));
    },
  }),
  async unit({ system, settle }, bug) {
    const keeper = keep(system, bug);

    for (const child of ['a', 'b', 'c']) {
      keeper.tell({ type: 'failed', child });
      keeper.tell({ type: 'healthy', child });
    }
    await settle();
    equal(keeper.snapshot().gaveUp, false);
    for (let i = 0; i < MOST_FAILURES; i++) keeper.tell({ type: 'failed', child: 'a' });
    await settle();

    equal(keeper.snapshot().gaveUp, true);
  },
});
