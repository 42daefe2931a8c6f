// One builder at a time among several test processes, by a lock directory.
//
// Invariants:
//   L1. Whoever sees `isDone()` true never builds.
//   L2. The lock of a process that has died, or that is older than `staleMs`, is taken over.
//   L3. The lock only saves double work. Two builders can meet in the moment of a take-over, so the work itself must
//       publish its result in one step.

import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What `withBuildLock` goes by. */
export interface BuildLockOptions {
  /** Path of the lock directory; its parent exists. */
  readonly lock: string;
  /** True when the result is there. */
  readonly isDone: () => boolean;
  readonly build: () => Promise<void>;
  /** Age from which a lock counts as left behind, in milliseconds. Default: 10 minutes. */
  readonly staleMs?: number;
  /** Pause between two looks at a lock of somebody else, in milliseconds. Default: 100. */
  readonly pollMs?: number;
}

// Between making the directory and writing the owner's process id into it.
const OWNERLESS_MS = 5_000;

/** Builds, or waits for whoever builds. Rejects with what `build` rejects with; the next waiter then tries by itself. */
export async function withBuildLock(options: BuildLockOptions): Promise<void> {
  const { lock, isDone, build, staleMs = 600_000, pollMs = 100 } = options;
  while (!isDone()) {
    if (acquire(lock)) {
      try {
        if (!isDone()) await build();
      } finally {
        rmSync(lock, { recursive: true, force: true });
      }
    } else if (isStale(lock, staleMs)) {
      takeAway(lock);
    } else {
      await sleep(pollMs);
    }
  }
}

function acquire(lock: string): boolean {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
  writeFileSync(join(lock, 'owner'), String(process.pid));
  return true;
}

function isStale(lock: string, staleMs: number): boolean {
  const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  const owner = ownerOf(lock);
  if (owner === undefined) return age > Math.min(OWNERLESS_MS, staleMs);
  return age > staleMs || !isRunning(owner);
}

function ownerOf(lock: string): number | undefined {
  try {
    const owner = Number(readFileSync(join(lock, 'owner'), 'utf8'));
    return Number.isInteger(owner) && owner > 0 ? owner : undefined;
  } catch {
    // The lock is just being made or removed.
    return undefined;
  }
}

// A rename has one winner, whereas removing file by file could take apart a lock that was made in between.
function takeAway(lock: string): void {
  const grave = `${lock}.${randomUUID()}`;
  try {
    renameSync(lock, grave);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  rmSync(grave, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
