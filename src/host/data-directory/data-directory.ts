// The directory that a host keeps everything in.
//
// Invariants:
//   D1. The directory belongs to this user, and nobody else can enter it. One that is made, or is empty, is closed; one
//       that holds something else is refused, and stays as it is.

import { chmod, lstat, mkdir, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';

/** The places in a data directory, as absolute paths. */
export interface DataDirectory {
  readonly root: string;
  /** The lifecycle of the plugins. */
  readonly database: string;
  readonly adminSocket: string;
  /** Files of the plugins, by their digests. */
  readonly artifacts: string;
  /** What plugins keep, by their names. */
  readonly data: string;
  readonly logs: string;
  /** The key of the audit's chain. */
  readonly auditKey: string;
  /** The token of the HTTP listener. */
  readonly opsToken: string;
  /** Which versions were installed, for people and version control. */
  readonly lockFile: string;
  /** Held by the host that runs here. */
  readonly hostLock: string;
  /** Which process that is. */
  readonly hostFile: string;
  /** The configuration; may be missing. */
  readonly config: string;
}

/** What is in every data directory that was used. */
const MARKS = ['host.lock', 'troupe.db'];

/** The places below a directory. Touches nothing. */
export function dataDirectoryAt(directory: string): DataDirectory {
  const root = resolve(directory);
  const at = (name: string): string => join(root, name);
  return {
    root,
    database: at('troupe.db'),
    adminSocket: at('admin.sock'),
    artifacts: at('artifacts'),
    data: at('data'),
    logs: at('logs'),
    auditKey: at('audit.key'),
    opsToken: at('ops.token'),
    lockFile: at('troupe.lock.json'),
    hostLock: at('host.lock'),
    hostFile: at('host.json'),
    config: at('host.yaml'),
  };
}

/**
 * Makes the directory when it is missing, and closes it to everybody else.
 *
 * @throws DATA_DIRECTORY_INVALID for an empty path, when it belongs to somebody else, is no directory, or others can enter it and it holds
 *   something else than a host's data
 */
export async function prepareDataDirectory(directory: string): Promise<DataDirectory> {
  // It would be the working directory, which nobody has named.
  if (directory === '') throw new RuntimeError('DATA_DIRECTORY_INVALID', 'no directory is named for the data');
  const places = dataDirectoryAt(directory);
  const { root } = places;
  await mkdir(root, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw new RuntimeError('DATA_DIRECTORY_INVALID', `${root} cannot be made: ${reasonOf(cause)}`, { cause });
  });
  const stats = await stat(root);
  const own = process.geteuid?.();
  if (own !== undefined && stats.uid !== own) {
    throw new RuntimeError('DATA_DIRECTORY_INVALID', `${root} belongs to user ${stats.uid}, and this is ${own}`);
  }
  if ((stats.mode & 0o777) !== 0o700) await close(root);
  return places;
}

/** D1. */
async function close(root: string): Promise<void> {
  const names = await readdir(root);
  const isOurs =
    names.length === 0 || (await Promise.all(MARKS.map((name) => isFile(join(root, name))))).includes(true);
  if (!isOurs) {
    throw new RuntimeError(
      'DATA_DIRECTORY_INVALID',
      `${root} holds other files, and other users can enter it; take an empty directory, or: chmod 700 ${root}`,
    );
  }
  await chmod(root, 0o700);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isFile();
  } catch {
    // Not there: it is no mark.
    return false;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
