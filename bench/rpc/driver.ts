// The child's side of a driver: a process that does timed batches of work on command.
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
export function serveBatches(batches: Batches, close: () => Promise<void>): Promise<never> {
  return serveCommands<BatchCommand>((command) => measure(batches, command), close);
}

/** Answers commands, one at a time, until the input ends, then closes and exits. */
export async function serveCommands<Command>(
  respond: (command: Command) => Promise<object>,
  close: () => Promise<void>,
): Promise<never> {
  answer({ ready: true });
  try {
    for await (const line of createInterface({ input: process.stdin })) {
      answer(await respond(JSON.parse(line) as Command));
    }
  } finally {
    await close();
  }
  process.exit(0);
}

/** Does work and tells the 99th percentile of the time by which it made the event loop late. */
export async function measureStall<Result>(
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly stallMs: number }> {
  const delays = monitorEventLoopDelay({ resolution: SAMPLE_MS });
  delays.enable();
  const result = await work();
  delays.disable();
  return { result, stallMs: Math.max(0, delays.percentile(99) / 1e6 - SAMPLE_MS) };
}

async function measure(batches: Batches, { kind, durationMs }: BatchCommand): Promise<BatchResult> {
  const { result, stallMs } = await measureStall(async () => {
    const startedAt = performance.now();
    const count = await batches[kind](startedAt + durationMs);
    return { count, elapsedMs: performance.now() - startedAt };
  });
  return { ...result, stallMs };
}

function answer(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
