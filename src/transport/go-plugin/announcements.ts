// Where the peer of a broker listens, by broker id.
//
// Invariants:
//   A1. An announcement is used at most once: by one waiting dial, or by the first that comes.
//   A2. One that nobody uses is forgotten `idleMs` after it came. At most one per id is kept: the newest.
//   A3. At most `maxPending` announcements, and as many waiting dials, are kept; more are dropped or refused.
//   A4. An address that may not be dialled is kept as the refusal that the dial ends with, never as its text.
//   A5. Each timer belongs to one entry and is disarmed when the entry goes.

import { RuntimeError } from '../../errors/index.ts';
import type { Clock, TimerHandle } from '../../ports/clock.ts';

/** Where a peer listens, in the words of the wire. */
export interface AnnouncedAddress {
  readonly network: string;
  readonly address: string;
}

/** Bounds of the table. */
export interface AnnouncementsOptions {
  readonly clock: Clock;
  /** How long an unused announcement is kept, in milliseconds. */
  readonly idleMs: number;
  /** How many announcements, and how many waiting dials, are kept. */
  readonly maxPending: number;
}

/** The announcements of one peer. */
export interface Announcements {
  /** Announcements that nobody has used yet. */
  readonly pending: number;
  /** Dials that wait for an announcement. */
  readonly waiting: number;
  /** Announcements that were dropped because the table was full. */
  readonly dropped: number;
  /** Takes in what the peer announced, or why that cannot be dialled (A4). */
  add(id: number, announced: AnnouncedAddress | RuntimeError): void;
  /** Takes an announcement out. Rejects with `BROKER_TIMEOUT` when none comes within `timeoutMs`, or with its refusal. */
  take(id: number, timeoutMs: number): Promise<AnnouncedAddress>;
  /** Forgets everything and fails the waiting dials. */
  clear(reason: RuntimeError): void;
}

interface Pending {
  readonly announced: AnnouncedAddress | RuntimeError;
  readonly timer: TimerHandle;
}

interface Waiter {
  readonly timer: TimerHandle;
  resolve(announced: AnnouncedAddress): void;
  reject(error: RuntimeError): void;
}

/** Makes an empty table. */
export function createAnnouncements(options: AnnouncementsOptions): Announcements {
  return new AnnouncementTable(options);
}

class AnnouncementTable implements Announcements {
  readonly #options: AnnouncementsOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #waiters = new Map<number, Waiter[]>();
  #waiting = 0;
  #dropped = 0;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  get pending(): number {
    return this.#pending.size;
  }

  get waiting(): number {
    return this.#waiting;
  }

  get dropped(): number {
    return this.#dropped;
  }

  add(id: number, announced: AnnouncedAddress | RuntimeError): void {
    const waiter = this.#waiters.get(id)?.[0];
    if (waiter !== undefined) {
      this.#forget(id, waiter);
      if (announced instanceof RuntimeError) waiter.reject(announced);
      else waiter.resolve(announced);
      return;
    }
    this.#drop(id);
    const { clock, idleMs, maxPending } = this.#options;
    if (this.#pending.size >= maxPending) {
      this.#dropped += 1;
      return;
    }
    const timer = clock.setTimeout(() => void this.#pending.delete(id), idleMs, { unref: true });
    this.#pending.set(id, { announced, timer });
  }

  take(id: number, timeoutMs: number): Promise<AnnouncedAddress> {
    const pending = this.#pending.get(id);
    if (pending !== undefined) {
      this.#drop(id);
      const { announced } = pending;
      return announced instanceof RuntimeError ? Promise.reject(announced) : Promise.resolve(announced);
    }
    const { clock, maxPending } = this.#options;
    if (this.#waiting >= maxPending) {
      const text = `${maxPending} dials wait for announcements already, the most that may`;
      return Promise.reject(new RuntimeError('RESOURCE_EXHAUSTED', text));
    }
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#forget(id, waiter);
        reject(
          new RuntimeError(
            'BROKER_TIMEOUT',
            `the peer announced no listener for broker id ${id} within ${timeoutMs} ms`,
          ),
        );
      };
      const waiter: Waiter = { timer: clock.setTimeout(giveUp, timeoutMs), resolve, reject };
      const others = this.#waiters.get(id);
      if (others === undefined) this.#waiters.set(id, [waiter]);
      else others.push(waiter);
      this.#waiting += 1;
    });
  }

  clear(reason: RuntimeError): void {
    for (const id of this.#pending.keys()) this.#drop(id);
    for (const [id, waiters] of this.#waiters) {
      for (const waiter of waiters) {
        this.#forget(id, waiter);
        waiter.reject(reason);
      }
    }
  }

  #drop(id: number): void {
    this.#options.clock.clearTimeout(this.#pending.get(id)?.timer);
    this.#pending.delete(id);
  }

  #forget(id: number, waiter: Waiter): void {
    this.#options.clock.clearTimeout(waiter.timer);
    this.#waiting -= 1;
    const rest = this.#waiters.get(id)?.filter((other) => other !== waiter) ?? [];
    if (rest.length === 0) this.#waiters.delete(id);
    else this.#waiters.set(id, rest);
  }
}
