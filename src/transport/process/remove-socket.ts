import { lstat, unlink } from 'node:fs/promises';
import { isAbsolute } from 'node:path';

/** What is known about the process that announced the socket. */
export interface RemoveSocketOptions {
  /** When that process was started, in epoch milliseconds. An older socket is not its own. */
  readonly createdAfterMs: number;
}

/** What became of the socket. */
export type SocketRemoval =
  | { readonly kind: 'removed' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'refused'; readonly reason: string };

// File times come from the last tick of the kernel's clock, up to 10 ms behind the time that a program reads.
const FILE_TIME_LAG_MS = 20;

/**
 * Removes a socket that a plugin left behind outside its private directory. Never rejects.
 *
 * The path is what the plugin said, and the host may have more rights than the plugin deserves: nothing is removed but a
 * socket (no link to one) of this user that did not exist before the plugin.
 */
export async function removeSocket(path: string, options: RemoveSocketOptions): Promise<SocketRemoval> {
  if (!isAbsolute(path)) return { kind: 'refused', reason: 'the path is not absolute' };
  try {
    const stats = await lstat(path);
    if (!stats.isSocket()) return { kind: 'refused', reason: 'it is not a socket' };
    if (stats.uid !== process.geteuid?.()) return { kind: 'refused', reason: 'it belongs to another user' };
    // A file system without birth times reports 0. The time of the last change is never before the birth.
    const createdAt = stats.birthtimeMs > 0 ? stats.birthtimeMs : stats.ctimeMs;
    if (createdAt + FILE_TIME_LAG_MS < options.createdAfterMs) {
      return { kind: 'refused', reason: 'it is older than the process' };
    }
    await unlink(path);
    return { kind: 'removed' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? { kind: 'missing' } : { kind: 'refused', reason: code };
  }
}
