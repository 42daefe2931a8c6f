import { Readable } from 'node:stream';
import type { FileHandle } from 'node:fs/promises';
import { callbackify } from 'node:util';
import { RandomAccessReader } from 'yauzl';
import { RuntimeError } from '../../../errors/index.ts';

/** Where the bytes of an archive are: in memory, or in an open file that somebody else closes. */
export type ByteSource = { readonly bytes: Uint8Array } | { readonly handle: FileHandle; readonly size: number };

/** How many bytes there are. */
export function sizeOf(source: ByteSource): number {
  return 'bytes' in source ? source.bytes.length : source.size;
}

const CHUNK_BYTES = 64 * 1024;

/**
 * What yauzl reads an archive by. Its own readers throw past all callbacks, and so end the process, when an archive names
 * a place beyond its end.
 */
export class ArchiveReader extends RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  /** Some of the bytes. Rejects with BUNDLE_INVALID when they are not all there. */
  async bytes(position: number, length: number): Promise<Buffer> {
    const bytes = Buffer.alloc(length);
    await this.#fill(bytes, position);
    return bytes;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#chunks(start, end), { objectMode: false });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    const fill = async (): Promise<number> => {
      await this.#fill(buffer.subarray(offset, offset + length), position);
      return length;
    };
    callbackify(fill)(callback);
  }

  async *#chunks(start: number, end: number): AsyncGenerator<Buffer, void> {
    for (let at = start; at < end; at += CHUNK_BYTES) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - at));
      await this.#fill(chunk, at);
      yield chunk;
    }
  }

  async #fill(target: Buffer, position: number): Promise<void> {
    const size = sizeOf(this.#source);
    if (!Number.isSafeInteger(position) || position < 0 || position + target.length > size) throw outside(size);
    if ('bytes' in this.#source) {
      target.set(this.#source.bytes.subarray(position, position + target.length));
      return;
    }
    for (let filled = 0; filled < target.length; ) {
      const { bytesRead } = await this.#source.handle.read(target, filled, target.length - filled, position + filled);
      if (bytesRead === 0) throw outside(size);
      filled += bytesRead;
    }
  }
}

function outside(size: number): RuntimeError {
  return new RuntimeError('BUNDLE_INVALID', `it names a place beyond its ${size} bytes`);
}
