import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import { backoffDelay, resolveBackoff } from '../../policy/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { LifecycleStore, VersionRow } from '../../ports/lifecycle-store.ts';

/** How patient. */
export interface PatienceOptions {
  readonly clock: Clock;
  /** For one answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Aborts when the lifecycle stops: a store that leaves one question unanswered then is not asked another one. */
  readonly stopping: AbortSignal;
}

const ATTEMPTS = 6;
const BACKOFF = resolveBackoff({ initialMs: 50, maxMs: 1_000, jitter: 'none' });

/**
 * The same store, whose reads are made again when they fail: one that is away for a moment is no reason to give up an
 * operation, or to end a plugin that runs. Questions for leases are asked once, and do not wait for ever. Commits are the
 * business of whoever commits.
 */
export function createPatientStore(
  store: LifecycleStore,
  { clock, timeoutMs, stopping }: PatienceOptions,
): LifecycleStore {
  let isSilent = false;
  const once = async <T>(ask: () => Promise<T>): Promise<T> => {
    if (isSilent && stopping.aborted) throw new RuntimeError('STORE_UNAVAILABLE', 'the store does not answer any more');
    const asked = ask();
    // A rejection is an answer, too.
    isSilent = !(await within(clock, timeoutMs, Promise.allSettled([asked])));
    if (!isSilent) return asked;
    throw new RuntimeError('STORE_UNAVAILABLE', `the store did not answer within ${timeoutMs} ms`);
  };
  const read = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await once(ask);
      } catch (error) {
        const isOver =
          attempt + 1 >= ATTEMPTS || (isSilent && stopping.aborted) || (isRuntimeError(error) && !error.retryable);
        if (isOver) throw RuntimeError.from(error);
      }
      const pauseMs = backoffDelay(BACKOFF, attempt, 1);
      await within(clock, pauseMs, new Promise<void>(() => {}));
    }
  };
  const allVersions = async (): Promise<readonly VersionRow[]> => (await store.allVersions?.()) ?? [];
  return {
    now: () => read(() => store.now()),
    get: (slug) => read(() => store.get(slug)),
    list: () => read(() => store.list()),
    versions: (slug) => read(() => store.versions(slug)),
    ...(store.allVersions === undefined ? {} : { allVersions: () => read(allVersions) }),
    tombstones: () => read(() => store.tombstones()),
    auditEntries: (plugin, after, limit) => read(() => store.auditEntries(plugin, after, limit)),
    auditHeads: () => read(() => store.auditHeads()),
    commit: (commit) => store.commit(commit),
    committed: (id) => store.committed(id),
    clearTombstone: (slug, incarnation) => store.clearTombstone(slug, incarnation),
    acquire: (name, owner, ttlMs) => once(() => store.acquire(name, owner, ttlMs)),
    renew: (lease, ttlMs) => once(() => store.renew(lease, ttlMs)),
    release: (lease) => once(() => store.release(lease)),
    seal: (head, macs) => store.seal(head, macs),
    prune: (head, upTo) => store.prune(head, upTo),
    storage: (slug, incarnation, quota) => store.storage(slug, incarnation, quota),
    snapshots: store.snapshots,
    close: () => store.close(),
  };
}
