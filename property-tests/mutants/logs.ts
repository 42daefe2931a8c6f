// Bugs of logs that tests must find. Plant one, run what kills it, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const QUEUE = 'src/host/logs/log-queue.ts';
const MODEL = 'property-tests/logs/log-queue.model.prop.ts';
const LOGS = 'test/host/logs/plugin-logs.integration.test.ts';

/** Bugs of what keeps and hands out lines of logs. */
export const LOG_MUTANTS: readonly Mutant[] = [
  {
    name: 'lines that did not fit are not told (Q2)',
    file: QUEUE,
    from: 'missedBefore: this.#missed });',
    to: 'missedBefore: 0 });',
    killedBy: MODEL,
  },
  {
    name: 'a queue takes one line more than it may hold (Q1)',
    file: QUEUE,
    from: 'this.size >= maxLines ||',
    to: 'this.size > maxLines ||',
    killedBy: MODEL,
  },
  {
    name: 'a gap at the end is told before what was left out (Q2)',
    file: QUEUE,
    from: '    if (next === undefined) return this.#takeLag();\n',
    to: '    if (this.#missed > 0) return this.#takeLag();\n    if (next === undefined) return undefined;\n',
    killedBy: MODEL,
  },
  {
    name: 'a torn line takes the next one along',
    file: 'src/host/logs/log-file.ts',
    from: 'isNew && (await this.#endsTorn(size))',
    to: 'false',
    killedBy: LOGS,
  },
  {
    name: 'a reader does not learn that its place is not kept any more (T2)',
    file: 'src/host/logs/kept-lines.ts',
    from: 'if (after !== undefined && this.#before > after) this.#isCut = true;',
    to: '',
    killedBy: LOGS,
  },
];
