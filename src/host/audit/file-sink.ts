// A sink that writes a file: one entry a line, as JSON.
//
// Invariants:
//   L1. What was taken is on the disk: each batch ends with fsync, and the directory is synced when the file is new.
//   L2. Only this user can read the file.
//   L3. Batches are written one after the other, also when a former one was given up.
//   L4. A line that was cut, as when the disk was full, is ended before the next batch: it spoils no other line.
//   L5. The file is opened for each batch: it may be moved away at any time, as programs do that rotate logs.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import type { AuditSink, SealedEntry } from '../../ports/index.ts';

/** How a file is written. */
export interface FileSinkOptions {
  /** Path of the file. Its directory must be there. A link is not followed. */
  readonly path: string;
  /** Name of the sink. Default `file`. Sinks of different files need different names. */
  readonly name?: string | undefined;
}

const MODE = 0o600;
const FLAGS = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

/** Makes a sink that writes a file. It owns nothing that must be closed. */
export function createFileSink({ path, name = 'file' }: FileSinkOptions): AuditSink {
  let last: Promise<unknown> = Promise.resolve();
  const write = async (entries: readonly SealedEntry[], signal: AbortSignal): Promise<void> => {
    if (signal.aborted) throw new RuntimeError('CANCELLED', 'the write was given up before it began');
    try {
      await append(path, entries);
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
      throw new RuntimeError('AUDIT_SINK_FAILED', `the audit could not be written to ${path} (${code})`, { cause });
    }
  };
  return {
    name,
    write(entries, { signal }) {
      // L3. The former one has been heard of by whoever has called it.
      const result = last.then(
        () => write(entries, signal),
        () => write(entries, signal),
      );
      last = result;
      return result;
    },
  };
}

async function append(path: string, entries: readonly SealedEntry[]): Promise<void> {
  const file = await open(path, FLAGS, MODE);
  try {
    const { size, mode } = await file.stat();
    // L2: also for a file that somebody else has made.
    if ((mode & 0o777) !== MODE) await file.chmod(MODE);
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    await file.appendFile(`${(await isCut(file, size)) ? '\n' : ''}${lines}`);
    await file.sync();
    if (size === 0) await syncDirectory(path);
  } finally {
    await file.close();
  }
}

/** L4. */
async function isCut(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer.toString() !== '\n';
}

/** L1. A new file whose directory was not written is gone after a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
