// One commit of an operation, and what became of it.
//
// Invariants:
//   W1. When this resolves, it is known whether the commit happened. It happened at most once.
//   W2. A commit whose answer was lost is asked for by its id; one that did not happen then never does (L5 of the store),
//       and is made again under another id.
//   W3. It tries for as long as the operation has its lease; the signal ends it. Once the lifecycle stops, it tries a few
//       times more, and does not ask again whoever has not answered.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { WriteReport } from '../../machines/index.ts';
import { backoffDelay, resolveBackoff } from '../../policy/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { CommitOutcome, LifecycleCommit, LifecycleStore, PluginRow } from '../../ports/lifecycle-store.ts';

/** What a commit is made with. */
export interface WritePorts {
  readonly store: Pick<LifecycleStore, 'commit' | 'committed' | 'get'>;
  readonly clock: Clock;
  /** For one answer of the store, in milliseconds. */
  readonly timeoutMs: number;
  /** A new id for a commit. */
  readonly nextId: () => string;
  readonly signal: AbortSignal;
  /** Aborts when the lifecycle stops. */
  readonly stopping: AbortSignal;
}

/** A commit without its id, and what the row is when the commit does not write it. */
export interface Writing extends Omit<LifecycleCommit, 'id'> {
  readonly slug: string;
  readonly before: PluginRow | undefined;
}

/** Of a lifecycle that stops. */
const LAST_ATTEMPTS = 6;
const BACKOFF = resolveBackoff({ initialMs: 50, maxMs: 1_000, jitter: 'none' });

/** Commits. Rejects when the store refuses the commit as such, or when the signal aborts. */
export async function writeSurely({ slug, before, ...draft }: Writing, ports: WritePorts): Promise<WriteReport> {
  for (let attempt = 0; ; attempt++) {
    const commit = { ...draft, id: ports.nextId() };
    try {
      return reportOf(await answer(ports, ports.store.commit(commit)), draft.row === undefined ? before : undefined);
    } catch (error) {
      if (!isOpen(error)) throw RuntimeError.from(error);
    }
    // W2.
    if (await surely(ports, () => ports.store.committed(commit.id))) {
      return { kind: 'written', row: await surely(ports, () => ports.store.get(slug)) };
    }
    await again(ports, attempt);
  }
}

/** Asks until there is an answer. */
export async function surely<T>(
  ports: Pick<WritePorts, 'clock' | 'signal' | 'stopping' | 'timeoutMs'>,
  ask: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await answer(ports, ask());
    } catch (error) {
      if (!isOpen(error)) throw RuntimeError.from(error);
    }
    await again(ports, attempt);
  }
}

/** W3. */
async function again(ports: Pick<WritePorts, 'clock' | 'signal' | 'stopping'>, attempt: number): Promise<void> {
  if (ports.stopping.aborted && attempt + 1 >= LAST_ATTEMPTS) throw new RuntimeError('CANCELLED', 'the host stops');
  await pause(ports, backoffDelay(BACKOFF, attempt, 1));
}

/** Waits; rejects with CANCELLED when the signal aborts. */
export async function pause({ clock, signal }: Pick<WritePorts, 'clock' | 'signal'>, ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clock.clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
  if (signal.aborted) throw new RuntimeError('CANCELLED', 'the operation was given up');
}

function reportOf(outcome: CommitOutcome, unwritten: PluginRow | undefined): WriteReport {
  if (outcome.kind === 'committed') return { kind: 'written', row: outcome.row ?? unwritten };
  return outcome.kind === 'fenced' ? { kind: 'fenced' } : { kind: 'conflict' };
}

/** A store that never answers must not hold an operation for ever. */
async function answer<T>(
  { clock, timeoutMs, stopping }: Pick<WritePorts, 'clock' | 'stopping' | 'timeoutMs'>,
  asked: Promise<T>,
): Promise<T> {
  if (await within(clock, timeoutMs, asked)) return asked;
  // W3.
  if (stopping.aborted) throw new RuntimeError('CANCELLED', 'the host stops, and the store does not answer');
  throw new RuntimeError('STORE_UNAVAILABLE', `the store did not answer within ${timeoutMs} ms`);
}

/** Whether the call may have taken effect, or may when it is made again. */
function isOpen(error: unknown): boolean {
  return !isRuntimeError(error) || error.retryable || error.code === 'COMMIT_ABANDONED';
}
