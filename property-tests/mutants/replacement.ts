// Bugs of the change of a plugin's version that tests must find. Plant one, run what kills it, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const UNIT = 'test/host/replace/replacement.test.ts';
const RACE = 'property-tests/races/replacement.race.prop.ts';
const CHART = 'test/machines/plugin-replacement.machine.test.ts';

/** Bugs of gates, seats, versions and their chart. */
export const REPLACEMENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'a stream begins at the version that was there when it was prepared (G4, C4-14, G-16)',
    file: 'src/host/call-gate.ts',
    from: '    return gatedStream({\n      enter: () => {\n        const entered = this.lane;\n',
    to: '    const entered = this.lane;\n    return gatedStream({\n      enter: () => {\n',
    killedBy: RACE,
  },
  {
    name: 'the old version is ended while its calls are under way (G-16)',
    file: 'src/host/replacement.ts',
    from: 'within(clock, drainMs, Promise.race([previous.gate.drained(over.signal), previous.ended]))',
    to: 'Promise.resolve()',
    killedBy: UNIT,
  },
  {
    name: 'calls go back to a version that is not ready (R3, C4-15)',
    file: 'src/host/replacement.ts',
    from: 'if (!previous.gate.isOpen) {',
    to: 'if (previous.isOver) {',
    killedBy: RACE,
  },
  {
    name: 'the new version gets events while the old one still has some (E1)',
    file: 'src/host/event-seat.ts',
    from: '.then(() => before?.letGo(drainMs))',
    to: '.then(() => void before?.letGo(drainMs))',
    killedBy: UNIT,
  },
  {
    name: 'the old version goes on taking what waits (T1)',
    file: 'src/bus/subscription/source-tap.ts',
    from: 'return this.#isShut ? NOTHING : this.#queue.take(maxEvents, maxBytes);',
    to: 'return this.#queue.take(maxEvents, maxBytes);',
    killedBy: 'test/bus/subscription/source-tap.test.ts',
  },
  {
    name: 'what the old version has let go silences the new one (T2)',
    file: 'src/bus/subscription/source-tap.ts',
    from: 'if (!this.#isShut) this.#queue.onAvailable(listener);',
    to: 'this.#queue.onAvailable(listener);',
    killedBy: 'test/bus/subscription/source-tap.test.ts',
  },
  {
    name: 'what a handler returned is published as the first version may (T3)',
    file: 'src/bus/subscription/source-tap.ts',
    from: 'this.#queue.delivered(delivery, emitted, this.#publish);',
    to: 'this.#queue.delivered(delivery, emitted);',
    killedBy: UNIT,
  },
  {
    name: 'the patterns of the old version stay',
    file: 'src/host/event-seat.ts',
    from: 'if (this.subscription !== undefined) this.subscription.route(next.patterns);\n    else if',
    to: 'if (this.subscription === undefined && ',
    killedBy: UNIT,
  },
  {
    name: 'the plugin is blamed for a version that nobody uses',
    file: 'src/host/start-edition.ts',
    from: "(isCurrent() ? crashes.report(crash) : Promise.resolve('quarantine'))",
    to: '(isCurrent() ? crashes.report(crash) : crashes.report(crash))',
    killedBy: UNIT,
  },
  {
    name: 'a restart counts as a crash of the new version (D1)',
    file: 'src/host/edition.ts',
    from: 'if (!this.#isAsked) this.#tellLost();',
    to: 'this.#tellLost();',
    killedBy: UNIT,
  },
  {
    name: 'the end of the new version ends the one that could be taken back (H2)',
    file: 'src/host/plugin.ts',
    from: 'if (other !== edition && this.#replacement?.standsBy(other) !== true)',
    to: 'if (other !== edition)',
    killedBy: UNIT,
  },
  {
    name: 'a kill asks the version that stands by to exit',
    file: 'src/host/plugin.ts',
    from: 'for (const edition of this.#editions) edition.tell(command);',
    to: 'this.#current.tell(command);',
    killedBy: UNIT,
  },
  {
    name: 'the queue is dropped although the old version takes the events back (V6)',
    file: 'src/host/plugin-events.ts',
    from: 'if (this.#isHolder && !isTakenBack) {',
    to: 'if (this.#isHolder) {',
    killedBy: UNIT,
  },
  {
    name: 'a version that is lost is taken back (R3)',
    file: 'src/machines/plugin-replacement.setup.ts',
    from: 'context.revertOnCrash && context.hasStandby',
    to: 'context.revertOnCrash',
    killedBy: CHART,
  },
  {
    name: 'a command that comes at the wrong time is never answered (R5)',
    file: 'src/machines/plugin-replacement.machine.ts',
    from: "        'replacement.keep': { actions: { type: 'refuse', params: ({ event }) => event } },\n",
    to: '',
    killedBy: CHART,
  },
];
