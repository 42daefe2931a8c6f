import type { ActorSystem, Cell } from '../../actors/core/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { HistoryEntry } from '../oracles/history.ts';
import type { Leftovers, ProcessedItem, ScheduleView } from '../oracles/oracle.ts';
import type { Kernel } from './kernel.ts';

/**
 * What oracles see of a schedule.
 *
 * A class on purpose: V8 makes a shape of its own for each object literal with a getter, and the shape keeps the getter,
 * and with it the whole schedule, until the next full collection.
 */
export class KernelView<State> implements ScheduleView<State> {
  readonly system: ActorSystem;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly history: readonly HistoryEntry[];
  readonly #kernel: Kernel;
  readonly #current: () => State;
  readonly #leftovers: () => Leftovers;

  constructor(kernel: Kernel, current: () => State, leftovers: () => Leftovers) {
    this.system = kernel.system;
    this.clock = kernel.clock;
    this.history = kernel.history.history;
    this.#kernel = kernel;
    this.#current = current;
    this.#leftovers = leftovers;
  }

  get state(): State {
    return this.#current();
  }

  onProcessed(listener: (item: ProcessedItem) => void): void {
    this.#kernel.listenToProcessed(listener);
  }

  onCell(listener: (cell: Cell) => void): void {
    this.#kernel.onCell(listener);
  }

  leftovers(): Leftovers {
    return this.#leftovers();
  }
}
