// Runs a plugin from a copy that is exactly what its author said it is.
//
// Invariants:
//   K1. A copy stands under its own hash, is complete, and was hashed itself: what changes in the original while it is
//       copied ends the pinning, never in a copy.
//   K2. A copy appears in one step, so that two hosts that make the same one cannot meet a half.
//   K3. Nobody may write a copy, not even its owner, and only this user can get at the store. A copy that differs from its
//       hash all the same is made again, or not used.
//   K4. A pinning that fails leaves nothing in the store but the lease of its process, which goes with the process.

import { chmod, lstat, mkdir, mkdtemp, open, readlink, rename, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import { requireAtLeast } from '../../policy/index.ts';
import { makeFolders } from './make-folders.ts';
import { leaseCopy, PINNED_COPIES, pruneCopies, UNFINISHED_PREFIX } from './pinned-tree-prune.ts';
import { removeTree } from './private-directory.ts';
import { readBuildRecord } from './build-record.ts';
import type { BuildRecord } from './build-record.ts';
import { chunksOf, hashTree, openFile } from './tree-hash.ts';
import type { HashedTree, TreeEntry, TreeLimits } from './tree-hash.ts';

/** What a directory must be, and where its copy goes. */
export interface PinOptions extends TreeLimits {
  /** Expected hash of the tree, in lower-case hexadecimal. */
  readonly sha256: string;
  /** Directory of the copies; made when it is missing, for this user alone. */
  readonly storeRoot: string;
  /**
   * Copies that stay when a new one is made: the most recently used. One that was pinned by a process that still lives is
   * never removed. Default 20.
   */
  readonly keep?: number;
}

const WRITABLE_BY_OTHERS = 0o022;
const MAX_SHOWN = 120;

/**
 * Verifies a directory and returns the path of its read-only copy, which is made unless it is there.
 *
 * The copy counts as in use until this process ends. After a new copy was made, older ones are removed; see `keep`.
 *
 * Rejects with CHECKSUM_MISMATCH, which names the first difference when the directory holds the record of its build, and
 * with CHECKSUM_INVALID when the directory cannot be pinned or the store not be used.
 */
export async function pinTree(directory: string, options: PinOptions): Promise<string> {
  const { sha256, storeRoot, keep = PINNED_COPIES, ...limits } = options;
  requireAtLeast('keep', keep, 1);
  const tree = await hashTree(directory, limits);
  if (tree.sha256 !== sha256) throw await mismatch(directory, tree, sha256);
  const store = resolve(storeRoot);
  await openStore(store);
  await leaseCopy(store, sha256).catch((cause: unknown) => {
    throw new RuntimeError('CHECKSUM_INVALID', `store "${store}" for pinned plugins cannot be written`, { cause });
  });
  const copy = join(store, sha256);
  if (await isPinned(copy, sha256, limits)) return seal(copy);
  const workplace = await mkdtemp(join(store, UNFINISHED_PREFIX));
  try {
    const fresh = join(workplace, 'copy');
    await copyTree(directory, fresh, tree.entries);
    // K1: from here on nobody else can write it.
    const copied = await hashTree(fresh, limits);
    if (copied.sha256 !== sha256) throw await mismatch(directory, copied, sha256);
    await publish(fresh, copy, { sha256, limits, aside: join(workplace, 'old') });
    await seal(copy);
  } finally {
    await removeTree(workplace);
  }
  await pruneCopies(store, keep);
  return copy;
}

/** Whether a copy is there and is what its hash says. */
export async function isPinned(copy: string, sha256: string, limits: TreeLimits = {}): Promise<boolean> {
  try {
    return (await hashTree(copy, limits)).sha256 === sha256;
  } catch (error) {
    // Missing or unusable: either way there is nothing to start from.
    if (isRuntimeError(error) && error.code === 'CHECKSUM_INVALID') return false;
    throw error;
  }
}

/** K3. A store that others can write could be given another copy after it was verified. */
async function openStore(store: string): Promise<void> {
  let problem: string;
  let reason: unknown;
  try {
    await makeFolders(store, 0o700);
    const stats = await lstat(store);
    if (!stats.isDirectory()) problem = 'is not a directory';
    else if (process.geteuid !== undefined && stats.uid !== process.geteuid()) problem = 'belongs to another user';
    else if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) problem = 'can be written by others';
    else return;
  } catch (cause) {
    problem = `cannot be made (${cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)})`;
    reason = cause;
  }
  throw new RuntimeError('CHECKSUM_INVALID', `store "${store}" for pinned plugins ${problem}`, { cause: reason });
}

