// Reads archives that anybody may have made.
//
// Invariants:
//   Z1. All entries are looked at before any of them is unpacked: their names, kinds and declared sizes.
//   Z2. Whoever reads the archive from its end finds what somebody finds who reads it from its start: an entry is named
//       alike in both places, entries do not overlap, and nothing stands before, between or behind entries and directory.
//   Z3. An entry gives no more bytes than it declares.
//   Z4. Whatever the bytes, the outcome is a coded error and nothing is left open.

import { fromRandomAccessReaderPromise } from 'yauzl';
import type { Entry, ZipFile } from 'yauzl';
import { isRuntimeError } from '../../../errors/index.ts';
import { bundleError, entryCorrupt, entryRefused, limitExceeded, reasonOf, shownName } from '../bundle-error.ts';
import { RATIO_FLOOR_BYTES } from '../bundle-limits.ts';
import type { ResolvedBundleLimits } from '../bundle-limits.ts';
import { isReserved } from '../record/reserved-names.ts';
import { ArchiveReader, sizeOf } from './byte-source.ts';
import type { ByteSource } from './byte-source.ts';
import { createNameGuard } from './entry-name.ts';
import { checkKind, hasSizesLater, isSameKind, nameOf } from './entry-kind.ts';

/** A file in an archive. */
export interface ZipFileEntry {
  readonly path: string;
  /** As the archive declares it. */
  readonly bytes: number;
  /** The contents. Rejects with BUNDLE_CORRUPT when they cannot be unpacked, or are not as long as declared. */
  read(): AsyncIterable<Buffer>;
}

/** An archive that was looked through. */
export interface OpenZip {
  /** By path, in the order of the archive. */
  readonly files: ReadonlyMap<string, ZipFileEntry>;
}

/**
 * Looks through an archive. The source has to stay open while its files are read.
 *
 * Rejects with BUNDLE_INVALID for what is no archive, BUNDLE_ENTRY_REFUSED and BUNDLE_LIMIT_EXCEEDED.
 */
export async function openZip(label: string, source: ByteSource, limits: ResolvedBundleLimits): Promise<OpenZip> {
  const size = sizeOf(source);
  const allowed = limits.maxArchiveBytes;
  if (size > allowed) throw limitExceeded({ label, what: `has ${size} bytes`, limit: 'maxArchiveBytes', allowed });
  try {
    const options = { autoClose: false, decodeStrings: false, validateEntrySizes: true };
    const reader = new ArchiveReader(source);
    const zip = await fromRandomAccessReaderPromise(reader, size, options);
    return { files: await readDirectory(label, { zip, reader, size }, limits) };
  } catch (error) {
    if (isRuntimeError(error) && error.rawMessage.startsWith(label)) throw error;
    const reason = isRuntimeError(error) ? error.rawMessage : reasonOf(error);
    throw bundleError('BUNDLE_INVALID', label, `is no zip archive that can be read: ${reason}`, error);
  }
}

/** Where an entry lies in the archive, its header included. */
interface Extent {
  readonly path: string;
  readonly start: number;
  readonly end: number;
  /** Most bytes between it and what comes next. */
  readonly gap: number;
}

interface Source {
  readonly zip: ZipFile;
  readonly reader: ArchiveReader;
  readonly size: number;
}

/** Bytes that nothing becomes when it is deflated, which Java and Python do with directories. */
const NOTHING_DEFLATED = 2;
/** The record, and the folder of the signatures. */
const OWN_ENTRIES = 2;

async function readDirectory(
  label: string,
  source: Source,
  limits: ResolvedBundleLimits,
): Promise<Map<string, ZipFileEntry>> {
  const { zip } = source;
  const { maxEntries, maxTotalBytes } = limits;
  // Before any of them is read. Those of the plugin alone are counted as they come.
  if (zip.entryCount > maxEntries + limits.maxSignatures + OWN_ENTRIES) {
    const what = `has ${zip.entryCount} entries`;
    throw limitExceeded({ label, what, limit: 'maxEntries', allowed: maxEntries });
  }
  const names = createNameGuard(label, limits);
  const files = new Map<string, ZipFileEntry>();
  const extents: Extent[] = [];
  // Its type is wrong: it is the place that is read next.
  const directoryStart = Number(zip.readEntryCursor);
  let total = 0;
  for await (const entry of zip.eachEntry()) {
    const name = nameOf(label, entry);
    const isDirectory = name.endsWith('/');
    if (isDirectory) names.directory(name.slice(0, -1));
    else names.file(name);
    checkKind(label, entry, name);
    checkSizes(label, entry, name, limits);
    if (!isReserved(name)) total += entry.uncompressedSize;
    if (total > maxTotalBytes) {
      const what = `brings all files to ${total} bytes`;
      throw limitExceeded({ label, what, limit: 'maxTotalBytes', allowed: maxTotalBytes, entry: name });
    }
    extents.push(await extentOf(label, zip, entry, name));
    if (!isDirectory) files.set(name, fileEntry(label, zip, entry, name));
  }
  await checkLayout(label, extents, directoryStart, source);
  return files;
}

