import { RuntimeError } from '../../errors/index.ts';
import { HostEventServiceService } from '../../gen/troupe/events/v1/events.ts';
import type { EventResult } from '../../gen/troupe/events/v1/events.ts';
import type { Logger } from '../../ports/index.ts';
import type { HostCalls } from './host-calls.ts';

/** Most results of one call. */
const MOST_RESULTS = 4_096;
/** Bytes of payload after which a call takes no further result. */
const RESULT_BYTES = 1024 * 1024;

/** Sends results of the form `stream` to the host, in order, one call at a time. Whoever adds bounds how many wait. */
export class ResultReports {
  readonly #calls: HostCalls;
  readonly #log: Logger;
  #results: EventResult[] = [];
  readonly #onReported = new Map<EventResult, () => void>();
  readonly #onLost = new Set<(problem: RuntimeError) => void>();
  #sending: Promise<void> | undefined;

  constructor(calls: HostCalls, log: Logger) {
    this.#calls = calls;
    this.#log = log;
  }

  /** Results that the host has not got. */
  get waiting(): number {
    return this.#results.length;
  }

  /** @param onReported called when the host has the result, or never will */
  add(result: EventResult, onReported?: () => void): void {
    this.#results.push(result);
    if (onReported !== undefined) this.#onReported.set(result, onReported);
  }

  /** Calls back when results could not be reported; what was added before is not waited for any more. Returns the end of it. */
  onLost(callback: (problem: RuntimeError) => void): () => void {
    this.#onLost.add(callback);
    return () => this.#onLost.delete(callback);
  }

  /** Sends what waits, unless that is under way. */
  flush(): void {
    if (this.#results.length === 0) return;
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      this.flush();
    });
  }

  /** Settles when nothing waits, or when the host cannot be reached. */
  async flushed(): Promise<void> {
    this.flush();
    while (this.#sending !== undefined) await this.#sending;
  }

  async #send(): Promise<void> {
    while (this.#results.length > 0) {
      const results = this.#results.slice(0, fitting(this.#results));
      try {
        await this.#calls.request(HostEventServiceService.reportResults, { results }, false);
      } catch (error) {
        this.#lose(results.length, RuntimeError.from(error).rawMessage);
      }
      this.#results.splice(0, results.length);
      if (this.#onReported.size > 0) for (const result of results) this.#tell(result);
    }
  }

  /** At most once is what the form promises: the host counts these as unknown once their stream has ended. */
  #lose(results: number, problem: string): void {
    this.#log.log('warn', 'results of events could not be reported', { results, problem });
    const error = new RuntimeError('UNAVAILABLE', `${results} results of events could not be reported: ${problem}`);
    for (const callback of this.#onLost) callback(error);
  }

  #tell(result: EventResult): void {
    this.#onReported.get(result)?.();
    this.#onReported.delete(result);
  }
}

/** How many of the results go into one call; one at least. */
function fitting(results: readonly EventResult[]): number {
  let bytes = 0;
  let count = 0;
  for (const { emitted } of results) {
    if (count === MOST_RESULTS || bytes > RESULT_BYTES) break;
    for (const { payload } of emitted) bytes += payload.length;
    count += 1;
  }
  return count;
}
