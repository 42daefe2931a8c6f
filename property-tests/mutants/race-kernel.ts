// Bugs that the properties of strategies, oracles and lint must find. Plant one, run its property, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const SCHEDULES = 'property-tests/testing/schedules.model.prop.ts';
const LINEARIZABLE = 'property-tests/testing/linearizable.model.prop.ts';
const LINT = 'property-tests/testing/lint.machine.prop.ts';

/** One bug or more for each property. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'dfs leaves out schedules at its bound (F1)',
    file: 'src/testing/explore/strategies/dfs.ts',
    from: 'delays + 1 <= bound',
    to: 'delays + 2 <= bound',
    killedBy: SCHEDULES,
  },
  {
    name: 'dfs goes back too far (F1)',
    file: 'src/testing/explore/strategies/dfs.ts',
    from: 'last.index + 1 < last.of',
    to: 'last.index + 2 < last.of',
    killedBy: SCHEDULES,
  },
  {
    name: 'a schedule cannot be made again from its seed (T1)',
    file: 'src/testing/explore/strategies/pct.ts',
    from: 'const source = createSeededRandom(deriveSeed(seed, run));',
    to: 'const source = { next: () => Math.random() };',
    killedBy: SCHEDULES,
  },
  {
    name: 'shrinking goes on behind its limit (H3)',
    file: 'src/testing/explore/shrink.ts',
    from: 'this.isOver || this.#tried',
    to: 'this.#tried',
    killedBy: SCHEDULES,
  },
  {
    name: 'the calls that were taken up are not part of the memory (W3)',
    file: 'src/testing/oracles/linearizable.ts',
    from: 'const key = `${this.#bits.join()} ',
    to: 'const key = `',
    killedBy: LINEARIZABLE,
  },
  {
    name: 'any output fits (W1)',
    file: 'src/testing/oracles/linearizable.ts',
    from: 'return isEqual ? result : undefined;',
    to: 'return isEqual ? result : result;',
    killedBy: LINEARIZABLE,
  },
  {
    name: 'a pending call must have the output that it does not have (W2)',
    file: 'src/testing/oracles/linearizable.ts',
    from: 'if (entry.returnedAt === undefined) return result;',
    to: '',
    killedBy: LINEARIZABLE,
  },
  {
    name: 'a wildcard swallows nothing',
    file: 'src/testing/lint/static-rules.ts',
    from: 'if (handles(wild, error)) return false;',
    to: 'return false;',
    killedBy: LINT,
  },
  {
    name: 'timers are never armed',
    file: 'src/testing/lint/stepper.ts',
    from: 'timers.set(id, event);',
    to: '',
    killedBy: LINT,
  },
  {
    name: 'children never settle',
    file: 'src/testing/lint/stepper.ts',
    from: 'children.set(child.id,',
    to: 'void (child.id,',
    killedBy: LINT,
  },
  {
    name: 'guards are not watched',
    file: 'src/testing/lint/watched-guards.ts',
    from: "tally[verdict ? 'true' : 'false']++;",
    to: '',
    killedBy: LINT,
  },
];
