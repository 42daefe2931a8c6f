import { flushCompileCache, getCompileCacheDir } from 'node:module';
import type { Clock } from '../ports/index.ts';
import type { CallObserver } from '../transport/grpc/index.ts';

/** Milliseconds from the first answer to the flush, which takes some: the calls that follow a start come first. */
const DELAY_MS = 250;

/**
 * Writes the compile cache of this process soon after its first answered call, so that the next start profits. Node.js
 * writes it at an exit only, which a plugin that is ended by SIGKILL does not reach.
 *
 * Returns what the server shall tell about its calls; undefined, and nothing is done, when the process has no cache.
 */
export function flushAfterFirstCall(clock: Clock): CallObserver | undefined {
  if (getCompileCacheDir() === undefined) return undefined;
  let isArmed = false;
  const onAnswered = (): void => {
    if (isArmed) return;
    isArmed = true;
    // It must not keep a plugin alive; one that exits writes its cache without being told.
    clock.setTimeout(flushCompileCache, DELAY_MS, { unref: true });
  };
  return () => onAnswered;
}
