// One schedule's world: a system of production actors in which every order is a choice.
//
// Invariants:
//   N1. Between two steps nothing moves: each step is one item of one cell, one delivery within a chart, one reply of a
//       port, one step of a client, one passage of time, or one fault.
//   N2. Time passes when nothing else can happen, and at most `earlyTimers` times before that.
//   N3. What the code under test defers runs right after the step, in its order.

import type { AnyActorRef } from 'xstate';
import { Cell, createSystemOn, messageOf, Signal } from '../../actors/core/index.ts';
import type { ActorSystem, SystemRuntime } from '../../actors/core/index.ts';
import { RuntimeError } from '../../errors/index.ts';
import type { Environment, Logger } from '../../ports/index.ts';
import type { TraceStep } from '../explore/sequence-diagram.ts';
import { recordHistory } from '../oracles/history.ts';
import type { ProcessedItem } from '../oracles/oracle.ts';
import { Agenda } from './agenda.ts';
import type { ClientHost, ClientScript } from './clients.ts';
import { Faults, FAULT_KINDS } from './faults.ts';
import type { FaultKind } from './faults.ts';
import { holdInternalMessages } from './internal-lanes.ts';
import { KernelClock } from './kernel-clock.ts';
import { createKernelEnvironment } from './kernel-environment.ts';
import { LaneBacklog } from './lanes.ts';
import type { LaneHost } from './lanes.ts';
import { Pending } from './pending.ts';
import { Ports } from './ports.ts';
import type { StrictTraps } from './strict-mode.ts';
import { calmScheduler } from './xstate-time.ts';

/** What decides which schedules a scenario has, besides the choices. */
export interface KernelSettings {
  /** Seed of the environment's randomness. */
  readonly seed: number;
  readonly faults: Readonly<Record<FaultKind, number>>;
  /** How often time may pass while something else could happen. */
  readonly earlyTimers: number;
  /** Virtual time of a schedule, in milliseconds. */
  readonly limitMs: number;
}

/** What a kernel tells whoever runs it. */
export interface KernelOwner {
  readonly log: Logger;
  /** An actor failed. */
  actorFailed(cell: Cell, reason: unknown): void;
  /** Something else failed that nobody handles. */
  failed(error: unknown): void;
  mayCrash(path: string): boolean;
}

const MOST_JOBS = 10_000;

/** @internal */
export class Kernel implements LaneHost, ClientHost {
  readonly agenda = new Agenda();
  readonly clock = new KernelClock(this.agenda);
  readonly history = recordHistory();
  readonly environment: Environment;
  readonly system: ActorSystem;
  readonly ports: Ports;
  readonly clients: ClientScript[] = [];
  outside = 'outside';
  onProcessed: LaneHost['onProcessed'] = undefined;
  readonly #owner: KernelOwner;
  readonly #faults: Faults | undefined;
  readonly #time: TimePasses;
  readonly #jobs: (() => void)[] = [];
  readonly #cellListeners: ((cell: Cell) => void)[] = [];
  readonly #processedListeners: ((item: ProcessedItem) => void)[] = [];
  #early: number;
  #limitMs: number;

