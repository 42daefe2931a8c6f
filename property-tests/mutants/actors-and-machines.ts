// Bugs that the properties of actors and machines must find. Plant one, run its property, see it fail, restore.

/** A bug, as a replacement in one file. */
export interface Mutant {
  /** What goes wrong. */
  readonly name: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** The property that fails. */
  readonly killedBy: string;
}

/** One bug or more for each property. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a new process is blamed for the failure of the one before it (P2)',
    file: 'src/machines/plugin-process.setup.ts',
    from: '      failure: undefined,\n      exit: undefined,',
    to: '      exit: undefined,',
    killedBy: 'property-tests/plugin-process.machine.prop.ts',
  },
  {
    name: 'the wait starts from the beginning as soon as the plugin is ready (P4)',
    file: 'src/machines/plugin-process.machine.ts',
    from: "entry: ['countStart', 'reportReady'],",
    to: "entry: ['countStart', 'forgetFailures', 'reportReady'],",
    killedBy: 'property-tests/plugin-process.machine.prop.ts',
  },
  {
    name: 'a second process is started beside one that cannot be ended (P3)',
    file: 'src/machines/plugin-process.machine.ts',
    from: "        { guard: 'hasOutlivedKill', target: 'dead', actions: 'reportFailed' },\n",
    to: '',
    killedBy: 'property-tests/plugin-process.machine.prop.ts',
  },
  {
    name: 'a stop is forgotten while the process is being started (P5)',
    file: 'src/machines/plugin-process.machine.ts',
    from: "          always: { target: 'killing', guard: 'isToEnd' },\n",
    to: '',
    killedBy: 'property-tests/plugin-process.machine.prop.ts',
  },
  {
    name: 'the wait never starts from the beginning (P4)',
    file: 'src/machines/plugin-process.machine.ts',
    from: "after: { minUptime: { actions: 'forgetFailures' } },",
    to: "after: { minUptime: { actions: 'forgetMisses' } },",
    killedBy: 'property-tests/plugin-process.model.prop.ts',
  },
  {
    name: 'a process that is placed after a forced end lives on (E1)',
    file: 'src/actors/plugin-process.actor.ts',
    from: 'if (signal.aborted) discard(placed);',
    to: 'if (signal.aborted) placed.connection;',
    killedBy: 'property-tests/plugin-process.model.prop.ts',
  },
  {
    name: 'calls are still admitted while the plugin drains (E2)',
    file: 'src/actors/plugin-process.actor.ts',
    from: 'return () => ports.admission.refuse();',
    to: 'return () => {};',
    killedBy: 'property-tests/plugin-process.model.prop.ts',
  },
  {
    name: 'a full mailbox says that it took a message (C1)',
    file: 'src/actors/core/mailbox/acceptance.ts',
    from: 'if (!cell.mailbox.push(item, sender)) return FULL;',
    to: 'cell.mailbox.push(item, sender);',
    killedBy: 'property-tests/actors.mailbox.model.prop.ts',
  },
  {
    name: 'an actor that has more to do loses its turn (D3)',
    file: 'src/actors/core/dispatcher.ts',
    from: 'if (next.busy) queue.push(next);',
    to: '',
    killedBy: 'property-tests/actors.mailbox.model.prop.ts',
  },
  {
    name: 'messages of children that are ended by force are not counted',
    file: 'src/actors/core/mailbox/drop-messages.ts',
    from: 'system.dropped += items.length;',
    to: '',
    killedBy: 'property-tests/actors.stop.model.prop.ts',
  },
  {
    name: 'children are ended without the messages that wait (C4)',
    file: 'src/actors/core/life/lifecycle.ts',
    from: 'for (const child of [...cell.children].reverse()) await child.stop();',
    to: 'await undefined;',
    killedBy: 'property-tests/actors.stop.model.prop.ts',
  },
];
