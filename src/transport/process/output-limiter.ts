import { InvalidOptionsError } from '../../errors/index.ts';
import type { Clock, TimerHandle } from '../../ports/index.ts';

/** Output that was read and thrown away. */
export interface DroppedOutput {
  readonly lines: number;
  readonly bytes: number;
}

/** How much output passes. */
export interface OutputLimiterOptions {
  /** Lines that pass per second in the long run. Default 1000. */
  readonly linesPerSecond?: number;
  /** Lines that pass at once after a quiet time. Default 5000. */
  readonly burst?: number;
  /** Told what was dropped since the last call; at most once a second, and at `close`. */
  readonly onDropped?: ((dropped: DroppedOutput) => void) | undefined;
}

/** Keeps a chatty process from keeping its host busy. */
export interface OutputLimiter {
  /** Whether a line of so many bytes may pass. False: it is counted as dropped. */
  admit(bytes: number): boolean;
  /** Reports what is not reported yet and disarms the timer. Idempotent. */
  close(): void;
}

const REPORT_EVERY_MS = 1000;

/** Makes a token bucket over lines, full at first. The caller closes it. Throws `InvalidOptionsError`. */
export function createOutputLimiter(options: OutputLimiterOptions, clock: Clock): OutputLimiter {
  const { linesPerSecond = 1000, burst = 5000, onDropped } = options;
  if (!(linesPerSecond > 0)) throw new InvalidOptionsError('linesPerSecond', 'is not above 0');
  if (!(burst >= 1)) throw new InvalidOptionsError('burst', 'is below 1');
  let tokens = burst;
  let filledAt = clock.monotonic();
  let lines = 0;
  let bytes = 0;
  let closed = false;
  let timer: TimerHandle | undefined;

  function refill(): void {
    const now = clock.monotonic();
    tokens = Math.min(burst, tokens + ((now - filledAt) * linesPerSecond) / 1000);
    filledAt = now;
  }

  // Reports come from a timer and not from the next dropped line, so that the end of a flood is reported too.
  function report(): void {
    clock.clearTimeout(timer);
    timer = undefined;
    if (lines === 0) return;
    const dropped = { lines, bytes };
    lines = 0;
    bytes = 0;
    onDropped?.(dropped);
  }

  return {
    admit(lineBytes) {
      refill();
      if (tokens >= 1) {
        tokens -= 1;
        return true;
      }
      lines += 1;
      bytes += lineBytes;
      if (!closed) timer ??= clock.setTimeout(report, REPORT_EVERY_MS, { unref: true });
      return false;
    },
    close() {
      closed = true;
      report();
    },
  };
}
