// Bugs between plugins and the bus, and in manifests, that tests must find. Plant one, run what kills it, see it fail,
// restore.

import type { Mutant } from './actors-and-machines.ts';

const WIRING = 'src/host/plugin-events.ts';
const CHECKS = 'src/host/manifest/cross-checks.ts';

/** Bugs of the wiring of a host, and of the checks of a manifest. */
export const HOST_EVENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'a stop ends the stream before its queue is delivered (V3)',
    file: WIRING,
    from: '    if (isToStop) await this.#quietly(this.#seat.subscription?.stop({ drainMs }));\n',
    to: '',
    killedBy: 'test/host/plugin-events.test.ts',
  },
  {
    name: 'the next process gets events while the last one still has some (V4)',
    file: WIRING,
    from: 'void this.#seat.free.then(() => this.#carry(process));',
    to: 'this.#carry(process);',
    killedBy: 'test/host/plugin-events.test.ts',
  },
  {
    name: 'a plugin has ended before it is gone from the bus (V5)',
    file: 'src/host/edition.ts',
    from: '      await events.close();\n',
    to: '      void events.close();\n',
    killedBy: 'test/host/events.integration.test.ts',
  },
  {
    name: 'a plugin that takes events in no form holds up publishers (V6)',
    file: WIRING,
    from: '      this.#ending = this.#quietly(subscription?.stop({ drainMs: 0 }));\n',
    to: '',
    killedBy: 'test/host/plugin-events.test.ts',
  },
  {
    name: 'what the bus refuses has not failed the launch (V2)',
    file: WIRING,
    from: '      if (this.#processes === 0) throw error;\n',
    to: '',
    killedBy: 'test/host/plugin-events.test.ts',
  },
  {
    name: 'the actor of a stream has the whole name of its plugin',
    file: 'src/host/host-bus.ts',
    from: '.slice(0, SHOWN_NAME)',
    to: '',
    killedBy: 'test/host/event-launch.integration.test.ts',
  },
  {
    name: 'a file with any number of keys is read',
    file: 'src/host/manifest/manifest-source.ts',
    from: '    if (hasTooMany(text)) ',
    to: '    if (text.length < 0) ',
    killedBy: 'test/host/manifest/manifest.test.ts',
  },
  {
    name: 'a mapping is gone through for each of its problems',
    file: 'src/host/manifest/node-index.ts',
    from: '    this.#items.set(map, items);\n',
    to: '',
    killedBy: 'test/host/manifest/manifest.test.ts',
  },
  {
    name: 'a pattern with an open end lies within one without',
    file: 'src/policy/glob-cover.ts',
    from: '(inner.open || inner.segments.length !== outer.segments.length)',
    to: '(inner.segments.length !== outer.segments.length)',
    killedBy: 'test/host/manifest/manifest.test.ts',
  },
  {
    name: 'permission to emit needs no kind',
    file: CHECKS,
    from: "  need('events', ['permissions', 'events', 'emit']);\n",
    to: '',
    killedBy: 'test/host/manifest/manifest.test.ts',
  },
];
