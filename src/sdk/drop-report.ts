import type { Clock, Logger, TimerHandle } from '../ports/index.ts';

/** Milliseconds between two reports. */
const INTERVAL_MS = 1000;

/** Tells the host how much of the program's output it does not get. */
export interface DropReport {
  /** Call it after each output. */
  check(): void;
  /** Reports what is not reported yet; nothing is reported later. */
  close(): void;
}

/**
 * Makes a report that goes to the log at most once a second and at the end.
 *
 * @param droppedBytes how many bytes were dropped so far
 */
export function createDropReport(clock: Clock, log: Logger, droppedBytes: () => number): DropReport {
  let reported = 0;
  let timer: TimerHandle | undefined;

  // From a timer, so that the end of a flood is reported too.
  function report(): void {
    clock.clearTimeout(timer);
    timer = undefined;
    const bytes = droppedBytes() - reported;
    if (bytes === 0) return;
    reported += bytes;
    log.log('warn', `the program prints faster than its host reads: ${bytes} bytes were dropped`, {
      problem: 'OUTPUT_DROPPED',
      bytes,
    });
  }

  return {
    check() {
      if (droppedBytes() > reported) timer ??= clock.setTimeout(report, INTERVAL_MS, { unref: true });
    },
    close: report,
  };
}
