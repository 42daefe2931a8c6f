import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';

/** A failure as it passes from one thread to another. */
export interface SqliteFailure {
  readonly code: Code;
  readonly message: string;
}

// Primary result codes of SQLite; those left out mean that the disk or the file system failed.
const BUSY = 5;
const CONSTRAINT = 19;
const CODES_OF: Readonly<Record<number, Code>> = {
  3: 'STORE_UNWRITABLE',
  [BUSY]: 'STORE_LOCKED',
  6: 'STORE_LOCKED',
  8: 'STORE_UNWRITABLE',
  11: 'STORE_CORRUPTED',
  14: 'STORE_UNWRITABLE',
  23: 'STORE_UNWRITABLE',
  26: 'STORE_FOREIGN',
};
const FILE_CODES: ReadonlySet<string> = new Set(['EISDIR', 'EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EROFS']);

/** What something that SQLite or the file system threw means. */
export function sqliteError(thrown: unknown, path: string): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown;
  const { code, errcode, message } = thrown as { code?: unknown; errcode?: unknown; message?: unknown };
  const text = `database "${path}": ${String(message)}`;
  if (typeof errcode === 'number') return new RuntimeError(CODES_OF[errcode & 0xff] ?? 'STORE_UNAVAILABLE', text);
  if (typeof code === 'string' && FILE_CODES.has(code)) return new RuntimeError('STORE_UNWRITABLE', text);
  // A whole number that JavaScript cannot hold: nothing that was written by this package.
  if (code === 'ERR_OUT_OF_RANGE') return new RuntimeError('STORE_CORRUPTED', text);
  return new RuntimeError('STORE_UNAVAILABLE', text, { cause: thrown });
}

/** Whether a unique index forbids what was to be written. */
export function isConstraint(thrown: unknown): boolean {
  const { errcode } = thrown as { errcode?: unknown };
  return typeof errcode === 'number' && (errcode & 0xff) === CONSTRAINT;
}

/** Whether somebody else has the lock. */
export function isBusy(thrown: unknown): boolean {
  const { errcode } = thrown as { errcode?: unknown };
  return typeof errcode === 'number' && (errcode & 0xff) === BUSY;
}

/** A failure in a form that passes between threads. */
export function failureOf(error: RuntimeError): SqliteFailure {
  return { code: error.code, message: error.rawMessage };
}
