import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { oneLine } from '../printable.ts';

/** Where somebody is asked. */
export interface ConsentTerminal {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/**
 * Asks whether a plugin may have the permissions; only `y` and `yes` say so. Where nobody can be asked it waits for the
 * signal: an edit may take the permissions back. Rejects when the signal aborts.
 */
export async function askConsent(
  permissions: readonly string[],
  { input, output }: ConsentTerminal,
  signal: AbortSignal,
): Promise<boolean> {
  if (input.isTTY !== true) return untilAborted(signal);
  const terminal = createInterface({ input, output });
  // In raw mode the terminal makes no signal of Ctrl+C.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const answer = await terminal.question(`consent to ${oneLine(permissions.join(', '))}? [y/N] `, { signal });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = (): void => reject(signal.reason as Error);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
