// Reads the output of a process line by line, whatever the process writes.
//
// Invariants:
//   L1. The pipe is drained as fast as it fills, also while lines are dropped: a blocked writer would look like a hang.
//   L2. At most `maxLineBytes` bytes of an unfinished line are held.
//   L3. A line is decoded as a whole, so that no chunk boundary splits a character.

import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { InvalidOptionsError } from '../../errors/index.ts';
import type { Clock } from '../../ports/index.ts';
import { createByteBuffer } from './byte-buffer.ts';
import { createOutputLimiter } from './output-limiter.ts';
import type { DroppedOutput } from './output-limiter.ts';

/** What happens with the lines of a stream. */
export interface LineReaderOptions {
  /** Longest line in bytes, without its `\n`. Of a longer one the first `maxLineBytes` are delivered, once. Default 64 KiB. */
  readonly maxLineBytes?: number | undefined;
  /** One line without `\n` or `\r\n`. `truncated`: it was longer. Must not throw. */
  readonly onLine: (line: string, truncated: boolean) => void;
  /** The stream ended, failed or was destroyed; all lines came before. Called at most once. */
  readonly onEnd?: (() => void) | undefined;
  /** Lines that are delivered per second in the long run; the rest is dropped. Default: no limit. */
  readonly maxLinesPerSecond?: number | undefined;
  /** Lines that are delivered at once after a quiet time. Default: five times `maxLinesPerSecond`. */
  readonly burst?: number | undefined;
  /** Told what the limit dropped, at most once a second and at the end. */
  readonly onDropped?: ((dropped: DroppedOutput) => void) | undefined;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const UNLIMITED = { admit: () => true, close: () => {} };

/**
 * Delivers the lines of a stream until it ends, including a last one without `\n`.
 *
 * Returns the function that stops the reading: it removes all listeners, calls back no more, and leaves the stream
 * flowing, so that a process that still writes is not blocked. Idempotent. Throws `InvalidOptionsError`.
 */
export function readLines(stream: Readable, options: LineReaderOptions, clock: Clock): () => void {
  const { onLine, onEnd, maxLinesPerSecond: rate, burst = (rate ?? 0) * 5, onDropped } = options;
  const limiter =
    rate === undefined
      ? UNLIMITED
      : createOutputLimiter({ linesPerSecond: rate, burst: Math.max(1, burst), onDropped }, clock);
  const splitter = createSplitter(options.maxLineBytes ?? 65_536, (bytes, truncated) => {
    if (limiter.admit(bytes.length)) onLine(decode(bytes, truncated), truncated);
  });

  const onData = (chunk: Buffer | string): void => {
    splitter.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  };
  const onOver = (): void => {
    splitter.end();
    if (splitter.stopped) return;
    stop();
    onEnd?.();
  };
  const stop = (): void => {
    splitter.stop();
    stream.off('data', onData);
    for (const event of ['end', 'error', 'close']) stream.off(event, onOver);
    limiter.close();
  };

  for (const event of ['end', 'error', 'close']) stream.on(event, onOver);
  stream.on('data', onData);
  stream.resume();
  // A stream that is over emits nothing more; without this the caller would wait for its end for ever.
  if (stream.readableEnded || stream.destroyed) queueMicrotask(onOver);
  return stop;
}

interface Splitter {
  readonly stopped: boolean;
  write(chunk: Buffer): void;
  /** Delivers a last line that has no `\n`. */
  end(): void;
  stop(): void;
}

function createSplitter(maxLineBytes: number, deliver: (line: Buffer, truncated: boolean) => void): Splitter {
  if (!Number.isInteger(maxLineBytes) || maxLineBytes < 1) {
    throw new InvalidOptionsError('maxLineBytes', 'is not a whole number from 1 up');
  }
  const pending = createByteBuffer(maxLineBytes);
  let skipping = false; // the rest of a line that was delivered as truncated
  let stopped = false;

  // Without an unfinished line in front the line is decoded from the chunk itself, which saves the copy.
  function finishLine(chunk: Buffer, start: number, end: number): void {
    if (skipping) skipping = false;
    else if (pending.length === 0 && end - start <= maxLineBytes) deliver(chunk.subarray(start, end), false);
    else {
      const whole = pending.append(chunk, start, end);
      deliver(pending.view(), !whole);
      pending.clear();
    }
  }

  function keepRest(chunk: Buffer, start: number): void {
    if (skipping || pending.append(chunk, start, chunk.length)) return;
    deliver(pending.view(), true);
    pending.clear();
    skipping = true;
  }

  return {
    get stopped() {
      return stopped;
    },
    write(chunk) {
      let start = 0;
      while (!stopped && start < chunk.length) {
        const end = chunk.indexOf(NEWLINE, start);
        if (end === -1) return keepRest(chunk, start);
        finishLine(chunk, start, end);
        start = end + 1;
      }
    },
    end() {
      if (!stopped && pending.length > 0) deliver(pending.view(), false);
      pending.clear();
    },
    stop() {
      stopped = true;
      pending.clear();
    },
  };
}

function decode(line: Buffer, truncated: boolean): string {
  // The cut may go through a character, which the decoder then leaves out; anything else that is no UTF-8 becomes U+FFFD.
  if (truncated) return new StringDecoder('utf8').write(line);
  return line.toString('utf8', 0, line.at(-1) === RETURN ? line.length - 1 : line.length);
}
