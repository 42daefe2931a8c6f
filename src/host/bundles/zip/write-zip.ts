// Writes archives.
//
// Invariants:
//   W1. The same files in the same order give the same bytes, wherever and whenever they are written by the same version of
//       Node.js, whose zlib decides how well deflate does.
//   W2. What is written can be read under the same limits.

import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflateRaw } from 'node:zlib';
import { ZipFile } from 'yazl';
import type { ReadStreamOptions } from 'yazl';
import { limitExceeded } from '../bundle-error.ts';
import { RATIO_FLOOR_BYTES } from '../bundle-limits.ts';
import type { ResolvedBundleLimits } from '../bundle-limits.ts';

/** A file that goes into an archive. */
export interface ZipInput {
  readonly path: string;
  readonly bytes: number;
  readonly isExecutable: boolean;
  /** The contents; may be asked for twice. */
  read(): AsyncIterable<Buffer>;
}

/** What is written where, and by which limits. */
export interface WriteZipOptions {
  readonly label: string;
  /** A new file; whoever calls removes it when this rejects. */
  readonly file: string;
  readonly limits: ResolvedBundleLimits;
  /** Called before each file. Throws to end it. */
  readonly onFile?: (path: string, index: number) => void;
}

// W1. By local time, which is what yazl writes; at noon, as some zones had no midnight that day.
const TIME = new Date(1980, 0, 1, 12);
const FILE_MODE = 0o100_644;
const EXECUTABLE_MODE = 0o100_755;

/** Writes an archive and returns its size in bytes. Rejects with BUNDLE_LIMIT_EXCEEDED, or as reading and writing does. */
export async function writeZip(inputs: readonly ZipInput[], options: WriteZipOptions): Promise<number> {
  const { label, file, limits, onFile } = options;
  const compress: boolean[] = [];
  for (const input of inputs) compress.push(await isCompressed(input, limits));
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  // yazl forwards no errors of what it reads, and lets nothing go when its output is given up.
  let current: Readable | undefined;
  const fail = (error: Error): void => void output.destroy(error);
  zip.once('error', fail);
  for (const [index, input] of inputs.entries()) {
    zip.addReadStreamLazy(input.path, metadataOf(input, compress[index] === true), (callback) => {
      current = Readable.from(reported(input, index, onFile), { objectMode: false });
      current.once('error', fail);
      callback(null, current);
    });
  }
  zip.end();
  let bytes = 0;
  const allowed = limits.maxArchiveBytes;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      bytes += chunk.length;
      if (bytes <= allowed) return callback(null, chunk);
      callback(limitExceeded({ label, what: `becomes ${bytes} bytes or more`, limit: 'maxArchiveBytes', allowed }));
    },
  });
  try {
    await pipeline(output, count, createWriteStream(file, { flags: 'wx', flush: true }));
  } finally {
    current?.destroy();
  }
  return bytes;
}

function metadataOf({ bytes, isExecutable }: ZipInput, compress: boolean): Partial<ReadStreamOptions> {
  return {
    mtime: TIME,
    forceDosTimestamp: true,
    mode: isExecutable ? EXECUTABLE_MODE : FILE_MODE,
    compress,
    size: bytes,
  };
}

async function* reported(
  input: ZipInput,
  index: number,
  onFile: WriteZipOptions['onFile'],
): AsyncGenerator<Buffer, void> {
  onFile?.(input.path, index);
  yield* input.read();
}

/** W2. What would look like a bomb is stored as it is. */
async function isCompressed(input: ZipInput, { maxRatio }: ResolvedBundleLimits): Promise<boolean> {
  if (input.bytes <= RATIO_FLOOR_BYTES) return input.bytes > 0;
  let packed = 0;
  // The same level as yazl's.
  await pipeline(input.read(), createDeflateRaw({ level: 6 }), async (chunks: AsyncIterable<Buffer>) => {
    for await (const { length } of chunks) packed += length;
  });
  return packed < input.bytes && input.bytes <= packed * maxRatio;
}
