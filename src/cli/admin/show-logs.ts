// `troupe plugin logs`: lines that are kept, and lines as they come, over restarts of the host.
//
// Invariants:
//   L1. After a loss of the host it goes on behind the last line that was shown: none is shown twice, and none is missing
//       without a word.
//   L2. Waits grow with each failure in a row; only a line starts them over.
//   L3. What would be refused again ends it.

import { RuntimeError } from '../../errors/index.ts';
import type { LogLine, TailLogsRequest } from '../../gen/troupe/admin/v1/admin.ts';
import { backoffDelay, resolveBackoff } from '../../policy/index.ts';
import { createRealEnvironment, within } from '../../ports/index.ts';
import type { Clock } from '../../ports/index.ts';
import { listenForStop } from '../stop-signals.ts';
import { oneLine } from '../printable.ts';
import { styleFor } from '../style.ts';
import { withAdmin } from './admin-client.ts';
import { logLineJson, logLineText } from './log-view.ts';
import { jsonLine } from '../json-line.ts';

/** Which lines are shown, and how. */
export interface ShowLogsOptions {
  readonly data: string | undefined;
  readonly json: boolean;
  readonly plugin: string | undefined;
  readonly follow?: boolean;
  readonly lines?: number;
  readonly after?: number;
  readonly level?: string;
}

/** Failures that a later attempt may not meet. */
const PASSING: ReadonlySet<string> = new Set(['HOST_NOT_RUNNING', 'UNAVAILABLE', 'CONNECT_FAILED', 'CANCELLED']);

/** Shows the lines. Settles when there are no more, or a signal ends it. */
export async function showLogs(options: ShowLogsOptions): Promise<void> {
  const stop = listenForStop();
  try {
    await new LogView(options, stop.requested).show();
  } finally {
    stop.release();
  }
}

class LogView {
  readonly #options: ShowLogsOptions;
  readonly #stop: AbortSignal;
  readonly #environment = createRealEnvironment();
  readonly #paint = styleFor(process.stdout);
  readonly #backoff = resolveBackoff({ initialMs: 250, maxMs: 5000 });
  #cursor: bigint;
  #failures = 0;
  #hasPrinted = false;

  constructor(options: ShowLogsOptions, stop: AbortSignal) {
    this.#options = options;
    this.#stop = stop;
    this.#cursor = BigInt(options.after ?? 0);
  }

  async show(): Promise<void> {
    const { follow = false } = this.#options;
    let hasShown = false;
    while (!this.#stop.aborted) {
      try {
        await this.#once(() => {
          hasShown = true;
        });
        // A host that stops ends the stream in order.
        if (!follow || this.#stop.aborted) return this.#tellNothing();
        await this.#pause(new RuntimeError('UNAVAILABLE', 'the host has ended the stream'));
      } catch (error) {
        if (this.#stop.aborted) return;
        // A host that was never there is a mistake, and not worth waiting for.
        if (!follow || (!hasShown && this.#cursor === 0n)) throw error;
        await this.#pause(RuntimeError.from(error));
      }
    }
  }

  async #once(onOpen: () => void): Promise<void> {
    const { data, plugin = '', follow = false, lines = 0, level = '' } = this.#options;
    const request: TailLogsRequest = { plugin, after: this.#cursor, lines, follow, level };
    await withAdmin(data, async ({ service }) => {
      onOpen();
      for await (const { item } of service.tailLogs(request, { signal: this.#stop })) {
        this.#failures = 0;
        if (item?.$case === 'line') this.#line(item.value);
        else if (item?.$case === 'lag') this.#lag(item.value.missed);
      }
    });
  }

  /** No lines at all look like a command that does not work; on standard error, as they are no result. */
  #tellNothing(): void {
    if (this.#hasPrinted || this.#stop.aborted) return;
    const { plugin } = this.#options;
    const text = plugin === undefined ? 'there are no such lines' : `there are no such lines of "${plugin}"`;
    process.stderr.write(`${oneLine(text)}\n`);
  }

  #line(line: LogLine): void {
    this.#hasPrinted = true;
    this.#cursor = line.cursor;
    process.stdout.write(this.#options.json ? jsonLine(logLineJson(line)) : `${logLineText(line, this.#paint)}\n`);
  }

  #lag(missed: bigint): void {
    const many = missed === 0n ? 'lines are missing here' : `${missed} lines are missing here: they came too fast`;
    if (this.#options.json) process.stdout.write(jsonLine({ missed: Number(missed) }));
    else process.stdout.write(`${this.#paint('busy', `-- ${many} --`)}\n`);
  }

  /** L2, L3. */
  async #pause(error: RuntimeError): Promise<void> {
    if (!PASSING.has(error.code)) throw error;
    if (this.#failures === 0) process.stderr.write('the host is gone; goes on when it is there again\n');
    this.#failures += 1;
    const delayMs = backoffDelay(this.#backoff, this.#failures - 1, this.#environment.random.next());
    await pause(this.#environment.clock, delayMs, this.#stop);
  }
}

async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  let stop = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener('abort', stop, { once: true });
  });
  await within(clock, delayMs, stopped);
  signal.removeEventListener('abort', stop);
}
