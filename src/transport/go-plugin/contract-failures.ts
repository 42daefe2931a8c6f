// How calls of a contract may fail, whichever contract it is.

import { RuntimeError } from '../../errors/index.ts';
import type { Logger } from '../../ports/index.ts';

/** Whether the plugin is gone, or the host gave up: then nothing was refused. */
export function isGone(reason: unknown): boolean {
  const { code } = RuntimeError.from(reason);
  return code === 'UNAVAILABLE' || code === 'CANCELLED';
}

/** The plugin does not start with this configuration. */
export function initFailed(plugin: string, cause: unknown): RuntimeError {
  const { rawMessage } = RuntimeError.from(cause);
  return new RuntimeError('INIT_FAILED', `plugin "${plugin}" refused its configuration: ${rawMessage}`, { cause });
}

/** A plugin that fails over its last words is asked to exit all the same; one that takes too long is not. */
export async function unlessLate(lastWords: Promise<unknown>, log: Logger, signal: AbortSignal): Promise<void> {
  try {
    await lastWords;
  } catch (error) {
    if (signal.aborted || RuntimeError.from(error).code === 'DEADLINE_EXCEEDED') throw error;
    log.log('warn', 'the plugin failed to prepare its shutdown', { error });
  }
}
