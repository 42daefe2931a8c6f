// A chart that ignores what it does not know, by a wildcard, also ignores that its child has failed, and waits for it for
// ever. The right one has an `onError`.

import { equal } from 'node:assert/strict';
import { fromCallback, sendTo, setup as machine } from 'xstate';
import type { EventObject } from 'xstate';
import { eventually } from '../../../src/testing/index.ts';
import type { ActorSystem } from '../../../src/actors/index.ts';
import { RuntimeError } from '../../../src/errors/index.ts';
import { defineRace } from './race.ts';

type ImportEvent = { readonly type: 'header' } | { readonly type: 'row' } | { readonly type: 'imported' };

const parser = fromCallback<EventObject>(({ receive, sendBack }) => {
  let hasHeader = false;
  receive(({ type }) => {
    if (type === 'header') hasHeader = true;
    else if (hasHeader) sendBack({ type: 'imported' });
    else throw new RuntimeError('FAILED_PRECONDITION', 'a row came before the header');
  });
});

const importer = machine({
  types: { events: {} as ImportEvent },
  actors: { parser },
  actions: { parse: sendTo('parser', ({ event }) => event) },
});
const on = { header: { actions: 'parse' }, row: { actions: 'parse' }, imported: 'imported' } as const;

const right = importer.createMachine({
  id: 'importer',
  initial: 'reading',
  states: {
    reading: { invoke: { src: 'parser', id: 'parser', onError: 'failed' }, on: { ...on, '*': {} } },
    imported: {},
    failed: {},
  },
});
const wrong = importer.createMachine({
  id: 'importer',
  initial: 'reading',
  states: { reading: { invoke: { src: 'parser', id: 'parser' }, on: { ...on, '*': {} } }, imported: {}, failed: {} },
});

function open(system: ActorSystem, bug: boolean) {
  return system.spawn(bug ? wrong : right, { name: 'importer' });
}

export const swallowedChildError = defineRace({
  name: 'swallowed-child-error',
  wrong: 'the failure of a child reaches only a wildcard, and its parent waits for ever',
  oracle: 'eventually',
  constraints: 1,
  shortest: 3,
  scenario: (bug) => ({
    setup({ system, client, expect }) {
      const ref = open(system, bug);
      client('head', (head) => head.tell(ref, { type: 'header' }));
      client('body', (body) => body.tell(ref, { type: 'row' }));
      expect(eventually(() => ref.snapshot().value !== 'reading'));
    },
  }),
  async unit({ system, settle }, bug) {
    const ref = open(system, bug);

    ref.tell({ type: 'header' });
    ref.tell({ type: 'row' });
    await settle();

    equal(ref.snapshot().value, 'imported');
  },
});
