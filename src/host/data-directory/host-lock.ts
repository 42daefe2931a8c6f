// One host at a time for a data directory.
//
// Invariants:
//   L1. The lock is the operating system's: SQLite takes it on a file, and it is gone with the process, however that ends.
//       So no lock is ever stale, and nobody has to judge whether a process still lives.
//   L2. What `host.json` says is for people and for finding the host; whether one runs is never decided by it. A host writes
//       it anew before it opens its admin socket: while somebody listens there, it is that host's.
//   L3. The file appears as a whole, and only this user can read it.

import { rmSync } from 'node:fs';
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { RuntimeError } from '../../errors/index.ts';
import type { DataDirectory } from './data-directory.ts';

/** The host that runs on a data directory. */
export interface RunningHost {
  readonly pid: number;
  /** Its identity among all hosts of the store; another one after each start. */
  readonly hostId: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Path of the socket of its admin service; undefined before that is open. */
  readonly adminSocket?: string;
  /** Address of its HTTP listener; undefined without one. */
  readonly opsUrl?: string;
}

/** Where a host can be reached. */
export type HostAddresses = Pick<RunningHost, 'adminSocket' | 'opsUrl'>;

/** The right to run on a data directory. Whoever takes it releases it. */
export interface HostLock {
  /** Who had it before, and is gone: undefined when nobody had, or it was let go of in order. */
  readonly former: RunningHost | undefined;
  /** Writes down where the host can be reached. */
  publish(addresses: HostAddresses): Promise<void>;
  /** Lets go of it. Idempotent. */
  release(): void;
}

/**
 * Takes the lock of a directory, and writes down who has it.
 *
 * @throws HOST_RUNNING when another host has it, in this process or another one; DATA_DIRECTORY_INVALID when the file
 *   cannot be used
 */
export async function takeHostLock(places: DataDirectory, self: RunningHost): Promise<HostLock> {
  const release = await lockFile(places);
  const former = await readRunningHost(places);
  try {
    await chmod(places.hostLock, 0o600);
    await writeHostFile(places, self);
  } catch (cause) {
    release();
    const { rawMessage } = RuntimeError.from(cause);
    throw new RuntimeError('DATA_DIRECTORY_INVALID', `${places.hostFile} cannot be written: ${rawMessage}`, { cause });
  }
  let isHeld = true;
  return {
    former,
    publish: (addresses) => writeHostFile(places, { ...self, ...addresses }),
    release() {
      if (!isHeld) return;
      isHeld = false;
      try {
        rmSync(places.hostFile, { force: true });
      } catch {
        // What it says decides nothing (L2).
      } finally {
        release();
      }
    },
  };
}

/** Who runs on a directory, as far as is known; undefined when nobody has said. L2. */
export async function readRunningHost(places: DataDirectory): Promise<RunningHost | undefined> {
  try {
    const said = JSON.parse(await readFile(places.hostFile, 'utf8')) as Partial<RunningHost>;
    const { pid, hostId, startedAt, adminSocket, opsUrl } = said;
    if (typeof pid !== 'number' || typeof hostId !== 'string' || typeof startedAt !== 'number') return undefined;
    return {
      pid,
      hostId,
      startedAt,
      ...(typeof adminSocket === 'string' ? { adminSocket } : {}),
      ...(typeof opsUrl === 'string' ? { opsUrl } : {}),
    };
  } catch {
    // Not there, or damaged: then nothing is known.
    return undefined;
  }
}

/** L3. Whoever writes has the lock, so nobody else uses the name of the draft. */
async function writeHostFile({ hostFile }: DataDirectory, host: RunningHost): Promise<void> {
  const draft = `${hostFile}.new`;
  // One that a former host left may have other rights.
  await rm(draft, { force: true });
  await writeFile(draft, `${JSON.stringify(host)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, hostFile);
}

async function lockFile(places: DataDirectory): Promise<() => void> {
  // Loaded here, as it is the only use and not every runtime has it.
  const { DatabaseSync } = await import('node:sqlite');
  let database: InstanceType<typeof DatabaseSync> | undefined;
  try {
    database = new DatabaseSync(places.hostLock, { timeout: 0 });
    // Nothing is ever written: the lock itself is what is wanted.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    throw await lockError(places, cause);
  }
  const held = database;
  return () => held.close();
}

/** The code of SQLite for a lock that somebody else has. */
const SQLITE_BUSY = 5;

async function lockError(places: DataDirectory, cause: unknown): Promise<RuntimeError> {
  const { root, hostLock } = places;
  if (!(cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY)) {
    return new RuntimeError('DATA_DIRECTORY_INVALID', `${hostLock} cannot be locked`, { cause });
  }
  const other = await readRunningHost(places);
  const who = other === undefined ? 'another host' : `process ${other.pid}`;
  return new RuntimeError('HOST_RUNNING', `${who} runs on ${root} already`, {
    cause,
    details: { directory: root, pid: other?.pid },
  });
}
