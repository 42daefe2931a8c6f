// Writes what waits to be an entry, and links entries to their chains.
//
// Invariants:
//   S1. There is one round at a time. Whoever asks for one gets a round that began after the question. One that is given
//       up does nothing more, and the next one does not wait for it: a store may never answer.
//   S2. An entry is linked to the one before it, in the order of their sequences; what two hosts link at the same time one
//       of them has linked, as the store takes links only for the entries behind the linked ones.
//   S3. A commit whose answer was lost is made again under its id before any other: the store does it once.
//   S4. What the store does not have in order is not linked: the next verification shall find it as it was found. It is told,
//       once, and keeps no other plugin's entries from being linked.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { Environment } from '../../ports/index.ts';
import type {
  AuditDraft,
  AuditEntry,
  AuditHead,
  LifecycleCommit,
  LifecycleStore,
} from '../../ports/lifecycle-store.ts';
import { linkOf } from './chain.ts';
import type { DenialWindows } from './denial-windows.ts';

/** Removes what is too old. `record` makes an entry; false when it is not sealed, and nothing may be removed. */
export type Retire = (record: (draft: AuditDraft) => Promise<boolean>) => Promise<void>;

/** What a sealer works on. */
export interface SealerParts {
  readonly store: LifecycleStore;
  readonly key: Uint8Array;
  readonly environment: Environment;
  readonly windows: DenialWindows;
  /** Entries that are read at once. */
  readonly pageSize: number;
  /** Removes old entries; undefined when they stay. */
  readonly retire: Retire | undefined;
  /** Hears of entries that the store refuses as malformed. */
  readonly onRefused: (commit: LifecycleCommit, error: unknown) => void;
  /** Hears of a plugin whose entries are not as they were written (S4). */
  readonly onDamaged: (plugin: string, error: RuntimeError) => void;
  /** Hears how many entries were linked. */
  readonly onSealed: (entries: number) => void;
}

/** Seals the audit of all plugins of a store. It owns nothing that must be closed. */
export class Sealer {
  readonly #parts: SealerParts;
  /** Of this sealer alone, so that no commit of another host has its id. */
  readonly #commits: string;
  #written = 0;
  /** A commit that the store may have made (S3). */
  #open: LifecycleCommit | undefined;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  /** Counts the rounds that were given up. */
  #givenUp = 0;
  #heads: readonly AuditHead[] = [];
  /** Plugins whose damage was told. At most as many as there are heads. */
  readonly #damaged = new Set<string>();

  constructor(parts: SealerParts) {
    this.#parts = parts;
    const { ids, random } = parts.environment;
    this.#commits = `${ids.next('audit')}-${Math.floor(random.next() * 2 ** 48).toString(16)}`;
  }

  /** The heads as the last round has left them. */
  get heads(): readonly AuditHead[] {
    return this.#heads;
  }

