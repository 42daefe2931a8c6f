import type { Clock, TimerHandle } from '../../ports/index.ts';

/** What a watch asks and tells. */
export interface SendWatchReports {
  /** Whether something waits to be sent. */
  isBlocked(): boolean;
  /** Something has waited to be sent for the whole time-out. */
  blocked(): void;
  /** That is over. */
  progressed(): void;
}

/** Notices when something waits to be sent and nothing moves. Costs a look at the clock for each sign of progress. */
export class SendWatch {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #reports: SendWatchReports;
  #isBlocked = false;
  #isReported = false;
  #since = 0;
  #timer: TimerHandle | undefined;

  constructor(clock: Clock, timeoutMs: number, reports: SendWatchReports) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#reports = reports;
  }

  /** Has another look at whether something waits to be sent. */
  update(): void {
    const isBlocked = this.#reports.isBlocked();
    if (isBlocked === this.#isBlocked) return;
    this.#isBlocked = isBlocked;
    if (isBlocked) this.#since = this.#clock.monotonic();
    else this.#end();
    this.#arm();
  }

  /** Something has moved. */
  progress(): void {
    if (!this.#isBlocked) return;
    this.#since = this.#clock.monotonic();
    this.#end();
    this.#arm();
  }

  /** Tells once more what was told while nobody listened, if it still holds. */
  repeat(): void {
    if (this.#isReported) this.#reports.blocked();
  }

  stop(): void {
    this.#isBlocked = false;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #end(): void {
    if (!this.#isReported) return;
    this.#isReported = false;
    this.#reports.progressed();
  }

  // One timer at most, which looks when it fires: most of the time what was blocked moves on at once.
  #arm(): void {
    if (!this.#isBlocked || this.#isReported || this.#timer !== undefined) return;
    const restMs = this.#since + this.#timeoutMs - this.#clock.monotonic();
    this.#timer = this.#clock.setTimeout(() => this.#look(), Math.max(0, restMs));
  }

  #look(): void {
    this.#timer = undefined;
    // What waited may have been taken back in the meantime.
    this.update();
    if (this.#isBlocked && this.#clock.monotonic() - this.#since >= this.#timeoutMs) {
      this.#isReported = true;
      this.#reports.blocked();
    } else this.#arm();
  }
}
