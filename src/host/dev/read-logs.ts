// The log endpoint: a page of what was logged after a place, waited for when there is nothing yet.

import { InvalidOptionsError } from '../../errors/index.ts';
import type { Clock } from '../../ports/index.ts';
import type { LogItem } from '../logs/log-record.ts';
import type { TailOptions } from '../logs/plugin-logs.ts';
import type { OpsRequest, OpsResponse } from '../ops/ops-handler.ts';
import { answerError, answerWith } from './dev-answer.ts';

/** Where lines are read from; the host's logs are one. */
export interface DevLogSource {
  tail(options: TailOptions): AsyncIterable<LogItem>;
  /** `newest`: the place of the newest line. */
  readonly hub: { readonly newest: number };
}

/** What pages are read with. */
export interface ReadLogsPorts {
  readonly logs: DevLogSource;
  readonly clock: Clock;
  /** Milliseconds that a request waits for a line. Default 10,000. */
  readonly waitMs?: number | undefined;
}

/** Lines of one page. */
const MOST_LINES = 500;
const WAIT_MS = 10_000;
/** Milliseconds in which further lines come into the page of the first one. */
const GATHER_MS = 50;

/** Answers `{ entries: [{ at, level, message }], cursor, lost }`. Never rejects. */
export async function readLogs(request: OpsRequest, ports: ReadLogsPorts): Promise<OpsResponse> {
  try {
    const plugin = request.query.get('plugin');
    if (plugin === null || plugin === '') throw new InvalidOptionsError('plugin', 'must name a plugin');
    const given = request.query.get('after');
    // Without a place the page is what comes from now on; the answer says where that is.
    if (given === null) return answerWith({ entries: [], cursor: String(ports.logs.hub.newest), lost: 0 });
    const after = Number(given);
    if (!Number.isSafeInteger(after) || after < 0) throw new InvalidOptionsError('after', 'must be a place in the log');
    return answerWith(await pageAfter(plugin, after, request.signal, ports));
  } catch (error) {
    return answerError(error);
  }
}

async function pageAfter(plugin: string, after: number, signal: AbortSignal, ports: ReadLogsPorts): Promise<unknown> {
  const { logs, clock, waitMs = WAIT_MS } = ports;
  const over = new AbortController();
  const end = (): void => over.abort();
  let timer = clock.setTimeout(end, waitMs);
  signal.addEventListener('abort', end, { once: true });
  const entries: unknown[] = [];
  let [cursor, lost] = [after, 0];
  try {
    for await (const item of logs.tail({ plugin, after, follow: true, lines: MOST_LINES, signal: over.signal })) {
      if (item.kind === 'lag') lost += item.missed;
      else {
        const { record } = item;
        if (entries.length === 0) {
          clock.clearTimeout(timer);
          timer = clock.setTimeout(end, GATHER_MS);
        }
        entries.push({ at: record.at, level: record.level, message: record.message });
        cursor = record.cursor;
      }
      if (entries.length >= MOST_LINES) break;
    }
  } finally {
    clock.clearTimeout(timer);
    signal.removeEventListener('abort', end);
  }
  return { entries, cursor: String(cursor), lost };
}
