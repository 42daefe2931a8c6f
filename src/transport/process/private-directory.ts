import { chmodSync, chownSync, mkdtempSync } from 'node:fs';
import { chmod, lstat, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InvalidOptionsError, RuntimeError } from '../../errors/index.ts';
import { groupId } from '../group-id.ts';

/** Where a private directory is made. */
export interface PrivateDirectoryOptions {
  /** Directory to make it in. Default: the system's directory for temporary files. */
  readonly root?: string;
  /** Name or number of a group that may enter and make sockets too. Default: only this user may. */
  readonly group?: string | undefined;
  /** Start of its name; six random characters follow. Default `troupe-`. */
  readonly prefix?: string;
}

/** A directory for the sockets of one plugin process, open to this user and at most one group. */
export interface PrivateDirectory {
  readonly path: string;
  /** Removes it with all that is in it. Never rejects. A second call after a failure tries again. */
  remove(): Promise<RemovalReport>;
}

/** How a removal went. */
export interface RemovalReport {
  /** Whether the directory is gone. */
  readonly removed: boolean;
  /** Names of what was left in it, at most 100. A plugin that ends in order leaves nothing. */
  readonly leftovers: readonly string[];
  /** Why it is not gone. */
  readonly problem: RuntimeError | undefined;
}

// go-plugin names its sockets `plugin` and a random number of at most 20 digits.
const SOCKET_NAME_BYTES = '/plugin'.length + 20;
const RANDOM_CHARACTERS = 6;
// Size of sun_path without its closing zero byte.
const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;
const MAX_LEFTOVERS = 100;
const RETRIES = 3;
const RETRY_DELAY_MS = 50;

/**
 * Makes a new directory with mode 0700, or 0770 for a group. The caller removes it.
 *
 * Rejects with `SOCKET_PATH_TOO_LONG` when a socket in it would have no valid address, `INVALID_OPTIONS` when its path
 * cannot be in a handshake line or this user may not give files to the group, and `SPAWN_FAILED` when the operating
 * system refuses. Leaves no directory then.
 */
export async function createPrivateDirectory(options: PrivateDirectoryOptions = {}): Promise<PrivateDirectory> {
  const { root = tmpdir(), prefix = 'troupe-', group } = options;
  const gid = group === undefined ? undefined : groupId(group, 'socketGroup');
  if (prefix.includes('/')) throw new InvalidOptionsError('prefix', 'contains a slash');
  const stem = join(resolve(root), prefix);
  // The handshake line has no escape for its separator.
  if (/[|\n\r]/.test(stem)) throw new InvalidOptionsError('root', 'or prefix contains "|" or a line break');
  checkLength(stem);
  let path: string | undefined;
  try {
    // Synchronous: a start waits for it, and each way through the thread pool takes longer than all three calls.
    path = mkdtempSync(stem);
    if (gid !== undefined) chownSync(path, -1, gid);
    chmodSync(path, gid === undefined ? 0o700 : 0o770); // whatever the umask
  } catch (cause) {
    // What refused the rest may refuse this too; the first refusal is the one to tell.
    if (path !== undefined) await rm(path, { recursive: true, force: true }).catch(() => {});
    const reason = reasonOf(cause);
    // Only a change of the group needs a right that the owner may lack.
    if (group !== undefined && path !== undefined && reason === 'EPERM') {
      throw new InvalidOptionsError('socketGroup', `names "${group}", which this user may not give files to`);
    }
    throw new RuntimeError('SPAWN_FAILED', `no private directory could be made in "${root}": ${reason}`, { cause });
  }
  const made = path;
  return { path: made, remove: () => removeDirectory(made) };
}

/**
 * Removes a directory with all that is in it, also what its owner closed to itself. Follows no link. Rejects with the
 * operating system's error.
 */
export async function removeTree(path: string): Promise<void> {
  // Retried by Node on EBUSY and ENOTEMPTY: a process that was just killed may have made one more file.
  const remove = (): Promise<void> =>
    rm(path, { recursive: true, force: true, maxRetries: RETRIES, retryDelay: RETRY_DELAY_MS });
  try {
    await remove();
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(reasonOf(error))) throw error;
    await openFolders(path);
    await remove();
  }
}

/** Gives this user's own folders back the rights that their removal needs. What it cannot open, the removal tells. */
async function openFolders(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || !stats.isDirectory() || stats.uid !== process.geteuid?.()) return;
  await chmod(path, 0o700).catch(() => {});
  for (const name of await readdir(path).catch(() => [])) await openFolders(join(path, name));
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function checkLength(stem: string): void {
  const bytes = Buffer.byteLength(stem) + RANDOM_CHARACTERS + SOCKET_NAME_BYTES;
  if (bytes <= MAX_SOCKET_PATH_BYTES) return;
  throw new RuntimeError(
    'SOCKET_PATH_TOO_LONG',
    `a socket path "${stem}…" takes up to ${bytes} bytes, and the operating system allows ${MAX_SOCKET_PATH_BYTES}`,
    { details: { bytes, limit: MAX_SOCKET_PATH_BYTES } },
  );
}

async function removeDirectory(path: string): Promise<RemovalReport> {
  const leftovers = (await readdir(path).catch(() => [])).slice(0, MAX_LEFTOVERS);
  try {
    await removeTree(path);
    return { removed: true, leftovers, problem: undefined };
  } catch (cause) {
    const problem = new RuntimeError(
      'INTERNAL',
      `private directory "${path}" could not be removed: ${reasonOf(cause)}`,
      { cause },
    );
    return { removed: false, leftovers, problem };
  }
}
