// What becomes of everything a plugin process writes.
//
// Invariants:
//   O1. Every pipe is read until it ends, whatever comes: a plugin never blocks on its output.
//   O2. What is kept is bounded: the tail by lines, the log by a rate, one line by its length. What is dropped is counted
//       and reported.
//   O3. A listener that throws, or returns a promise that rejects, loses its chunk and stops nothing.
//   O4. An entry stands under the name of the plugin that wrote it, whatever its fields say.

import type { Readable } from 'node:stream';
import type { Clock, Logger } from '../../ports/index.ts';
import { createTail, readLines } from '../process/index.ts';
import type { DroppedOutput } from '../process/index.ts';
import { createLogLineParser } from './hclog.ts';

/** Something that the plugin's program printed. */
export interface PluginOutputChunk {
  readonly stream: 'stdout' | 'stderr';
  /** Not framed by lines. */
  readonly data: Buffer;
}

/** Where a plugin's output goes. */
export interface PluginOutputOptions {
  /** Name of the plugin; each log entry carries it. */
  readonly plugin: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Hears what the program prints after the handshake. Default: it is read and dropped. */
  readonly onOutput?: ((chunk: PluginOutputChunk) => void) | undefined;
  /** Log lines per second that are passed on; five times as many after a quiet time. Default 1,000. */
  readonly maxLogLinesPerSecond?: number | undefined;
}

/** Reads the output of one process. Whoever makes it calls `stop`. */
export interface PluginOutput {
  /** Takes the standard error, from the start of the process on. */
  readStderr(stream: Readable): void;
  /** Takes the standard output, once the handshake line is read. */
  drainStdout(stream: Readable): void;
  /** Takes what came by the stdio stream. */
  push(chunk: PluginOutputChunk): void;
  /** The last lines of the standard error. */
  tail(): readonly string[];
  /** Settles when the standard error has ended. */
  readonly stderrEnded: Promise<void>;
  /** Stops listening; the pipes go on being drained until they are destroyed. Idempotent. */
  stop(): void;
}

/** Longest line of standard error that is looked at, in bytes; what exceeds it is cut. Go hosts have the same. */
export const MAX_LOG_LINE_BYTES = 65_536;
/** Lines of standard error that are passed on per second in the long run. */
export const MAX_LOG_LINES_PER_SECOND = 1_000;

/** O3. The user's listener, as one that never throws. Of its promises the first that rejects is logged, and no more. */
export function guardListener({
  plugin,
  log,
  onOutput,
}: Pick<PluginOutputOptions, 'plugin' | 'log' | 'onOutput'>): (chunk: PluginOutputChunk) => void {
  let hasRejected = false;
  const onRejected = (error: unknown): void => {
    if (!hasRejected) log.log('error', `the output listener of plugin "${plugin}" rejected`, { error });
    hasRejected = true;
  };
  return (chunk) => {
    try {
      // Its type says that it returns nothing, and allows an asynchronous function all the same.
      const returned: unknown = onOutput?.(chunk);
      if (returned !== undefined) Promise.resolve(returned).catch(onRejected);
    } catch (error) {
      log.log('error', `the output listener of plugin "${plugin}" threw`, { error });
    }
  };
}

/** Makes a reader for the output of one process. */
export function createPluginOutput(options: PluginOutputOptions): PluginOutput {
  const { plugin, clock, onOutput, maxLogLinesPerSecond = MAX_LOG_LINES_PER_SECOND } = options;
  const log = options.log.child({ plugin });
  const tail = createTail();
  const parser = createLogLineParser();
  const stops: (() => void)[] = [];
  let stderrIsOver: () => void = () => {};
  const stderrEnded = new Promise<void>((resolve) => {
    stderrIsOver = resolve;
  });

  const onLine = (line: string): void => {
    tail.push(line);
    if (line === '') return;
    const { level, message, logger, timestamp, fields, malformed } = parser.parse(line);
    log.log(level, message, {
      ...fields,
      // O4. Under another name, as the logger itself does with a field that has the name of one of its own.
      ...(Object.hasOwn(fields, 'plugin') ? { plugin, plugin_: fields['plugin'] } : {}),
      ...(logger === undefined ? {} : { logger }),
      ...(timestamp === undefined ? {} : { timestamp }),
      ...(malformed ? { problem: 'LOG_LINE_MALFORMED' } : {}),
    });
  };
  const onDropped = ({ lines, bytes }: DroppedOutput): void => {
    log.log('warn', `plugin "${plugin}" logs too fast: ${lines} lines were dropped`, {
      problem: 'OUTPUT_DROPPED',
      lines,
      bytes,
    });
  };
  const push = guardListener({ plugin, log, onOutput });

  return {
    readStderr(stream) {
      const limits = { maxLineBytes: MAX_LOG_LINE_BYTES, maxLinesPerSecond: maxLogLinesPerSecond };
      stops.push(readLines(stream, { ...limits, onLine, onDropped, onEnd: stderrIsOver }, clock));
    },
    drainStdout(stream) {
      const onData = (data: Buffer): void => push({ stream: 'stdout', data });
      stream.on('data', onData);
      stream.resume();
      stops.push(() => stream.off('data', onData));
    },
    push,
    tail: () => tail.lines(),
    stderrEnded,
    stop() {
      for (const stop of stops.splice(0)) stop();
      stderrIsOver();
    },
  };
}
