// The directory of a store of artifacts, and who works in it.
//
// Invariants:
//   F1. Only this user can get at it.
//   F2. Whatever is not complete stands in a workplace, whose name says which process it belongs to. The workplace of a process
//       that is gone is removed by the next host that opens the store.
//   F3. Of processes in other containers nothing can be known here: their workplaces are left alone for a day.

import { lstat, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../../ports/index.ts';
import { identifyProcess, makeFolders, removeTree, thisPlace } from '../../../transport/process/index.ts';
import { bundleError, reasonOf } from '../bundle-error.ts';

const PREFIX = '.stage-';
const WRITABLE_BY_OTHERS = 0o022;
const DAY_MS = 24 * 3_600_000;
const UNKNOWN = '0';
const DIGEST = /^[0-9a-f]{64}$/;

/** Whether a text can be the digest of an artifact, and so the name of its directory. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** F1. Makes it when it is missing. Rejects with BUNDLE_STORE_FAILED. */
export async function openStoreFolder(root: string): Promise<void> {
  let problem: string;
  let reason: unknown;
  try {
    await makeFolders(root, 0o700);
    const stats = await lstat(root);
    if (!stats.isDirectory()) problem = 'is not a directory';
    else if (process.geteuid !== undefined && stats.uid !== process.geteuid()) problem = 'belongs to another user';
    else if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) problem = 'can be written by others';
    else return;
  } catch (error) {
    problem = `cannot be made (${reasonOf(error)})`;
    reason = error;
  }
  throw bundleError('BUNDLE_STORE_FAILED', `store "${root}"`, problem, reason);
}

/** Makes a workplace (F2). Whoever opens it removes it. Rejects with BUNDLE_STORE_FAILED. */
export async function openWorkplace(root: string): Promise<string> {
  const { boot, namespace } = await thisPlace();
  const start = await startOf(process.pid);
  try {
    return await mkdtemp(join(root, `${PREFIX}${boot}-${namespace}-${process.pid}-${start ?? UNKNOWN}-`));
  } catch (error) {
    throw bundleError('BUNDLE_STORE_FAILED', `store "${root}"`, `cannot be written (${reasonOf(error)})`, error);
  }
}

/** F2, F3. Returns the names that it removed. Rejects with BUNDLE_STORE_FAILED when the store cannot be read. */
export async function sweepWorkplaces(root: string, clock: Clock): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of await namesIn(root)) {
    if (!name.startsWith(PREFIX) || (await isInUse(root, name, clock))) continue;
    // Somebody else may be at it, too; what is left is found again.
    await removeTree(join(root, name)).then(
      () => removed.push(name),
      () => {},
    );
  }
  return removed;
}

/** The digests of what is in the store, sorted. */
export async function digestsIn(root: string): Promise<readonly string[]> {
  return (await namesIn(root)).filter(isDigest).sort();
}

async function namesIn(root: string): Promise<readonly string[]> {
  try {
    return await readdir(root);
  } catch (error) {
    throw bundleError('BUNDLE_STORE_FAILED', `store "${root}"`, `cannot be read (${reasonOf(error)})`, error);
  }
}

async function isInUse(root: string, name: string, clock: Clock): Promise<boolean> {
  const [boot, namespace, pid, start] = name.slice(PREFIX.length).split('-');
  const here = await thisPlace();
  if (boot === here.boot && namespace === here.namespace) return (await startOf(Number(pid))) === start;
  if (boot !== here.boot && namespace === here.namespace && boot !== UNKNOWN) return false;
  const stats = await lstat(join(root, name)).catch(() => undefined);
  return stats !== undefined && clock.now() - stats.mtimeMs < DAY_MS;
}

/** Undefined when there is no such process. Where processes cannot be told apart, one that has the number counts. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return (await identifyProcess(pid))?.startTicks;
  try {
    process.kill(pid, 0);
    return UNKNOWN;
  } catch (error) {
    return reasonOf(error) === 'EPERM' ? UNKNOWN : undefined;
  }
}
