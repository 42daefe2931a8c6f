import { createHash } from 'node:crypto';
import type { Code } from '../../../errors/index.ts';
import { entryCorrupt } from '../bundle-error.ts';
import type { BundledFile, BundleRecord } from '../record/bundle-record.ts';
import type { BundleSignature } from '../signing/signature.ts';

/** A bundle that is read, whether it is packed or laid out in a directory. */
export interface OpenBundle {
  /** Names it in errors, as in `bundle "kv.troupe"`. */
  readonly label: string;
  readonly record: BundleRecord;
  readonly manifestText: string;
  /** What it brings; nobody has looked whether they count. */
  readonly signatures: readonly BundleSignature[];
  /**
   * The contents of a file of the record. May be called again; the end of it comes only when the bytes are those that the
   * record describes, else it rejects with BUNDLE_CORRUPT or, for a directory, BUNDLE_CHANGED.
   */
  read(file: BundledFile): AsyncIterable<Buffer>;
}

/** What a file has to be. */
export interface ExpectedFile {
  readonly label: string;
  readonly file: BundledFile;
  /** Of the error. */
  readonly code: Code;
}

/** The chunks, followed by an error when they are not what the record says. Gives no more bytes than that. */
export async function* verifiedContents(
  chunks: AsyncIterable<Buffer>,
  { label, file, code }: ExpectedFile,
): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > file.bytes) break;
    hash.update(chunk);
    yield chunk;
  }
  if (bytes > file.bytes) throw entryCorrupt(code, label, file.path, `has more than its ${file.bytes} bytes`);
  if (bytes < file.bytes) throw entryCorrupt(code, label, file.path, `has ${bytes} of its ${file.bytes} bytes`);
  if (hash.digest('hex') !== file.sha256) throw entryCorrupt(code, label, file.path, 'has other contents');
}

/** Reads to the end, for a caller who only wants to know that all is right. */
export async function drain(chunks: AsyncIterable<Buffer>): Promise<void> {
  const iterator = chunks[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}
