// The instances of one plugin, one after the other: which of them a connection led to, and how it ended.
//
// Invariants:
//   N1. A failed call is explained by the end of the instance that it went to, not by a later one's.
//   N2. `settled` resolves only when every instance that was placed is gone and cleaned up, whoever ended it.

import type { PluginProcessFact } from '../machines/index.ts';
import type { PlacedPlugin, Placement, PluginConnection } from '../ports/index.ts';

/** How an instance ended. */
export type InstanceEnd =
  | (PluginProcessFact & { readonly type: 'plugin.failed' })
  | { readonly type: 'stopped' }
  | { readonly type: 'restarted' };

/** One instance, as far as a failed call is concerned. */
export interface Instance {
  readonly placed: PlacedPlugin;
  /** Settles when the plugin's chart has said how it ended. */
  readonly end: Promise<InstanceEnd>;
}

interface Entry extends Instance {
  readonly launch: number;
  readonly settle: (end: InstanceEnd) => void;
}

/** Wraps the placement of one plugin and remembers what it placed. */
export class Instances implements Placement {
  readonly #inner: Placement;
  readonly #byConnection = new WeakMap<PluginConnection, Entry>();
  readonly #leaving = new Set<Promise<unknown>>();
  #newest: Entry | undefined;

  constructor(inner: Placement) {
    this.#inner = inner;
  }

  /** The instance that runs now, or ran last. */
  get newest(): PlacedPlugin | undefined {
    return this.#newest?.placed;
  }

  async place(launch: number): Promise<PlacedPlugin> {
    const placed = await this.#inner.place(launch);
    const { promise, resolve } = Promise.withResolvers<InstanceEnd>();
    // The start may not be told yet.
    this.#newest?.settle({ type: 'restarted' });
    this.#newest = { placed, launch, end: promise, settle: resolve };
    const gone = placed.exited.then(() => placed.cleanUp()).catch(() => {}); // whoever ended it logs why
    this.#leaving.add(gone);
    void gone.then(() => this.#leaving.delete(gone));
    return placed;
  }

  /** Notes that calls on the connection go to the newest instance. */
  connect(connection: PluginConnection): void {
    if (this.#newest !== undefined) this.#byConnection.set(connection, this.#newest);
  }

  /** The instance that the connection led to. */
  behind(connection: PluginConnection): Instance | undefined {
    return this.#byConnection.get(connection);
  }

  /** Takes in what the plugin's chart says. */
  note(fact: PluginProcessFact): void {
    if (fact.type === 'plugin.failed') this.#newest?.settle(fact);
    // What ended without a failure before another start was restarted. One that is placed at once is there before its own
    // start is told.
    if (fact.type === 'plugin.starting' && (this.#newest?.launch ?? fact.launch) < fact.launch) {
      this.#newest?.settle({ type: 'restarted' });
    }
    if (fact.type === 'plugin.dead') this.over();
  }

  /** Nothing more will be said; what has no end yet was stopped. */
  over(): void {
    this.#newest?.settle({ type: 'stopped' });
  }

  /** N2. */
  async settled(): Promise<void> {
    await Promise.all(this.#leaving);
  }
}