function checkSizes(label: string, entry: Entry, name: string, limits: ResolvedBundleLimits): void {
  const { maxEntryBytes, maxRatio } = limits;
  const { uncompressedSize: bytes, compressedSize: packed } = entry;
  if (bytes > maxEntryBytes && !isReserved(name)) {
    const what = `has ${bytes} bytes`;
    throw limitExceeded({ label, what, limit: 'maxEntryBytes', allowed: maxEntryBytes, entry: name });
  }
  if (bytes > RATIO_FLOOR_BYTES && bytes > packed * maxRatio) {
    const what = `unpacks ${packed} bytes to ${bytes}, each to ${Math.floor(bytes / Math.max(1, packed))}`;
    throw limitExceeded({ label, what, limit: 'maxRatio', allowed: maxRatio, entry: name });
  }
  if (name.endsWith('/') && (bytes > 0 || packed > NOTHING_DEFLATED))
    throw entryRefused(label, name, 'is a directory with contents');
}

/** Z2. The header before the contents says the same as the directory at the end. */
async function extentOf(label: string, zip: ZipFile, entry: Entry, path: string): Promise<Extent> {
  const header = await zip.readLocalFileHeaderPromise(entry);
  const isAlike = header.fileName.equals(entry.fileNameRaw) && isSameKind(entry, header);
  if (!isAlike)
    throw entryRefused(label, path, 'is another one in the directory of the archive than before its contents');
  const gap = hasSizesLater(header) ? DESCRIPTOR_BYTES : 0;
  return { path, start: entry.relativeOffsetOfLocalHeader, end: header.fileDataStart + entry.compressedSize, gap };
}

/** The longest record of sizes behind an entry; too short for another entry. */
const DESCRIPTOR_BYTES = 24;
// Of the records at the end of an archive; the comment comes behind the first.
const END_BYTES = 22;
const ZIP64_END_BYTES = 56 + 20;
const ZIP64_END = Buffer.from('PK\u0006\u0006');
/** What begins an archive that might have become several ones, and has not. */
const SPLIT_MARKS = ['PK\u0007\u0008', 'PK00'];

/** Z2. */
async function checkLayout(
  label: string,
  extents: readonly Extent[],
  directoryStart: number,
  { zip, reader, size }: Source,
): Promise<void> {
  const sorted = [...extents].sort((a, b) => a.start - b.start);
  const hidden = (where: string): Error => bundleError('BUNDLE_INVALID', label, `has something ${where}`);
  const first = sorted[0]?.start ?? directoryStart;
  const isMarked = first === 4 && SPLIT_MARKS.includes((await reader.bytes(0, 4)).toString('latin1'));
  if (first > 0 && !isMarked) throw hidden('before its first entry');
  for (const [index, { path, end, gap }] of sorted.entries()) {
    const next = sorted[index + 1]?.start ?? directoryStart;
    if (end > next) throw entryRefused(label, path, 'reaches into what comes behind it');
    if (end + gap < next) throw hidden(`behind its entry ${shownName(path)}`);
  }
  const directoryEnd = Number(zip.readEntryCursor);
  const end = size - END_BYTES - zip.comment.length;
  const isZip64 = directoryEnd === end - ZIP64_END_BYTES && (await reader.bytes(directoryEnd, 4)).equals(ZIP64_END);
  if (directoryEnd !== end && !isZip64) throw hidden('between its directory and its end');
}

function fileEntry(label: string, zip: ZipFile, entry: Entry, path: string): ZipFileEntry {
  const corrupt = (problem: string, cause?: unknown): Error =>
    entryCorrupt('BUNDLE_CORRUPT', label, path, problem, cause);
  return {
    path,
    bytes: entry.uncompressedSize,
    async *read() {
      let bytes = 0;
      try {
        for await (const chunk of await zip.openReadStreamPromise(entry)) {
          bytes += (chunk as Buffer).length;
          // Z3. yauzl sees to it for what is compressed.
          if (bytes > entry.uncompressedSize) break;
          yield chunk as Buffer;
        }
      } catch (error) {
        throw corrupt(`cannot be unpacked: ${reasonOf(error)}`, error);
      }
      if (bytes !== entry.uncompressedSize)
        throw corrupt(`has not the ${entry.uncompressedSize} bytes that it declares`);
    },
  };
}
