import { exitCodeOf, listenForStop } from '../stop-signals.ts';

/** Does something that Ctrl+C and SIGTERM end; `finish` then gets the exit code of the signal. */
export async function interruptible(
  finish: (exitCode: number) => void,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = listenForStop();
  try {
    await work(stop.requested);
  } catch (error) {
    if (stop.received === undefined) throw error;
    finish(exitCodeOf(stop.received));
  } finally {
    stop.release();
  }
}
