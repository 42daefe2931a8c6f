// Bugs that the property of redaction must find. Plant one, run the property, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const REDACTION = 'property-tests/actors.redaction.policy.prop.ts';

/** What must never leave the process. */
export const OBSERVE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a secret that is an object is shown (R3)',
    file: 'src/actors/observe/redact.ts',
    from: '  return SECRET.test(key) || SHORT_SECRET.test(key) ? MASK : value;',
    to: "  return SECRET.test(key) && typeof value === 'string' ? MASK : value;",
    killedBy: REDACTION,
  },
  {
    name: 'names of secrets count in lower case only (R3)',
    file: 'src/actors/observe/redact.ts',
    from: 'connection.?string/i;',
    to: 'connection.?string/;',
    killedBy: REDACTION,
  },
  {
    name: 'one level more than the limit is shown (R2)',
    file: 'src/actors/observe/redact.ts',
    from: 'if (path.length >= this.#limits.depth) return',
    to: 'if (path.length > this.#limits.depth) return',
    killedBy: REDACTION,
  },
];
