import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fromPromise, not, setup } from 'xstate';
import type { AnyStateMachine } from 'xstate';
import { outdated } from '../../tools/diagrams.ts';
import { drawMachine } from '../../tools/mermaid.ts';

describe('drawMachine', () => {
  it('draws nested states, guards, timers and invoked actors by their names', () => {
    expect(drawMachine(doorMachine())).toBe(
      [
        '%% Drawn from src/machines/door.machine.ts by "npm run docs"; do not edit.',
        '%% A door with a lock.',
        'stateDiagram-v2',
        '  state "opening" as opening',
        '  state "open" as open {',
        '    state "wide" as open_wide',
        '    state "ajar" as open_ajar',
        '    [*] --> open_wide',
        '    open_wide --> open_ajar : door.push [not(isStuck)]',
        '    open_ajar --> open_ajar : knock / ignored',
        '  }',
        '  %% open keeps: any event / count',
        '  state "shut" as shut',
        '  [*] --> opening',
        '  opening --> open : turnKey done [isStrong]',
        '  opening --> shut : turnKey error',
        '  open --> shut : after patience',
        '  open_ajar --> shut : always [isStuck]',
        '  shut --> [*]',
        '',
      ].join('\n'),
    );
  });

  it('writes a transition out of a nested state at the top, so that Mermaid leaves the state where it is', () => {
    const machine = setup({}).createMachine({
      id: 'deep',
      initial: 'a',
      states: {
        a: { initial: 'b', states: { b: { initial: 'c', states: { c: { on: { go: '#deep.a.d' } } } }, d: {} } },
      },
    });

    expect(drawMachine(machine).split('\n')).toContain('  a_b_c --> a_d : go');
  });

  it('parts the 2 regions of a parallel state', () => {
    const machine = setup({}).createMachine({
      id: 'twin',
      initial: 'both',
      states: { both: { type: 'parallel', states: { left: {}, right: { initial: 'on', states: { on: {} } } } } },
    });

    expect(drawMachine(machine)).toContain(
      ['  state "both" as both {', '    state "left" as both_left', '    --', '    state "right" as both_right {'].join(
        '\n',
      ),
    );
  });
});

describe('outdated', () => {
  it('names diagrams that are missing, differ or belong to no machine', () => {
    const folder = mkdtempSync(join(tmpdir(), 'troupe-diagrams-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const name of ['same.mmd', 'changed.mmd', 'stale.mmd']) writeFileSync(join(folder, name), 'old');
    const wanted = new Map(Object.entries({ 'same.mmd': 'old', 'changed.mmd': 'new', 'missing.mmd': 'new' }));

    expect(outdated(wanted, folder)).toEqual(['changed.mmd', 'missing.mmd', 'stale.mmd']);
  });
});

// Helpers

function doorMachine(): AnyStateMachine {
  return setup({
    actors: { turnKey: fromPromise<void>(() => new Promise(() => {})) },
    guards: { isStuck: () => false, isStrong: () => true },
    actions: { count: () => {} },
    delays: { patience: 100 },
  }).createMachine({
    id: 'door',
    description: 'A door with a lock.',
    initial: 'opening',
    states: {
      opening: { invoke: { src: 'turnKey', onDone: { target: 'open', guard: 'isStrong' }, onError: 'shut' } },
      open: {
        initial: 'wide',
        after: { patience: 'shut' },
        on: { '*': { actions: 'count' } },
        states: {
          wide: { on: { 'door.push': { target: 'ajar', guard: not('isStuck') } } },
          ajar: { on: { knock: {} }, always: { target: '#door.shut', guard: 'isStuck' } },
        },
      },
      shut: { type: 'final' },
    },
  });
}
