import type { Entry, LocalFileHeader } from 'yauzl';
import { entryRefused } from '../bundle-error.ts';

// Bits of the general purpose flag.
const ENCRYPTED = 0x0001;
const STRONGLY_ENCRYPTED = 0x0040;
const UTF8 = 0x0800;
const MASKED = 0x2000;

/** The sizes come behind the contents, and not in the header. */
const SIZES_LATER = 0x0008;
/** The sizes are in an extra field. */
const ZIP64_SIZE = 0xffff_ffff;

const STORED = 0;
const DEFLATED = 8;

// Of a file's mode, which Unix keeps in the upper half of the external attributes.
const TYPE_BITS = 0o170_000;
const REGULAR = 0o100_000;
const DIRECTORY = 0o040_000;
const LINK = 0o120_000;

/** An extra field with another name for the entry, which some readers prefer. */
const UNICODE_PATH = 0x7075;

/** The name of an entry, as it stands in the archive. Throws BUNDLE_ENTRY_REFUSED when it can be read in two ways. */
export function nameOf(label: string, { fileNameRaw, generalPurposeBitFlag, extraFields }: Entry): string {
  const shown = fileNameRaw.toString('latin1');
  if (extraFields.some(({ id }) => id === UNICODE_PATH)) throw entryRefused(label, shown, 'has a second name');
  if ((generalPurposeBitFlag & UTF8) === 0 && fileNameRaw.some((byte) => byte > 0x7e)) {
    throw entryRefused(label, shown, 'has a name in an old character set, not in UTF-8');
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(fileNameRaw);
  } catch {
    throw entryRefused(label, shown, 'has a name that is not UTF-8');
  }
}

/** Throws BUNDLE_ENTRY_REFUSED for everything but a plain file or directory. */
export function checkKind(label: string, entry: Entry, name: string): void {
  const { generalPurposeBitFlag: flags, compressionMethod: method } = entry;
  if ((flags & (ENCRYPTED | STRONGLY_ENCRYPTED | MASKED)) !== 0) throw entryRefused(label, name, 'is encrypted');
  if (method !== STORED && method !== DEFLATED) {
    throw entryRefused(label, name, `is compressed by method ${method}, and only 0 and 8 are allowed`);
  }
  const type = (entry.externalFileAttributes >>> 16) & TYPE_BITS;
  const expected = name.endsWith('/') ? DIRECTORY : REGULAR;
  if (type === 0 || type === expected) return;
  throw entryRefused(label, name, type === LINK ? 'is a link' : 'is neither a file nor a directory');
}

/** Whether the sizes of an entry stand behind its contents. */
export function hasSizesLater({ generalPurposeBitFlag }: LocalFileHeader): boolean {
  return (generalPurposeBitFlag & SIZES_LATER) !== 0;
}

/** Whether the header before the contents says the same of them as the directory does. */
export function isSameKind(entry: Entry, header: LocalFileHeader): boolean {
  const differing = entry.generalPurposeBitFlag ^ header.generalPurposeBitFlag;
  if ((differing & (ENCRYPTED | STRONGLY_ENCRYPTED | UTF8 | MASKED)) !== 0) return false;
  if (header.compressionMethod !== entry.compressionMethod) return false;
  if (hasSizesLater(header)) return true;
  const sizes = [
    [header.compressedSize, entry.compressedSize],
    [header.uncompressedSize, entry.uncompressedSize],
  ] as const;
  return sizes.every(([before, listed]) => before === listed || before === ZIP64_SIZE);
}