  /** Denials in a commit whose answer was lost. */
  get denialsUnderWay(): number {
    return (this.#open?.audit ?? []).reduce((sum, { data }) => sum + countOf(data), 0);
  }

  /**
   * S1. Rejects with what the store failed with. `isFinal` also writes denials whose minute is not over. The round is given
   * up when the signal aborts before it is over.
   */
  async round(signal: AbortSignal, isFinal = false): Promise<void> {
    const givenUp = this.#givenUp;
    const giveUp = (): void => {
      // Somebody else may have done so, and started another one since.
      if (this.#givenUp !== givenUp) return;
      this.#givenUp++;
      this.#running = undefined;
      this.#next = undefined;
    };
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      await (isFinal ? this.#final() : this.#joined());
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  }

  #joined(): Promise<void> {
    if (this.#running === undefined) return this.#start(false);
    this.#next ??= this.#running.then(ignore, ignore).then(() => {
      this.#next = undefined;
      return this.#running ?? this.#start(false);
    });
    return this.#next;
  }

  async #final(): Promise<void> {
    while (this.#running !== undefined) await this.#running.then(ignore, ignore);
    await this.#start(true);
  }

  async #start(isFinal: boolean): Promise<void> {
    const run = this.#round(isFinal, this.#givenUp);
    this.#running = run;
    try {
      await run;
    } finally {
      if (this.#running === run) this.#running = undefined;
    }
  }

  async #round(isFinal: boolean, givenUp: number): Promise<void> {
    const { store, windows, environment, retire } = this.#parts;
    const checked = async <T>(answer: Promise<T>): Promise<T> => {
      const value = await answer;
      if (this.#givenUp !== givenUp) throw new RuntimeError('ABORTED', 'the round of the audit was given up');
      return value;
    };
    await checked(this.#commitOpen());
    const take = (): LifecycleCommit['audit'] | undefined => windows.take(environment.clock.now(), isFinal);
    for (let audit = take(); audit !== undefined; audit = take()) await checked(this.#write(audit));
    const heads: AuditHead[] = [];
    for (const head of await checked(store.auditHeads())) heads.push(await checked(this.#sealWhole(head)));
    this.#heads = heads;
    // After the rest: old entries may wait, new ones may not.
    await retire?.((draft) => checked(this.#record(draft)));
  }

  /** S4. */
  async #sealWhole(head: AuditHead): Promise<AuditHead> {
    const { plugin } = head;
    try {
      const sealed = await this.#seal(head);
      this.#damaged.delete(plugin);
      return sealed;
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (!this.#damaged.has(plugin)) this.#parts.onDamaged(plugin, error);
      this.#damaged.add(plugin);
      return head;
    }
  }

  /** S3. What is not done when this fails is done first in the next round. */
  async #write(audit: LifecycleCommit['audit']): Promise<void> {
    this.#open = { id: `${this.#commits}-${++this.#written}`, audit };
    await this.#commitOpen();
  }

  async #record(draft: AuditDraft): Promise<boolean> {
    // It would never be sealed.
    if (this.#damaged.has(draft.plugin)) return false;
    await this.#write([draft]);
    const head = (await this.#parts.store.auditHeads()).find(({ plugin }) => plugin === draft.plugin);
    if (head === undefined) return false;
    const { sealed, last } = await this.#seal(head);
    return sealed === last;
  }

  async #commitOpen(): Promise<void> {
    const commit = this.#open;
    if (commit === undefined) return;
    try {
      await this.#parts.store.commit(commit);
    } catch (error) {
      // What the store will never take must not keep the rest from being sealed.
      if (RuntimeError.from(error, 'UNAVAILABLE').code !== 'INVALID_OPTIONS') throw error;
      this.#parts.onRefused(commit, error);
    }
    // A round that was given up may have another one open by now.
    if (this.#open === commit) this.#open = undefined;
  }

  /** Links all entries of a plugin. The head as it is then. */
  async #seal(from: AuditHead): Promise<AuditHead> {
    const { store, pageSize } = this.#parts;
    let head = from;
    while (head.sealed < head.last) {
      const entries = await store.auditEntries(head.plugin, head.sealed, Math.min(pageSize, head.last - head.sealed));
      const macs = this.#linksOf(head, entries);
      // S2: somebody else is at it; what they leave the next round links.
      if (!(await store.seal(head, macs))) return head;
      this.#parts.onSealed(macs.length);
      head = { ...head, sealed: head.sealed + macs.length, sealedMac: macs.at(-1) };
    }
    return head;
  }

  /** S4. */
  #linksOf({ plugin, sealed, sealedMac }: AuditHead, entries: readonly AuditEntry[]): readonly string[] {
    const macs: string[] = [];
    for (const entry of entries) {
      if (entry.plugin !== plugin || entry.sequence !== sealed + macs.length + 1) break;
      macs.push(linkOf(this.#parts.key, macs.at(-1) ?? sealedMac, entry));
    }
    if (macs.length > 0) return macs;
    const text = `the audit of plugin "${plugin}" has no entry ${sealed + 1}, which it once had`;
    throw new RuntimeError('DATA_LOSS', text, { details: { plugin, sequence: sealed + 1 } });
  }
}

/** Whether it is about the entries, and not about the way to them. */
export function isDamage(error: unknown): error is RuntimeError {
  return isRuntimeError(error) && (error.code === 'DATA_LOSS' || error.code === 'STORE_CORRUPTED');
}

function countOf({ count }: Readonly<Record<string, unknown>>): number {
  return typeof count === 'number' ? count : 0;
}

function ignore(): void {
  // The one who asked for that round has heard of it.
}
