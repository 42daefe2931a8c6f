// The artifacts of a host, none of whose answers is waited for for ever, and of which those go that nobody needs.
//
// Invariants:
//   A1. Files go only when nobody has named them for the whole time that is given, and while nothing is being staged. What is
//       staged begins its time anew.
//   A2. Whoever stages waits for a removal that is under way: what is found in the store stays there.
//   A3. What somebody holds is not removed as that of a refused install, and neither is anything while something is staged.

import { RuntimeError } from '../../errors/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { Artifacts, StageArtifactOptions, StagedArtifact, StoredArtifact } from './artifacts.ts';
import type { PluginSource } from './types.ts';

/** How patient. */
export interface ArtifactPatience {
  readonly clock: Clock;
  /** For one answer, in milliseconds; an `open` gets half of it, so that it is no longer than the step that it is part of. */
  readonly timeoutMs: number;
  /** Aborts when the lifecycle stops: files are not waited for any more then. */
  readonly stopping: AbortSignal;
}

/** Which files may go. */
export interface OrphanRule {
  /** Milliseconds for which nobody may have named them. */
  readonly afterMs: number;
  /** Gives those of the digests that somebody needs. */
  readonly named: (digests: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** The same artifacts, bounded in time. */
export class PatientArtifacts implements Artifacts {
  readonly #artifacts: Artifacts;
  readonly #patience: ArtifactPatience;
  /** Since when nobody names them; at most as many as there are artifacts. */
  readonly #orphans = new Map<string, number>();
  /** How many hold them; at most as many as there are installs under way. */
  readonly #held = new Map<string, number>();
  #staging = 0;
  #removal: Promise<unknown> = Promise.resolve();

  constructor(artifacts: Artifacts, patience: ArtifactPatience) {
    this.#artifacts = artifacts;
    this.#patience = patience;
  }

  /** Stages files that nobody names yet, and holds them until `release`. */
  stageHeld(source: PluginSource, options: StageArtifactOptions): Promise<StagedArtifact> {
    return this.#stage(source, options, ({ digest }) => this.#held.set(digest, (this.#held.get(digest) ?? 0) + 1));
  }

  stage(source: PluginSource, options: StageArtifactOptions = {}): Promise<StagedArtifact> {
    return this.#stage(source, options, () => {});
  }

  release(digest: string): void {
    const left = (this.#held.get(digest) ?? 1) - 1;
    if (left > 0) this.#held.set(digest, left);
    else this.#held.delete(digest);
  }

  /** A3. Files that stay go with the other orphans. */
  async removeUnheld(digest: string): Promise<void> {
    if (this.#staging === 0 && !this.#held.has(digest)) await this.remove(digest);
  }

  async #stage(
    source: PluginSource,
    options: StageArtifactOptions,
    staged: (artifact: StagedArtifact) => unknown,
  ): Promise<StagedArtifact> {
    const { timeoutMs } = this.#patience;
    const overdue = new AbortController();
    const signal = AbortSignal.any([overdue.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    this.#staging += 1;
    try {
      // A2.
      await this.#removal;
      const staging = this.#artifacts.stage(source, { ...options, signal });
      const artifact = await this.#bounded('stage files', timeoutMs, staging, options.signal);
      // A1.
      this.#orphans.delete(artifact.digest);
      staged(artifact);
      return artifact;
    } finally {
      this.#staging -= 1;
      // What is still under way after its time leaves nothing behind.
      overdue.abort();
    }
  }

  async open(digest: string): Promise<StoredArtifact> {
    const { timeoutMs, stopping } = this.#patience;
    return this.#bounded(`open artifact ${short(digest)}`, timeoutMs / 2, this.#artifacts.open(digest), stopping);
  }

  async remove(digest: string): Promise<unknown> {
    const { timeoutMs } = this.#patience;
    const removal = this.#bounded(`remove artifact ${short(digest)}`, timeoutMs, this.#artifacts.remove(digest));
    this.#removal = Promise.allSettled([this.#removal, removal]);
    return removal;
  }

  async list(): Promise<readonly string[]> {
    const { timeoutMs, stopping } = this.#patience;
    return this.#bounded('list the artifacts', timeoutMs / 2, this.#artifacts.list(), stopping);
  }

  async sweep(): Promise<unknown> {
    const { timeoutMs, stopping } = this.#patience;
    return this.#bounded('sweep the artifacts', timeoutMs, this.#artifacts.sweep?.() ?? Promise.resolve(), stopping);
  }

  /** Removes the files that nobody needs (A1), and returns their digests. */
  async removeOrphans({ afterMs, named }: OrphanRule): Promise<readonly string[]> {
    const { clock, stopping } = this.#patience;
    const digests = await this.list();
    const needed = await named(digests);
    const now = clock.monotonic();
    const orphans = new Set(digests.filter((digest) => !needed.has(digest)));
    for (const digest of this.#orphans.keys()) if (!orphans.has(digest)) this.#orphans.delete(digest);
    for (const digest of orphans) if (!this.#orphans.has(digest)) this.#orphans.set(digest, now);
    const removed: string[] = [];
    for (const digest of orphans) {
      const since = this.#orphans.get(digest);
      if (since === undefined || now - since < afterMs) continue;
      if (this.#staging > 0 || stopping.aborted) break;
      await this.remove(digest);
      this.#orphans.delete(digest);
      removed.push(digest);
    }
    return removed;
  }

  async #bounded<T>(what: string, limitMs: number, work: Promise<T>, signal?: AbortSignal): Promise<T> {
    const { promise: given, reject } = Promise.withResolvers<never>();
    const giveUp = (): void => reject(new RuntimeError('CANCELLED', `nobody waits for it to ${what} any more`));
    signal?.addEventListener('abort', giveUp, { once: true });
    if (signal?.aborted === true) giveUp();
    try {
      if (await within(this.#patience.clock, limitMs, Promise.race([work, given]))) return await work;
      throw new RuntimeError('OPERATION_TIMED_OUT', `it took longer than ${limitMs} ms to ${what}`);
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }
}

function short(digest: string): string {
  return digest.slice(0, 16);
}
