// Keeps `troupe.lock.json` of a data directory as the rows of the lifecycle are.
//
// Invariants:
//   K1. What is written is what the store says then, never what was said about it.
//   K2. A file that cannot be written, or understood, keeps nobody from anything: it is told, and left as it is.
//   K3. One change is written after the other, and of several that wait for the same plugin one.

import { createLockFile } from '../../host/bundles/index.ts';
import type { LockedPlugin, LockFile } from '../../host/bundles/index.ts';
import type { ArtifactStore } from '../../host/index.ts';
import type { Logger } from '../../ports/index.ts';
import type { LifecycleStore, PluginRow } from '../../ports/lifecycle-store.ts';

/** What a lock file is kept with. */
export interface LockKeeperOptions {
  readonly path: string;
  readonly store: Pick<LifecycleStore, 'get' | 'list'>;
  readonly artifacts: Pick<ArtifactStore, 'open'>;
  readonly log: Logger;
}

/** Sources that are remembered until their plugins are in the file. */
const MOST_SOURCES = 1024;
const NO_SOURCE = 'unknown';
/** Plugins that are written down at once. */
const MOST_AT_ONCE = 256;

/** Writes the file as plugins come, change and go. Whoever makes it stops it. */
export class LockKeeper {
  readonly #options: LockKeeperOptions;
  readonly #file: LockFile;
  /** Where files came from, by their digests. */
  readonly #sources = new Map<string, string>();
  /** At most one for each plugin. */
  readonly #waiting = new Set<string>();
  #locked: Readonly<Record<string, LockedPlugin>> | undefined;
  #work: Promise<void> = Promise.resolve();
  #isAtWork = false;
  #isStopping = false;

  constructor(options: LockKeeperOptions) {
    this.#options = options;
    this.#file = createLockFile(options.path, { mode: 0o600 });
  }

  /** Remembers where files came from. */
  staged(digest: string, source: string): void {
    this.#sources.delete(digest);
    this.#sources.set(digest, source);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > MOST_SOURCES && oldest !== undefined) this.#sources.delete(oldest);
  }

  /** Writes down what a plugin is now. Returns at once. */
  changed(plugin: string): void {
    this.#waiting.add(plugin);
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    this.#work = this.#writeAll();
  }

  /** Compares the whole file with the store: a host may have ended before it had written a change. Never rejects. */
  async compare(): Promise<void> {
    const { store, log } = this.#options;
    try {
      const locked = await this.#read();
      const rows = new Map((await store.list()).map((row) => [row.slug, row]));
      const names = new Set([...Object.keys(locked), ...rows.keys()]);
      for (const name of names) if (locked[name]?.digest !== rows.get(name)?.digest) this.changed(name);
    } catch (error) {
      log.log('warn', 'the lock file could not be compared with what is installed', { error });
    }
  }

  /** Settles when what is being written is written; the rest is found by the next `compare`. */
  async stop(): Promise<void> {
    // What is known to wait is written, unless it is more than goes at once.
    this.#isStopping = true;
    await this.#work;
  }

  /** K3. Never rejects. */
  async #writeAll(): Promise<void> {
    // In a turn of its own, so that changes that come together are written together.
    await Promise.resolve();
    do {
      const names = [...this.#waiting].slice(0, MOST_AT_ONCE);
      for (const name of names) this.#waiting.delete(name);
      try {
        await this.#write(names);
      } catch (error) {
        // K2.
        this.#options.log.log('warn', 'the lock file could not be written', { plugins: names, error });
      }
    } while (this.#waiting.size > (this.#isStopping ? MOST_AT_ONCE : 0));
    this.#isAtWork = false;
  }

  /** K1. */
  async #write(names: readonly string[]): Promise<void> {
    const locked = await this.#read();
    const changes = new Map<string, LockedPlugin | undefined>();
    for (const name of names) {
      const row = await this.#options.store.get(name);
      const before = Object.hasOwn(locked, name) ? locked[name] : undefined;
      if (row?.digest === before?.digest && row?.version === before?.version) continue;
      // One whose files are missing does not keep the others from the file.
      await this.#entryOf(row, before).then(
        (entry) => changes.set(name, entry),
        (error: unknown) =>
          this.#options.log.log('warn', 'a plugin is missing in the lock file', { plugin: name, error }),
      );
    }
    if (changes.size === 0) return;
    this.#locked = undefined;
    await this.#file.update(changes);
  }

  /** A file has one host, so that it is read again only after it was written. */
  async #read(): Promise<Readonly<Record<string, LockedPlugin>>> {
    return (this.#locked ??= await this.#file.read());
  }

  async #entryOf(row: PluginRow | undefined, before: LockedPlugin | undefined): Promise<LockedPlugin | undefined> {
    if (row === undefined) return undefined;
    const { version, digest } = row;
    const { signer } = await this.#options.artifacts.open(digest);
    const known = this.#sources.get(digest) ?? (before?.digest === digest ? before.source : NO_SOURCE);
    return { version, digest, signer: signer ?? null, source: known };
  }
}
