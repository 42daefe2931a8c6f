// A caller as any program has one: it wants its jobs done, one after the other, and counts what it got.
//
// Invariants:
//   K1. Every call that is made ends up in exactly one of `answered` and `failed`, also the last one before a stop.
//   K2. A call is never repeated, so each id reaches a plugin at most once.

import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { WorkerServiceService } from '../../gen/troupe/demo/v1/demo.ts';
import type { Clock, ServiceClient } from '../../ports/index.ts';
import { sleep } from './wait.ts';

/** What a caller works with. */
export interface CallerOptions {
  /** Name of the plugin; ids start with it. */
  readonly plugin: string;
  readonly client: ServiceClient<typeof WorkerServiceService>;
  readonly clock: Clock;
  /** Pause between two calls, in milliseconds. */
  readonly everyMs: number;
  /** Hears the first failure after a success. */
  readonly onFailure: (id: string, error: RuntimeError) => void;
  /** Hears the first success after a failure. */
  readonly onRecovery: (outage: Outage) => void;
}

/** A time in which calls failed. */
export interface Outage {
  /** From the first failed call to the next good one. */
  readonly ms: number;
  /** How many calls failed in it, by the code of their error. */
  readonly codes: ReadonlyMap<Code, number>;
}

/** Makes calls until it is stopped. */
export interface Caller {
  /** Ids of the calls that succeeded. */
  readonly answered: readonly string[];
  /** Calls that did not. */
  readonly failed: number;
  /** The same, by the code of their error. */
  readonly codes: ReadonlyMap<Code, number>;
  /** Processes that gave an answer. */
  readonly pids: ReadonlySet<number>;
  readonly outages: readonly Outage[];
  /** Makes no further call. Settles when the last one has ended. */
  stop(): Promise<void>;
}

const CALL_TIMEOUT_MS = 5000;

/** Starts to call. Whoever starts it stops it. */
export function startCaller(options: CallerOptions): Caller {
  const { plugin, client, clock } = options;
  const stopped = new AbortController();
  const answered: string[] = [];
  const pids = new Set<number>();
  const outages: Outage[] = [];
  const codes = new Map<Code, number>();
  let failed = 0;
  let outage: { readonly from: number; readonly codes: Map<Code, number> } | undefined;

  const succeed = (id: string, pid: number): void => {
    answered.push(id);
    pids.add(pid);
    if (outage === undefined) return;
    const over = { ms: clock.monotonic() - outage.from, codes: outage.codes };
    outages.push(over);
    outage = undefined;
    options.onRecovery(over);
  };
  const fail = (id: string, error: RuntimeError): void => {
    const isFirst = outage === undefined;
    outage ??= { from: clock.monotonic(), codes: new Map() };
    for (const counts of [codes, outage.codes]) counts.set(error.code, (counts.get(error.code) ?? 0) + 1);
    failed += 1;
    if (isFirst) options.onFailure(id, error);
  };
  const call = async (id: string): Promise<void> => {
    try {
      const { pid } = await client.work({ id, text: 'make it louder' }, { timeoutMs: CALL_TIMEOUT_MS });
      succeed(id, pid);
    } catch (error) {
      fail(id, RuntimeError.from(error));
    }
  };
  const loop = async (): Promise<void> => {
    for (let number = 1; !stopped.signal.aborted; number += 1) {
      await call(`${plugin}-${number}`);
      // A stop ends the pause early; that is no failure.
      await sleep(options.everyMs, { clock, signal: stopped.signal }).catch(() => {});
    }
  };
  const ended = loop();
  return {
    answered,
    get failed() {
      return failed;
    },
    codes,
    pids,
    outages,
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}
