// Bugs that the property of durable actors must find. Plant one, run the property, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const DURABLE = 'property-tests/actors.durable.model.prop.ts';
const RACE = 'property-tests/actors.durable-key.race.prop.ts';

/** One bug for each rule that the property holds. */
export const DURABLE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a chart that is restored has no timers (T1)',
    file: 'src/actors/durable/durable-chart.ts',
    from: '    if (record !== undefined) this.#timers.restore(record.timers, delayOf);\n',
    to: '',
    killedBy: DURABLE,
  },
  {
    name: 'effects leave before the state is stored (D2)',
    file: 'src/actors/durable/durable-body.ts',
    from: '    this.#held = true;\n    this.cell.hold();',
    to: '    this.#held = true;\n    if (!this.#begun) this.cell.hold();',
    killedBy: DURABLE,
  },
  {
    name: 'a write whose answer is lost counts as lost (S2)',
    file: 'src/actors/durable/snapshot-session.ts',
    from: '    if (found?.version === next.version && found.writer === next.writer) return;\n',
    to: '',
    killedBy: DURABLE,
  },
  {
    name: 'a timer is stored for a later moment than it fires at',
    file: 'src/actors/durable/durable-plain.ts',
    from: 'delayMs: rule.afterMs, dueAt: times.dueAt };',
    to: 'delayMs: rule.afterMs, dueAt: times.dueAt + 1 };',
    killedBy: DURABLE,
  },
  {
    name: 'whoever lost the key takes it back (S1)',
    file: 'src/actors/durable/snapshot-session.ts',
    from: '    if (found?.version !== this.#version) throw this.#conflict(found);\n',
    to: '    this.#version = found?.version;\n',
    killedBy: RACE,
  },
  {
    name: 'the version alone tells whose write it was (S2)',
    file: 'src/actors/durable/snapshot-session.ts',
    from: 'found?.version === next.version && found.writer === next.writer',
    to: 'found?.version === next.version',
    killedBy: RACE,
  },
];