async function copyTree(from: string, to: string, entries: readonly TreeEntry[]): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  const folders = new Set<string>();
  for (const { path } of entries) for (let up = dirname(path); up !== '.'; up = dirname(up)) folders.add(up);
  // A folder sorts before what is in it.
  const sorted = [...folders].sort();
  for (const folder of sorted) await mkdir(join(to, folder), { mode: 0o700 });
  for (const entry of entries) await copyEntry(from, to, entry);
  for (const folder of sorted) await chmod(join(to, folder), 0o500);
}

/** Takes at most what was there when the tree was hashed: an original that grows without end must not fill the disk. */
async function copyEntry(from: string, to: string, { path, kind, bytes }: TreeEntry): Promise<void> {
  const target = join(to, path);
  if (kind === 'link') return symlink(await readlink(join(from, path)), target);
  const source = await openFile(join(from, path));
  try {
    const copy = await open(target, 'wx', kind === 'executable' ? 0o500 : 0o400);
    try {
      let left = bytes + 1;
      for await (const chunk of chunksOf(source)) {
        await copy.writeFile(chunk.subarray(0, left));
        left -= chunk.length;
        if (left <= 0) break;
      }
      // Whatever the umask says.
      await copy.chmod(kind === 'executable' ? 0o500 : 0o400);
    } finally {
      await copy.close();
    }
  } finally {
    await source.close();
  }
}

interface Publication {
  readonly sha256: string;
  readonly limits: TreeLimits;
  /** Where a damaged copy goes. */
  readonly aside: string;
}

/** K2. Another host may have made the same copy meanwhile; one that is damaged gives way. */
async function publish(fresh: string, copy: string, { sha256, limits, aside }: Publication): Promise<void> {
  try {
    await rename(fresh, copy);
  } catch (error) {
    if (await isPinned(copy, sha256, limits)) return;
    // A folder that moves to another one is written: its entry for the parent changes.
    await chmod(copy, 0o700).catch(() => {
      throw error;
    });
    await rename(copy, aside);
    await rename(fresh, copy);
  }
}

/** K3. Done last, since a folder that may not be written cannot be moved. */
async function seal(copy: string): Promise<string> {
  await chmod(copy, 0o500);
  return copy;
}

async function mismatch(directory: string, tree: HashedTree, expected: string): Promise<RuntimeError> {
  const record = await readBuildRecord(directory);
  const difference = record === undefined ? undefined : differenceFrom(record, tree, expected);
  const because = difference === undefined ? '' : `: ${difference}`;
  return new RuntimeError(
    'CHECKSUM_MISMATCH',
    `directory "${directory}" has the sha256 ${tree.sha256}, not ${expected}${because}`,
    { details: { directory, expected, actual: tree.sha256, difference } },
  );
}

/** The record may be wrong too, so that it explains and never decides. */
function differenceFrom(record: BuildRecord, { sha256, entries }: HashedTree, expected: string): string | undefined {
  if (record.sha256 !== expected) {
    return record.sha256 === sha256 ? 'it holds another build' : 'its build.json is of another build';
  }
  const present = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path, bytes, sha256: wanted } of record.files) {
    const found = present.get(path);
    const named = `"${path.slice(0, MAX_SHOWN)}"`;
    if (found === undefined) return `${named} is missing`;
    if (found.bytes !== bytes) return `${named} has ${found.bytes} bytes instead of ${bytes}`;
    if (found.sha256 !== wanted) return `${named} has other contents`;
    present.delete(path);
  }
  const [added] = present.keys();
  return added === undefined ? 'a file may be executed, or not, other than it was built' : `"${added}" was added`;
}
