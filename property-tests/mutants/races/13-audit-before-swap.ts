// A change is a compare-and-set, and an entry in the audit. The wrong version writes the entry when it tries, the right one
// when it has won.

import { equal } from 'node:assert/strict';
import { behavior } from '../../../src/actors/index.ts';
import type { ActorRef, ActorSystem } from '../../../src/actors/index.ts';
import { defineRace } from './race.ts';

type RecordMessage =
  | { readonly type: 'read'; readonly from: ActorRef<EditorMessage> }
  | { readonly type: 'swap'; readonly version: number; readonly from: ActorRef<EditorMessage> };
type EditorMessage =
  | { readonly type: 'edit' }
  | { readonly type: 'current'; readonly version: number }
  | { readonly type: 'swapped'; readonly won: boolean };
interface Entry {
  readonly type: 'entry';
  readonly by: string;
}

/** Its state is its version. */
const record = behavior<RecordMessage, number>({
  initial: 0,
  receive(version, message, actor) {
    if (message.type === 'read') {
      actor.tell(message.from, { type: 'current', version });
      return version;
    }
    const won = message.version === version;
    actor.tell(message.from, { type: 'swapped', won });
    return won ? version + 1 : version;
  },
});

function open(system: ActorSystem, bug: boolean) {
  const target = system.spawn(record, { name: 'record' });
  const audit = system.spawn(behavior<Entry, number>({ initial: 0, receive: (entries) => entries + 1 }), {
    name: 'audit',
  });
  const editor = behavior<EditorMessage, undefined>({
    initial: undefined,
    receive(_, message, actor) {
      const note = (): void => actor.tell(audit, { type: 'entry', by: actor.self.name });
      if (message.type === 'edit') actor.tell(target, { type: 'read', from: actor.self });
      else if (message.type === 'current') {
        if (bug) note();
        actor.tell(target, { type: 'swap', version: message.version, from: actor.self });
      } else if (message.won && !bug) note();
      return undefined;
    },
  });
  const editors = ['alice', 'bob'].map((name) => system.spawn(editor, { name }));
  return { target, audit, editors };
}

export const auditBeforeSwap = defineRace({
  name: 'audit-before-swap',
  wrong: 'the audit has an entry of a change that lost its compare-and-set',
  oracle: 'check',
  constraints: 1,
  shortest: 9,
  scenario: (bug) => ({
    setup({ system }) {
      const { target, audit, editors } = open(system, bug);
      for (const one of editors) one.tell({ type: 'edit' });
      return { target, audit };
    },
    check: ({ target, audit }) => audit.snapshot() === target.snapshot(),
  }),
  async unit({ system, settle }, bug) {
    const { target, audit, editors } = open(system, bug);

    for (const one of editors) {
      one.tell({ type: 'edit' });
      await settle();
    }

    equal(audit.snapshot(), 2);
    equal(target.snapshot(), 2);
  },
});
