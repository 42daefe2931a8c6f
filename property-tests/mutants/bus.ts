// Bugs of the event bus that its properties and tests must find. Plant one, run what kills it, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const QUEUE = 'src/bus/subscription/subscription-queue.ts';
const MODEL = 'property-tests/bus/subscription.model.prop.ts';
const RACE = 'property-tests/races/subscription.race.prop.ts';

/** One bug or more for each invariant that random runs or a named race must hold. */
export const BUS_MUTANTS: readonly Mutant[] = [
  {
    name: 'an event that makes room for another is not counted (Q1)',
    file: QUEUE,
    from: 'this.#freshBytes -= oldest.queued.bytes;\n      this.#tally.dropped++;',
    to: 'this.#freshBytes -= oldest.queued.bytes;',
    killedBy: MODEL,
  },
  {
    name: 'a delivery is settled twice (Q2)',
    file: QUEUE,
    from: 'delivery.place = place;',
    to: '',
    killedBy: MODEL,
  },
  {
    name: 'what is given back goes to the front, whatever its place (Q3)',
    file: QUEUE,
    from: '(one) => one.number < number',
    to: '() => false',
    killedBy: MODEL,
  },
  {
    name: 'an offer overtakes those that wait for room (Q4)',
    file: QUEUE,
    from: 'if (this.#blocked.size === 0 && this.#hasRoom(queued.bytes)) {',
    to: 'if (this.#hasRoom(queued.bytes)) {',
    killedBy: MODEL,
  },
  {
    name: 'an event that is settled keeps its bytes in flight (Q5)',
    file: QUEUE,
    from: 'this.#inFlightBytes -= delivery.queued.bytes;',
    to: '',
    killedBy: MODEL,
  },
  {
    name: 'an offer that waits is forgotten at the end (Q1)',
    file: QUEUE,
    from: "while (this.#blocked.size > 0) this.#blocked.shift('dropped');",
    to: '',
    killedBy: RACE,
  },
  {
    name: 'a run of a handler that is over settles its event again (L3)',
    file: 'src/bus/subscription/local-deliverer.ts',
    from: 'if (this.#run !== run) return;',
    to: '',
    killedBy: RACE,
  },
  {
    name: 'a subscription whose deliverer is gone stays active (SC-1)',
    file: 'src/machines/subscription.machine.ts',
    from: "'deliverer.detached': 'suspended',",
    to: '',
    killedBy: MODEL,
  },
];
