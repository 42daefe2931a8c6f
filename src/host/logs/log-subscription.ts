import type { LogLevel } from '../../ports/index.ts';
import { LogQueue } from './log-queue.ts';
import { isAtLeast } from './log-record.ts';
import type { LogItem, LogRecord } from './log-record.ts';

/** What a reader wants, and how much may wait for it. */
export interface LogSubscriptionOptions {
  /** Name of a plugin, or `HOST_LOG`. Default: all. */
  readonly plugin?: string | undefined;
  /** The least important level. Default: whatever is logged. */
  readonly level?: LogLevel | undefined;
  /** Lines that wait for this reader. Default 1,024. */
  readonly maxLines?: number;
  /** About as many bytes of them. Default 4 MiB. */
  readonly maxBytes?: number;
}

/** Lines as they are logged. Whoever subscribes ends the iteration, or calls `close`. */
export interface LogSubscription extends AsyncIterable<LogItem> {
  /** Lines that did not fit, so far. */
  readonly missed: number;
  /** Ends it; what waits is dropped. Idempotent. */
  close(): void;
}

const MAX_LINES = 1024;
const MAX_BYTES = 4 * 1024 * 1024;

/** One reader of a hub. */
export class HubSubscription implements LogSubscription {
  readonly #queue: LogQueue;
  readonly #options: LogSubscriptionOptions;
  readonly #onClose: () => void;
  #isClosed = false;
  #wake: (() => void) | undefined = undefined;

  constructor(options: LogSubscriptionOptions, onClose: () => void) {
    const { maxLines = MAX_LINES, maxBytes = MAX_BYTES } = options;
    this.#options = options;
    this.#queue = new LogQueue({ maxLines, maxBytes });
    this.#onClose = onClose;
  }

  get missed(): number {
    return this.#queue.missedInAll;
  }

  /** Takes a line, or leaves it out. Never waits. */
  offer(record: LogRecord): void {
    const { plugin, level } = this.#options;
    if (plugin !== undefined && record.plugin !== plugin) return;
    if (level !== undefined && !isAtLeast(record.level, level)) return;
    this.#queue.offer(record);
    this.#wakeUp();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.#wakeUp();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<LogItem, void> {
    try {
      while (!this.#isClosed) {
        const item = this.#queue.take();
        if (item === undefined) await this.#readable();
        else yield item;
      }
    } finally {
      this.close();
    }
  }

  #readable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
