// One run of a durable actor against its store.
//
// Invariants:
//   S1. Each write names the version that it replaces. Whoever writes first has the key; the other one's next write
//       fails with STORE_CONFLICT.
//   S2. A write whose answer is missing, or is no, counts by what the store holds then: the version and the writer tell
//       whether it is this one.
//   S3. A store that fails is asked again after a backoff, a bounded number of times, then STORE_FAILED says so.

import { DeadlineExceededError, RuntimeError, isRuntimeError } from '../../errors/index.ts';
import { backoffDelay } from '../../policy/index.ts';
import type { StoredSnapshot } from '../../ports/index.ts';
import type { Cell } from '../core/cell.ts';
import type { TimerTicket } from '../core/timers.ts';
import type { PersistPolicy } from './persist-options.ts';
import { EMPTY_DATA } from './record.ts';

/** Reads and writes one key. Whoever makes it closes it. */
export class SnapshotSession {
  readonly #cell: Cell;
  readonly #policy: PersistPolicy;
  readonly #writer: string;
  #version: number | undefined = undefined;
  #timer: TimerTicket | undefined = undefined;
  #closed = false;

  constructor(cell: Cell, policy: PersistPolicy) {
    this.#cell = cell;
    this.#policy = policy;
    this.#writer = cell.system.environment.ids.next('writer');
  }

  /**
   * Takes the key over: from now on nobody who had it before can write.
   *
   * @param read looks at what is stored before it is claimed; throws when it must stay as it is
   */
  async open<T>(read: (data: string) => T): Promise<T | undefined> {
    const found = await this.#insist('load', () => this.#load());
    const state = found === undefined ? undefined : read(found.data);
    this.#version = found?.version;
    await this.save(found?.data ?? EMPTY_DATA);
    return state;
  }

  /** @throws (rejects) STORE_CONFLICT; STORE_FAILED */
  async save(data: string): Promise<void> {
    const next = { version: (this.#version ?? 0) + 1, writer: this.#writer, data };
    await this.#insist('save', () => this.#write(next));
    this.#version = next.version;
  }

  /** @throws (rejects) STORE_CONFLICT; STORE_FAILED */
  async delete(): Promise<void> {
    const { store, key } = this.#policy;
    const version = this.#version ?? 0;
    await this.#insist('delete', async () => {
      if (await this.#limited(() => store.delete(key, version))) return;
      const found = await this.#load();
      // An earlier attempt may have done it, with the answer lost.
      if (found !== undefined) throw this.#conflict(found);
    });
  }

  /** Asks the store for nothing more, and leaves no timer behind. Calls that wait never settle. */
  close(): void {
    this.#closed = true;
    this.#cell.system.timers.cancel(this.#timer);
  }

  /** Null, which many databases give for no row, is nothing too. */
  async #load(): Promise<StoredSnapshot | undefined> {
    const { store, key } = this.#policy;
    return (await this.#limited(() => store.load(key))) ?? undefined;
  }

  async #write(next: StoredSnapshot): Promise<void> {
    const { store, key } = this.#policy;
    let failure: RuntimeError | undefined;
    try {
      if (await this.#limited(() => store.save(key, this.#version, next))) return;
    } catch (error) {
      failure = RuntimeError.from(error, 'UNAVAILABLE');
    }
    const found = await this.#load();
    if (found?.version === next.version && found.writer === next.writer) return;
    if (found?.version !== this.#version) throw this.#conflict(found);
    throw failure ?? new RuntimeError('ABORTED', 'the store refused to replace the version that it holds');
  }

  /** S3. */
  async #insist<T>(what: string, action: () => Promise<T>): Promise<T> {
    const { attempts, backoff, key } = this.#policy;
    const { random } = this.#cell.system.environment;
    for (let attempt = 0; ; attempt++) {
      try {
        return await action();
      } catch (error) {
        if (isRuntimeError(error) && error.code === 'STORE_CONFLICT') throw error;
        const text = `the store failed to ${what} "${key}"`;
        if (attempt + 1 >= attempts) {
          throw new RuntimeError('STORE_FAILED', `${text} ${attempts} times`, { cause: error });
        }
        this.#cell.log('warn', text, { error, attempt: attempt + 1 });
      }
      await this.#wait(backoffDelay(backoff, attempt, random.next()));
    }
  }

  /** A call that is not answered in time counts as failed, whatever comes of it. */
  #limited<T>(call: () => Promise<T>): Promise<T> {
    const { timeoutMs } = this.#policy;
    const { timers } = this.#cell.system;
    return new Promise<T>((resolve, reject) => {
      if (this.#closed) return;
      // The executor of a promise turns what the store throws at once into a rejection.
      // A store that answers at once, without a promise, is one all the same.
      const answer = Promise.resolve(call());
      const timer = timers.start(timeoutMs, () => reject(new DeadlineExceededError('the store', timeoutMs)));
      this.#timer = timer;
      answer.then(resolve, reject).finally(() => timers.cancel(timer));
    });
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closed) return;
      this.#timer = this.#cell.system.timers.start(delayMs, resolve);
    });
  }

  #conflict(found: StoredSnapshot | undefined): RuntimeError {
    const now = found === undefined ? 'it was deleted' : `it is at version ${found.version} of another writer`;
    const text = `"${this.#policy.key}" was at version ${this.#version ?? 'none'} here, and ${now}`;
    return new RuntimeError('STORE_CONFLICT', text, { details: { key: this.#policy.key, version: found?.version } });
  }
}
