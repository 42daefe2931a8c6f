// The parent's side of a driver: starts it, gives it batches one at a time, ends it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BatchKind } from './batches.ts';

/** One batch, as the driver reads it. */
export interface BatchCommand<Kind extends string = BatchKind> {
  readonly kind: Kind;
  readonly durationMs: number;
}

/** What drivers of hosts do. `start`, one launch of a plugin, is known to the driver in Go only. */
type HostCommand = BatchCommand<BatchKind | 'start'>;

/** What came of a batch, as the driver writes it. */
export interface BatchResult {
  /** Calls or messages. */
  readonly count: number;
  readonly elapsedMs: number;
  /** The 99th percentile of the time by which the host's event loop was late. The driver in Go has none. */
  readonly stallMs?: number;
}

/** A driver at work. Whoever starts it closes it. */
export interface DriverProcess<Command = HostCommand, Result = BatchResult> {
  run(command: Command): Promise<Result>;
  /** Ends the driver and what it started, by force after 5 s. */
  close(): Promise<void>;
}

const CLOSE_MS = 5_000;

/** Starts a driver and waits until it is ready. What it writes to standard error is shown. */
export async function startDriver<Command = HostCommand, Result = BatchResult>(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<DriverProcess<Command, Result>> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
    // A Ctrl+C in the terminal is for the parent, which then closes its drivers in order.
    detached: true,
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // A driver that is gone is noticed by the end of its lines.
  child.stdin.on('error', () => {});
  const next = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the driver ${[command, ...args].join(' ')} ended before it answered`);
    return JSON.parse(value);
  };
  const close = async (): Promise<void> => {
    child.stdin.end();
    const force = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
    await exited;
    clearTimeout(force);
  };
  try {
    await next();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async run(batch) {
      child.stdin.write(`${JSON.stringify(batch)}\n`);
      return (await next()) as Result;
    },
    close,
  };
}
