import type { Code } from '../../errors/index.ts';
import type { ProcessExit } from '../../ports/index.ts';

/** What is known about a process that ended. */
export interface ExitFacts {
  readonly plugin: string;
  readonly exit: ProcessExit | undefined;
  /** Whether it had printed a valid handshake line. */
  readonly handshaken: boolean;
  readonly stderrTail: readonly string[];
}

/** A better explanation than "exited with code 1". */
export interface Diagnosis {
  readonly code: Code;
  readonly message: string;
}

// What plugins print when they were not started by their own host: go-plugin's wording, and ours.
const REFUSES_COOKIE = /this binary is a plugin|this program is a plugin|magic cookie/i;
const LINKER_FAILURE = /error while loading shared libraries|cannot execute binary file|exec format error/i;

/** Explains the exit of a process that never got as far as the handshake; undefined when there is nothing to add. */
export function diagnoseExit({ plugin, exit, handshaken, stderrTail }: ExitFacts): Diagnosis | undefined {
  if (handshaken || exit === undefined || exit.code === null || exit.code === 0) return undefined;
  const text = stderrTail.join('\n');
  if (REFUSES_COOKIE.test(text)) {
    const message = `plugin "${plugin}" does not accept the magic cookie of this host and exited with code ${exit.code}`;
    return { code: 'MAGIC_COOKIE_MISMATCH', message };
  }
  if (exit.code === 126 || exit.code === 127 || LINKER_FAILURE.test(text)) {
    const message = `the command of plugin "${plugin}" cannot be run on this system and exited with code ${exit.code}`;
    return { code: 'COMMAND_NOT_EXECUTABLE', message };
  }
  return undefined;
}
