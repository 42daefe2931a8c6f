import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';

// Classes and codes of SQLSTATE; whatever else fails, the server may be there again a little later.
const CODES_OF: Readonly<Record<string, Code>> = {
  // Not within the time for which a call may wait: for a lock, or altogether.
  '55P03': 'STORE_LOCKED',
  '57014': 'STORE_LOCKED',
  // No rights, a server that only reads.
  '25006': 'STORE_UNWRITABLE',
  '42501': 'STORE_UNWRITABLE',
  // A table or a column is gone.
  '42P01': 'STORE_CORRUPTED',
  '42703': 'STORE_CORRUPTED',
  '3F000': 'STORE_CORRUPTED',
  XX001: 'STORE_CORRUPTED',
  XX002: 'STORE_CORRUPTED',
};
const UNIQUE_VIOLATION = '23505';

/** What something that `pg` threw means. */
export function postgresError(thrown: unknown): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown;
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  const known = typeof code === 'string' ? CODES_OF[code] : undefined;
  // An error for several addresses that were tried has no text of its own.
  const text = typeof message === 'string' && message !== '' ? message : String(code);
  return new RuntimeError(known ?? 'STORE_UNAVAILABLE', `postgres: ${text}`, { cause: thrown });
}

/** Whether a unique index forbids what was to be written. */
export function isUniqueViolation(thrown: unknown): boolean {
  return (thrown as { code?: unknown }).code === UNIQUE_VIOLATION;
}
