import { describe, expect, it } from 'vitest';
import { and, assign, fromPromise, setup } from 'xstate';
import { drawAll, loadMachines, outdated } from '../tools/diagrams.ts';
import { findings } from './machine-rules.ts';

const machines = await loadMachines();

describe('every machine', () => {
  it('is found: there is at least 1', () => {
    expect(machines.length).toBeGreaterThanOrEqual(1);
  });

  it.each(machines)('$fileName keeps the rules M1 to M6', (machine) => {
    expect(findings(machine)).toEqual([]);
  });

  it('has a diagram that is up to date (npm run docs)', () => {
    expect(outdated(drawAll(machines))).toEqual([]);
  });
});

describe('findings', () => {
  it('has nothing to say about a good machine', () => {
    expect(findings({ machine: good(), fileName: 'good', exportName: 'goodMachine' })).toEqual([]);
  });

  it('names all that is wrong with a bad machine', () => {
    expect(findings({ machine: bad(), fileName: 'worse-one', exportName: 'badMachine' })).toEqual([
      'M1: id "bad" is not the file\'s name "worse-one"',
      'M1: the export is "badMachine", not "worseOneMachine"',
      'M2: "bad.opening" has an inline guard',
      'M2: "bad.Open" has an inline guard',
      'M2: "bad.opening" has an inline action',
      'M2: "bad.Open" has an inline action',
      'M3: "bad.opening" invokes "open" without onError',
      'M4: "bad.lost" cannot be reached',
      'M5: "bad.opening" waits for a number, not for a named delay: xstate.after.100.bad.opening',
      'M5: event "OPEN_NOW" is not subject.verb',
      'M5: state "Open" is not in lower camel case',
      'M6: "bad" has no description',
      'M6: "bad.opening" has no description',
      'M6: "bad.Open" has no description',
      'M6: "bad.lost" has no description',
    ]);
  });
});

// Helpers

function good(): (typeof machines)[number]['machine'] {
  return setup({
    actors: { open: fromPromise<void>(() => new Promise(() => {})) },
    guards: { isFatal: () => true, isLate: () => true },
    actions: { count: () => {} },
    delays: { patience: 10 },
  }).createMachine({
    id: 'good',
    description: 'Opens something.',
    initial: 'opening',
    states: {
      opening: {
        description: 'On its way.',
        entry: 'count',
        invoke: { src: 'open', onDone: 'open', onError: { target: 'closed', guard: and(['isFatal', 'isLate']) } },
        after: { patience: 'closed' },
      },
      open: {
        description: 'In use, with a region each for reading and writing.',
        type: 'parallel',
        on: { 'stream.close': 'closed', stop: { actions: { type: 'count' } } },
        states: { reading: { description: 'In.' }, writing: { description: 'Out.' } },
      },
      closed: { type: 'final' },
    },
  });
}

function bad(): (typeof machines)[number]['machine'] {
  return setup({
    actors: { open: fromPromise<void>(() => new Promise(() => {})) },
    guards: { isFatal: () => true },
  }).createMachine({
    id: 'bad',
    initial: 'opening',
    states: {
      opening: {
        invoke: { src: 'open', onDone: { target: 'Open', guard: () => true } },
        entry: assign({}),
        after: { 100: 'Open' },
      },
      Open: { on: { OPEN_NOW: { guard: and(['isFatal', () => true]), actions: () => {} } } },
      lost: {},
    },
  });
}
