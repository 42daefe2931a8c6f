// The child's side of a driver: a host process that does timed batches of work on command.
//
// One line of JSON in for each batch, one line out; the end of the input is the order to leave. The driver in Go
// (bench/peers/go) speaks the same.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import type { Batches } from './batches.ts';
import type { BatchCommand, BatchResult } from './driver-process.ts';

/** How often the event loop's delay is sampled; this long is no delay. */
const SAMPLE_MS = 2;

/** Serves batches until the input ends, then closes and exits. */
export async function serveBatches(batches: Batches, close: () => Promise<void>): Promise<never> {
  answer({ ready: true });
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      answer(await measure(batches, JSON.parse(line) as BatchCommand));
    }
  } finally {
    await close();
  }
  process.exit(0);
}

async function measure(batches: Batches, { kind, durationMs }: BatchCommand): Promise<BatchResult> {
  const delays = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  delays.enable();
  const startedAt = performance.now();
  const count = await batches[kind](startedAt + durationMs);
  const elapsedMs = performance.now() - startedAt;
  delays.disable();
  return { count, elapsedMs, stallMs: Math.max(0, delays.percentile(99) / 1e6 - SAMPLE_MS) };
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
