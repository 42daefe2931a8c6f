import { CODES } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';

/** The code of a failure that was read from a store: one of another version may have codes that are not known here. */
export function codeOfFailure(code: string): Code {
  return Object.hasOwn(CODES, code) ? (code as Code) : 'UNKNOWN';
}
