import type { Readable } from 'node:stream';
import { HandshakeError, RuntimeError } from '../../errors/index.ts';
import { createByteBuffer } from './byte-buffer.ts';

/** How a first line is read. */
export interface FirstLineOptions {
  /** Longest line in bytes, without its `\n`. Default 64 KiB, as go-plugin's host has it. */
  readonly maxBytes?: number;
  /** Gives the reading up with `CANCELLED`. */
  readonly signal?: AbortSignal | undefined;
}

const NEWLINE = 0x0a;
const PARTIAL_CHARACTERS = 200;

/**
 * Reads the first line of a stream and leaves everything behind it unread, with the stream paused and no listener on it.
 *
 * Attach the next reader in the same turn in which the promise settles: when a process ends, Node lets the rest of its
 * output flow, listened to or not. Returns the line without `\n`, otherwise as it is. Rejects with
 * - `HANDSHAKE_LINE_TOO_LONG` when `maxBytes` bytes and one more came without `\n`,
 * - `PLUGIN_EXITED_EARLY` when the stream ended, failed or was destroyed first (`details.partial`: what came before),
 * - `CANCELLED` when `signal` aborts.
 * When the line is too long or the reading is given up, what was read is put back.
 */
export function readFirstLine(stream: Readable, options: FirstLineOptions = {}): Promise<string> {
  const { maxBytes = 65_536, signal } = options;
  const read = createByteBuffer(maxBytes);

  return new Promise((resolve, reject) => {
    const onData = (chunk: Buffer | string): void => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      const newline = bytes.indexOf(NEWLINE);
      const before = read.length;
      if (read.append(bytes, 0, newline === -1 ? bytes.length : newline)) {
        if (newline === -1) return;
        detach(bytes.subarray(newline + 1));
        resolve(read.view().toString('utf8'));
      } else {
        detach(Buffer.concat([read.view().subarray(0, before), bytes]));
        reject(tooLong(maxBytes));
      }
    };
    const onOver = (cause?: Error): void => {
      detach();
      reject(endedEarly(read.view(), cause));
    };
    const onAbort = (): void => {
      detach(Buffer.from(read.view()));
      reject(new RuntimeError('CANCELLED', 'reading the first line was given up', { cause: signal?.reason }));
    };
    const detach = (unread?: Buffer): void => {
      signal?.removeEventListener('abort', onAbort);
      stream.off('data', onData);
      for (const event of ['end', 'error', 'close']) stream.off(event, onOver);
      stream.pause();
      if (unread !== undefined && unread.length > 0) stream.unshift(unread);
    };

    if (signal?.aborted === true) return onAbort();
    if (stream.readableEnded || stream.destroyed) return onOver();
    signal?.addEventListener('abort', onAbort, { once: true });
    for (const event of ['end', 'error', 'close']) stream.on(event, onOver);
    stream.on('data', onData);
    stream.resume();
  });
}

function tooLong(maxBytes: number): HandshakeError {
  return new HandshakeError(
    'HANDSHAKE_LINE_TOO_LONG',
    `the first line of the output is longer than ${maxBytes} bytes`,
    {
      details: { maxBytes },
    },
  );
}

function endedEarly(read: Buffer, cause: Error | undefined): RuntimeError {
  return new RuntimeError(
    'PLUGIN_EXITED_EARLY',
    `the output ended after ${read.length} bytes, before its first line was complete`,
    { cause, details: { partial: read.toString('utf8').slice(0, PARTIAL_CHARACTERS) } },
  );
}
