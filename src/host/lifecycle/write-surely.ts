// One commit of an operation, and what became of it.
//
// Invariants:
//   W1. When this settles, it is known whether the commit happened, but for an error for which `isUnclear` holds. It happened
//       at most once.
//   W2. A commit whose answer was lost, or is an error, is asked for by its id; one that did not happen then never does (L5 of
//       the store), and is made again under another id when the error allows it.
//   W3. It tries for as long as the operation has its lease; the signal ends it. Once the lifecycle stops, it tries a few
//       times more, and does not ask again whoever has not answered.
//   W4. Only the end of the plugin's own lease is `fenced`. That of another one is an error: it is no reason to end the plugin.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { WriteReport } from '../../machines/index.ts';
import { backoffDelay, resolveBackoff } from '../../policy/index.ts';
import { within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { CommitOutcome, LifecycleCommit, LifecycleStore, PluginRow } from '../../ports/lifecycle-store.ts';
import { leaseNameOf } from './plugin-lease.ts';

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

const FINAL: ReadonlySet<string> = new Set(['INVALID_OPTIONS', 'CANCELLED', 'STORE_CLOSED']);
/** Of a lifecycle that stops. */
const LAST_ATTEMPTS = 6;
const BACKOFF = resolveBackoff({ initialMs: 50, maxMs: 1_000, jitter: 'none' });

/** Commits. Rejects when the store refuses the commit as such, when the signal aborts, and with ABORTED by W4. */
export async function writeSurely({ slug, before, ...draft }: Writing, ports: WritePorts): Promise<WriteReport> {
  for (let attempt = 0; ; attempt++) {
    const commit = { ...draft, id: ports.nextId() };
    let outcome: CommitOutcome | undefined;
    let error: RuntimeError | undefined;
    try {
      outcome = await answer(ports, ports.store.commit(commit));
    } catch (thrown) {
      // A stop has not waited for the answer: the commit may be made all the same.
      if (isFinal(thrown)) throw thrown.code === 'CANCELLED' ? unclear(thrown) : thrown;
      if (!isOpen(thrown)) error = RuntimeError.from(thrown);
    }
    if (outcome !== undefined) return reportOf(slug, outcome, draft.row === undefined ? before : undefined);
    const known = await whatBecame(ports, slug, commit.id);
    if (known !== undefined) return known;
    if (error !== undefined) throw error;
    await again(ports, attempt);
  }
}

/** Whether it is not known if what failed with the error was written. */
export function isUnclear(error: RuntimeError): boolean {
  return error.details['isUnclear'] === true;
}

/** W2. Undefined for a commit that did not happen. */
async function whatBecame(ports: WritePorts, slug: string, id: string): Promise<WriteReport | undefined> {
  try {
    if (!(await surely(ports, () => ports.store.committed(id)))) return undefined;
    return { kind: 'written', row: await surely(ports, () => ports.store.get(slug)) };
  } catch (thrown) {
    throw unclear(RuntimeError.from(thrown));
  }
}

function unclear(error: RuntimeError): RuntimeError {
  const { code, rawMessage, details } = error;
  return new RuntimeError(code, rawMessage, { cause: error, details: { ...details, isUnclear: true } });
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

function reportOf(slug: string, outcome: CommitOutcome, unwritten: PluginRow | undefined): WriteReport {
  if (outcome.kind === 'committed') return { kind: 'written', row: outcome.row ?? unwritten };
  if (outcome.kind === 'conflict') return { kind: 'conflict' };
  if (outcome.lease === leaseNameOf(slug)) return { kind: 'fenced' };
  // W4.
  const text = `lease "${outcome.lease}" ended before plugin "${slug}" was written`;
  throw new RuntimeError('ABORTED', text, { details: { lease: outcome.lease } });
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

/** Whether it was given up here, or refused before the store has done anything. */
function isFinal(error: unknown): error is RuntimeError {
  return isRuntimeError(error) && FINAL.has(error.code);
}

/** Whether the call may have taken effect, or may when it is made again. */
function isOpen(error: unknown): boolean {
  return !isRuntimeError(error) || error.retryable || error.code === 'COMMIT_ABANDONED';
}
