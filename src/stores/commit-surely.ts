// What a commit needs when its answer is lost.
//
// Invariants:
//   S1. The commit happens at most once: each attempt carries the same id.
//   S2. When this resolves, the outcome is final. When it rejects, `store.committed` tells what became of it.

import { isRuntimeError, RuntimeError } from '../errors/index.ts';
import { backoffDelay, requirePositiveInteger, resolveBackoff } from '../policy/index.ts';
import type { BackoffOptions, BackoffPolicy } from '../policy/index.ts';
import type { Clock, Random } from '../ports/index.ts';
import type { CommitOutcome, LifecycleCommit, LifecycleStore } from '../ports/lifecycle-store.ts';

/** How long somebody tries to find out what became of a commit. */
export interface CommitSurelyOptions {
  /** For the waits between the attempts. */
  readonly clock: Clock;
  /** For the jitter of the waits. Default: none, the waits are all alike. */
  readonly random?: Random | undefined;
  /** How often the commit is tried. Default 5. */
  readonly attempts?: number | undefined;
  /** The waits between. Default 50 ms, doubled up to 2 s, half of it random. */
  readonly backoff?: BackoffOptions | undefined;
  /** Ends the waiting, with the last error. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_ATTEMPTS = 5;
const DEFAULT_BACKOFF = { initialMs: 50, maxMs: 2_000 } as const;

/**
 * Commits, and tries again when the store fails in a way that leaves open whether it happened. Of an attempt whose answer
 * was lost the next one learns, and is not done again.
 *
 * @throws what the store fails with, when it fails each time or in a way that no repetition helps
 */
export async function commitSurely(
  store: Pick<LifecycleStore, 'commit'>,
  commit: LifecycleCommit,
  options: CommitSurelyOptions,
): Promise<CommitOutcome> {
  const attempts = requirePositiveInteger('attempts', options.attempts ?? DEFAULT_ATTEMPTS);
  const backoff = resolveBackoff({ ...DEFAULT_BACKOFF, ...options.backoff });
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.commit(commit);
    } catch (error) {
      if (attempt >= attempts || !isOpen(error) || options.signal?.aborted === true) throw RuntimeError.from(error);
    }
    await pause(options, backoff, attempt - 1);
  }
}

/** Whether the commit may still happen, or may have happened. */
function isOpen(error: unknown): boolean {
  return !isRuntimeError(error) || error.retryable;
}

function pause(options: CommitSurelyOptions, backoff: BackoffPolicy, attempt: number): Promise<void> {
  const { clock, random, signal } = options;
  return new Promise((resolve) => {
    const end = (): void => {
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.setTimeout(end, backoffDelay(backoff, attempt, random?.next() ?? 1));
    signal?.addEventListener('abort', end, { once: true });
  });
}
