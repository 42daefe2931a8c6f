// Keeps the store of pinned plugins from growing for ever.
//
// Invariants:
//   R1. When a new copy was made, the most recently used ones stay and the others are removed, unless they are in use.
//   R2. A copy is in use while a process lives that has pinned it. Each such process has a lease: a file that names it,
//       written before it looks whether the copy is there. A process is told by its pid and its start, so that a pid which
//       was given again counts for nobody.
//   R3. A copy is set aside, its leases are looked at again, and only then it is removed; one that was leased meanwhile is
//       put back. Whoever looks for it just then makes another one.
//   R4. Of processes in other containers and of other boots nothing can be known here: their leases count for 30 days.
//   R5. Nothing here makes a pinning fail.
// Where processes cannot be told apart (elsewhere than on Linux) a pid that somebody has counts.

import { chmodSync, lstatSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from './make-folders.ts';
import { removeTree } from './private-directory.ts';
import { thisPlace } from './this-place.ts';
import type { ProcessPlace as Place } from './this-place.ts';

/** Copies that stay by default, those in use included. */
export const PINNED_COPIES = 20;
/** Start of the names of what is not complete, or no longer. Left only by a process that was killed. */
export const UNFINISHED_PREFIX = '.new-';

const LEASES = '.leases';
const COPY = /^[0-9a-f]{64}$/;
const HOUR_MS = 3_600_000;
/** R4. */
const FOREIGN_LEASE_MS = 30 * 24 * HOUR_MS;
const UNKNOWN = '0';

/** Says that this process uses a copy, from now to its end (R2). Rejects when the store cannot be written. */
export async function leaseCopy(store: string, sha256: string): Promise<void> {
  const folder = join(store, LEASES);
  await makeFolders(folder, 0o700);
  const place = await thisPlace();
  await writeFile(join(folder, leaseName(sha256, place, process.pid)), '\n');
  // Named as the copy itself: the time of its last use.
  await writeFile(join(folder, sha256), '\n');
  await dropEndedLeases(store, sha256, place);
}

/** R1. Never rejects (R5). */
export async function pruneCopies(store: string, keep: number): Promise<void> {
  try {
    const place = await thisPlace();
    const names = await readdir(store);
    const copies = names.filter((name) => COPY.test(name)).map((name) => ({ name, usedAt: lastUse(store, name) }));
    copies.sort((a, b) => b.usedAt - a.usedAt);
    for (const { name } of copies.slice(keep)) await removeUnused(store, name, place);
    // The newest use is the present: whoever prunes has just pinned.
    const now = copies[0]?.usedAt ?? 0;
    for (const name of names.filter((each) => each.startsWith(UNFINISHED_PREFIX))) {
      if (now - changedAt(join(store, name)) > HOUR_MS) await removeTree(join(store, name));
    }
  } catch {
    // R5. What could not be removed now is found again after the next new copy.
  }
}

function leaseName(sha256: string, { boot, namespace }: Place, pid: number): string {
  return [sha256, boot, namespace, pid, startOf(pid)].join('.');
}

/** In clock ticks since the boot; undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name stands in brackets and may hold anything, brackets and spaces too.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return isTaken(pid) ? UNKNOWN : undefined;
  }
}

function isTaken(pid: number): boolean {
  // Where there is `/proc`, what it does not show does not exist.
  if (process.platform === 'linux') return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Names of the leases of a copy. */
function leasesOf(store: string, sha256: string): readonly string[] {
  return readdirSync(join(store, LEASES)).filter((name) => name.startsWith(`${sha256}.`));
}

function isLive(store: string, lease: string, place: Place): boolean {
  const [sha256 = '', boot = '', namespace = '', pid = ''] = lease.split('.');
  if (boot === place.boot && namespace === place.namespace) return lease === leaseName(sha256, place, Number(pid));
  return lastUse(store, sha256) - changedAt(join(store, LEASES, lease)) < FOREIGN_LEASE_MS;
}

function isLeased(store: string, sha256: string, place: Place): boolean {
  return leasesOf(store, sha256).some((lease) => isLive(store, lease, place));
}

async function dropEndedLeases(store: string, sha256: string, place: Place): Promise<void> {
  for (const lease of leasesOf(store, sha256)) {
    if (!isLive(store, lease, place)) await rm(join(store, LEASES, lease), { force: true });
  }
}

/** R3. Nothing waits between a look at the leases and the step that relies on it. */
async function removeUnused(store: string, sha256: string, place: Place): Promise<void> {
  if (isLeased(store, sha256, place)) return;
  const copy = join(store, sha256);
  const aside = await mkdtemp(join(store, UNFINISHED_PREFIX));
  const moved = join(aside, 'old');
  try {
    if (isLeased(store, sha256, place)) return;
    // A folder that moves to another one is written: its entry for the parent changes.
    chmodSync(copy, 0o700);
    renameSync(copy, moved);
    if (isLeased(store, sha256, place)) return putBack(moved, copy);
    await rm(join(store, LEASES, sha256), { force: true });
    await dropEndedLeases(store, sha256, place);
  } finally {
    await removeTree(aside);
  }
}

function putBack(moved: string, copy: string): void {
  try {
    renameSync(moved, copy);
    chmodSync(copy, 0o500);
  } catch {
    // The other process has made one of its own meanwhile.
  }
}

/** Of copies from before there were leases: when they were made. */
function lastUse(store: string, sha256: string): number {
  return changedAt(join(store, LEASES, sha256)) || changedAt(join(store, sha256));
}

/** In epoch milliseconds; 0 when there is no such file. */
function changedAt(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
