import type { RuntimeError } from '../../errors/index.ts';
import { backoffDelay, resolveBackoff } from '../../policy/index.ts';
import type { Clock, Logger, TimerHandle } from '../../ports/index.ts';

/** How a stream to a plugin ended. `unsupported`: the plugin does not offer it. */
export type StreamOutcome =
  | { readonly kind: 'closed' | 'unsupported' }
  | { readonly kind: 'failed'; readonly error: RuntimeError };

/** A stream that is to stay open. */
export interface KeptStreamOptions {
  /** For the log: `broker`, `output`. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Opens the stream; settles when it has ended. */
  open(): Promise<StreamOutcome>;
}

/** Waits before a stream is opened again. */
const REOPEN = resolveBackoff({ initialMs: 100, maxMs: 5_000, jitter: 'none' });
/**
 * Milliseconds after which a stream has proved itself: the next wait is the first one again. As long as a restarted
 * plugin needs (`minUptimeMs`), and longer than a connection takes to say that it cannot be made.
 */
const PROVEN_MS = 10_000;

/**
 * Keeps a stream to a plugin open: one that ends while the plugin lives, for instance with its connection, is opened
 * again, until the plugin says that it does not offer the stream. Waits grow from 100 ms to 5 s, and start from 100 ms
 * again after a stream that stayed open for 10 s. Returns what gives it up.
 */
export function keepStreamOpen({ name, clock, log, open }: KeptStreamOptions): () => void {
  let timer: TimerHandle | undefined;
  let stopped = false;
  const openAgain = async (attempt: number): Promise<void> => {
    const openedAt = clock.monotonic();
    let error: unknown;
    try {
      const outcome = await open();
      if (outcome.kind === 'unsupported') return;
      if (outcome.kind === 'failed') ({ error } = outcome);
    } catch (thrown) {
      error = thrown;
    }
    if (stopped) return;
    log.log('debug', `the ${name} stream of the plugin ended`, { error });
    const failures = clock.monotonic() - openedAt >= PROVEN_MS ? 0 : attempt;
    timer = clock.setTimeout(() => void openAgain(failures + 1), backoffDelay(REOPEN, failures, 0), { unref: true });
  };
  void openAgain(0);
  return () => {
    stopped = true;
    clock.clearTimeout(timer);
  };
}
