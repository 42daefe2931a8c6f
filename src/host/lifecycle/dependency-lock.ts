// One at a time, over all plugins of all hosts, looks at who needs whom and commits what follows from it.
//
// Invariants:
//   G1. Between the look and the commit no other plugin starts to need, or ceases to be there.
//   G2. A look whose commit came too late is made again, for as long as somebody waits for it.
//   G3. An answer or two that are lost are no reason to give an operation up.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { Lease, LifecycleStore } from '../../ports/lifecycle-store.ts';
import { pause } from './write-surely.ts';

/** What the lock is made of. */
export interface DependencyLockParts {
  readonly store: Pick<LifecycleStore, 'acquire' | 'release'>;
  readonly clock: Clock;
  readonly owner: string;
  readonly timeoutMs: number;
  /** Aborts when the lifecycle stops: another host that has the lock is not waited for any more then. */
  readonly stopping: AbortSignal;
}

const NAME = 'dependencies';
const TTL_MS = 10_000;
const RETRY_MS = 25;
/** Questions of one operation that the store may fail to answer. */
const MOST_FAILURES = 2;

/** Excludes the hosts on a store from each other, and the plugins of this host. */
export class DependencyLock {
  readonly #parts: DependencyLockParts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: DependencyLockParts) {
    this.#parts = parts;
  }

  /** Does the work, which commits under the lease that it is given. */
  async run<T>(signal: AbortSignal, work: (lease: Lease) => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => this.#locked(signal, work));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** G2. */
  async #locked<T>(signal: AbortSignal, work: (lease: Lease) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.#once(signal, work);
      } catch (error) {
        if (!isTooLate(error) || signal.aborted) throw error;
      }
    }
  }

  async #once<T>(signal: AbortSignal, work: (lease: Lease) => Promise<T>): Promise<T> {
    const { store, clock, timeoutMs } = this.#parts;
    const lease = await this.#acquire(signal);
    try {
      return await work(lease);
    } finally {
      // Where the store does not answer, it ends by itself.
      await within(clock, timeoutMs, store.release(lease)).catch(() => false);
    }
  }

  async #acquire(signal: AbortSignal): Promise<Lease> {
    const { store, clock, owner, stopping } = this.#parts;
    const until = clock.monotonic() + 2 * TTL_MS;
    let failures = 0;
    const noteFailure = (error: unknown): undefined => {
      failures += 1;
      const isOver = failures > MOST_FAILURES || stopping.aborted || (isRuntimeError(error) && !error.retryable);
      if (isOver) throw error;
    };
    while (clock.monotonic() < until) {
      if (signal.aborted) throw new RuntimeError('CANCELLED', 'the operation was given up');
      // G3.
      const lease = await store.acquire(NAME, owner, TTL_MS).catch(noteFailure);
      if (lease !== undefined) return lease;
      if (stopping.aborted) throw new RuntimeError('CANCELLED', 'the host stops, and another one has the dependencies');
      await pause({ clock, signal }, RETRY_MS);
    }
    throw new RuntimeError('PLUGIN_ELSEWHERE', `another host has held the dependencies for ${2 * TTL_MS} ms`);
  }
}

function isTooLate(error: unknown): boolean {
  return isRuntimeError(error) && error.code === 'ABORTED' && error.details['lease'] === NAME;
}