  constructor(settings: KernelSettings, owner: KernelOwner, traps: StrictTraps | undefined) {
    const { seed, faults, earlyTimers, limitMs } = settings;
    this.#limitMs = limitMs;
    this.#owner = owner;
    this.#early = earlyTimers;
    const later = (job: () => void): void => void this.#jobs.push(job);
    this.environment = createKernelEnvironment({ clock: this.clock, seed, log: owner.log, later });
    this.ports = new Ports(this.agenda, faults.portFailure > 0);
    this.#time = new TimePasses(this.clock);
    const hasFaults = FAULT_KINDS.some((kind) => faults[kind] > 0);
    if (hasFaults) this.#faults = new Faults(faults, this.clock, (path) => owner.mayCrash(path));
    this.system = createSystemOn(this.#runtime(traps), { environment: this.environment });
  }

  failed(error: unknown): void {
    this.#owner.failed(error);
  }

  actorFailed(cell: Cell, reason: unknown): void {
    this.#owner.actorFailed(cell, reason);
  }

  as<Result>(name: string, run: () => Result): Result {
    const before = this.outside;
    this.outside = name;
    try {
      return run();
    } finally {
      this.outside = before;
    }
  }

  onCell(listener: (cell: Cell) => void): void {
    this.#cellListeners.push(listener);
  }

  listenToProcessed(listener: (item: ProcessedItem) => void): void {
    this.#processedListeners.push(listener);
    this.onProcessed = (cell, item, origin, stashed) => {
      const message = item instanceof Signal ? undefined : messageOf(item);
      const processed = { ...origin, to: cell.path, message, stashed };
      for (const one of this.#processedListeners) one(processed);
    };
  }

  /** What could happen now; nothing when the schedule has come to its end. */
  options(): readonly Pending[] {
    const ready = this.agenda.options();
    const canPass = this.#canTimePass();
    if (ready.length === 0) return canPass ? [this.#time] : ready;
    const withTime = canPass && this.#early > 0 ? [...ready, this.#time] : ready;
    if (this.#faults === undefined) return withTime;
    return [...withTime, ...this.#faults.offer(ready)];
  }

  /** Whether anything is left that time alone could bring about. */
  get isQuiet(): boolean {
    return this.clock.pending === 0;
  }

  /** Lets as much time pass as it takes; for the stop at the end. */
  liftLimit(): void {
    this.#limitMs = Number.POSITIVE_INFINITY;
  }

  /** Makes one thing happen. */
  perform(option: Pending): void {
    if (option === this.#time && this.agenda.options().length > 0) this.#early--;
    option.happen();
    this.runJobs();
  }

  /** Runs what was deferred. */
  runJobs(): void {
    if (this.#jobs.length === 0) return;
    for (let count = 0; this.#jobs.length > 0; count++) {
      if (count >= MOST_JOBS)
        throw new RuntimeError('SCHEDULE_TOO_LONG', `one step deferred more than ${MOST_JOBS} jobs`);
      this.#jobs.shift()?.();
    }
  }

  #canTimePass(): boolean {
    const { nextAt } = this.clock;
    return nextAt !== undefined && nextAt <= this.#limitMs;
  }

  #runtime(traps: StrictTraps | undefined): SystemRuntime {
    return {
      createBacklog: (cell) => {
        this.#adopt(cell);
        return new LaneBacklog(cell, this);
      },
      createDispatcher: () => ({
        ready: (runnable) => {
          if (runnable instanceof Cell) (runnable.mailbox.backlog as LaneBacklog).noted();
        },
      }),
      onRoot: (root, cell) => {
        holdInternalMessages(root as AnyActorRef, cell, this.agenda);
        if (traps !== undefined) calmScheduler(root as AnyActorRef, (run) => traps.trusted(run));
      },
    };
  }

  #adopt(cell: Cell): void {
    // The only place through which every failure of an actor passes.
    cell.bodyFailed = bodyFailed;
    for (const listener of this.#cellListeners) listener(cell);
  }
}

/**
 * Stands in the place of the method of each cell. One function for all of them on purpose: with a closure for each cell,
 * V8 keeps every schedule until the next full collection.
 */
function bodyFailed(this: Cell, reason: unknown, final?: boolean): void {
  if (this.alive) (this.mailbox.backlog as LaneBacklog).host.actorFailed(this, reason);
  Cell.prototype.bodyFailed.call(this, reason, final);
}

/** Goes to the next timer. */
class TimePasses extends Pending {
  readonly eligible = true;
  readonly #clock: KernelClock;

  constructor(clock: KernelClock) {
    super('time', 'timer');
    this.#clock = clock;
  }

  happen(): void {
    this.#clock.advance();
  }

  describe(): TraceStep {
    const { nextAt = 0 } = this.#clock;
    const passed = nextAt - this.#clock.monotonic();
    return { from: 'time', to: 'time', event: `${printMs(passed)} ms pass, until ${printMs(nextAt)} ms` };
  }
}

function printMs(ms: number): string {
  return String(Math.round(ms * 1000) / 1000);
}
