import type { RuntimeError } from '../../errors/index.ts';
import { WARNING_INTERVAL_MS } from '../../machines/index.ts';
import type { Environment } from '../../ports/index.ts';
import type { Delivery } from '../event-source.ts';

/** Warns of events that failed: of the first one, then at most once a second, with their number. */
export class FailureWarnings {
  readonly #environment: Environment;
  readonly #subscription: string;
  #warnedAt = Number.NEGATIVE_INFINITY;
  /** Those that no warning has counted. */
  #untold = 0;

  constructor(environment: Environment, subscription: string) {
    this.#environment = environment;
    this.#subscription = subscription;
  }

  failed({ queued, attempt }: Delivery, error: RuntimeError): void {
    this.#untold++;
    const { clock, log } = this.#environment;
    const now = clock.monotonic();
    if (now - this.#warnedAt < WARNING_INTERVAL_MS) return;
    this.#warnedAt = now;
    const { id: eventId, type: eventType } = queued.wire;
    const subscription = this.#subscription;
    log.log('warn', 'an event failed', { subscription, eventId, eventType, attempt, error, failed: this.#untold });
    this.#untold = 0;
  }

  /** Tells how many there were since the last warning. */
  end(): void {
    const failed = this.#untold;
    this.#untold = 0;
    if (failed === 0) return;
    this.#environment.log.log('warn', 'further events failed', { subscription: this.#subscription, failed });
  }
}
