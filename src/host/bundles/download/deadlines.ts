import { RuntimeError } from '../../../errors/index.ts';
import type { Clock, TimerHandle } from '../../../ports/index.ts';
import type { ResolvedDownload } from './download-options.ts';

/** The clocks of one download. Whoever creates them calls `clear`. */
export interface Deadlines {
  /** Aborts when one of them has run out, or when the caller gives up. */
  readonly signal: AbortSignal;
  /** From here on an answer is waited for. */
  expectAnswer(): void;
  /** From here on bytes are waited for. */
  expectBytes(): void;
  /** The promise, or a rejection as soon as the signal aborts. */
  race<T>(wanted: Promise<T>): Promise<T>;
  /** Why the signal has aborted; undefined while it has not. */
  reason(what: string): RuntimeError | undefined;
  /** Disarms all. */
  clear(): void;
}

/** Starts the clock of the whole download. */
export function createDeadlines(clock: Clock, options: ResolvedDownload, given: AbortSignal | undefined): Deadlines {
  const controller = new AbortController();
  let exceeded: string | undefined;
  const expire = (text: string) => (): void => {
    exceeded ??= text;
    controller.abort();
  };
  const giveUp = (): void => controller.abort();
  if (given?.aborted === true) giveUp();
  given?.addEventListener('abort', giveUp);
  const { totalMs, answerMs, stallMs } = options;
  const total = clock.setTimeout(expire(`was not fetched within ${totalMs} ms`), totalMs);
  let step: TimerHandle | undefined;
  const expect = (text: string, limitMs: number): void => {
    clock.clearTimeout(step);
    step = clock.setTimeout(expire(text), limitMs);
  };
  return {
    signal: controller.signal,
    expectAnswer: () => expect(`gave no answer within ${answerMs} ms`, answerMs),
    expectBytes: () => expect(`gave no more bytes within ${stallMs} ms`, stallMs),
    race: (wanted) => raced(wanted, controller.signal),
    reason(what) {
      if (exceeded !== undefined) return new RuntimeError('DOWNLOAD_TIMED_OUT', `${what} ${exceeded}`);
      if (given?.aborted === true) return new RuntimeError('CANCELLED', `the download of ${what} was cancelled`);
      return undefined;
    },
    clear() {
      clock.clearTimeout(total);
      clock.clearTimeout(step);
      given?.removeEventListener('abort', giveUp);
    },
  };
}

async function raced<T>(wanted: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new RuntimeError('CANCELLED', 'the request was ended'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });
  try {
    return await Promise.race([wanted, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
