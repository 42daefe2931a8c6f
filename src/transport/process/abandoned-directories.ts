// Private directories that a host left behind because it was killed.
//
// Invariants:
//   A1. A directory is removed only when its name says that we made it, this user owns it, it has been left alone for
//       QUIET_MS, its host is gone, and nobody answers on any socket in it. The last is for hosts in other containers,
//       whose process ids mean nothing here.

import { lstat, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../ports/index.ts';
import { removeTree } from './private-directory.ts';

const NAME = /^troupe-(\d+)-[A-Za-z0-9]{6}$/;
/** A directory that was changed within this time may belong to a plugin that is just starting. */
const QUIET_MS = 60_000;

/** Start of the names of this process's private directories. */
export const PRIVATE_PREFIX = `troupe-${process.pid}-`;

/** Removes what hosts that were killed have left under `root`. Never rejects. Returns the paths that it removed. */
export async function removeAbandonedDirectories(clock: Clock, root: string = tmpdir()): Promise<readonly string[]> {
  const names = await readdir(root).catch(() => []);
  const removed: string[] = [];
  for (const name of names) {
    const pid = NAME.exec(name)?.[1];
    if (pid === undefined || isRunning(Number(pid))) continue;
    const path = join(root, name);
    if (!(await isOursAndQuiet(path, clock)) || (await isServed(path))) continue;
    const gone = await removeTree(path).then(
      () => true,
      () => false,
    );
    if (gone) removed.push(path);
  }
  return removed;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: somebody else's process has the number now; then its directory is not ours either, or A1 waits for it.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

async function isOursAndQuiet(path: string, clock: Clock): Promise<boolean> {
  try {
    const stats = await lstat(path);
    return stats.isDirectory() && stats.uid === process.geteuid?.() && clock.now() - stats.mtimeMs > QUIET_MS;
  } catch {
    // Another host was quicker.
    return false;
  }
}

async function isServed(path: string): Promise<boolean> {
  const names = await readdir(path).catch(() => []);
  for (const name of names) if (await answers(join(path, name))) return true;
  return false;
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (served: boolean): void => {
      socket.destroy();
      resolve(served);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
