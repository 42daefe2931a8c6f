// Archives byte by byte: what no tool makes.

import { crc32, deflateRawSync } from 'node:zlib';

/** An entry, and everything about it that can lie. */
export interface RawEntry {
  /** Bytes, where no text can say it. */
  readonly name: string | Uint8Array;
  readonly contents?: Uint8Array | string;
  /** Name in the header before the contents. Default: the name. */
  readonly localName?: string;
  /** 0 stored, 8 deflated. Default 8. */
  readonly method?: number;
  /** Default: names are UTF-8. */
  readonly flags?: number;
  /** Unix mode with its type. Default: a regular file, or a directory when the name ends with a slash. */
  readonly mode?: number;
  /** Declared size. Default: the real one. */
  readonly declared?: number;
  /** Declared packed size. Default: the real one. */
  readonly declaredPacked?: number;
  /** Extra fields of the directory. */
  readonly extra?: Uint8Array;
  /** Points to the contents of another entry. */
  readonly offset?: number;
}

/** What can lie about the archive as a whole. */
export interface RawZipOptions {
  readonly entryCount?: number;
  readonly comment?: string;
  /** Bytes between the directory and the end. */
  readonly between?: Uint8Array;
  readonly directoryOffset?: number;
}

const UTF8 = 0x0800;

/** An archive. */
export function rawZip(entries: readonly RawEntry[], options: RawZipOptions = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { header, central } = headersOf(entry, at);
    parts.push(...header);
    at += header.reduce((sum, { length }) => sum + length, 0);
    directory.push(central);
  }
  const listed = Buffer.concat(directory);
  const comment = Buffer.from(options.comment ?? '');
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(options.entryCount ?? entries.length, 8);
  end.writeUInt16LE(options.entryCount ?? entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(options.directoryOffset ?? at, 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, listed, options.between ?? Buffer.alloc(0), end, comment]);
}

function headersOf(entry: RawEntry, at: number): { readonly header: readonly Buffer[]; readonly central: Buffer } {
  const { method = 8, flags = UTF8, extra = Buffer.alloc(0) } = entry;
  const contents = Buffer.from(entry.contents ?? '');
  const packed = method === 8 ? deflateRawSync(contents) : contents;
  const name = Buffer.from(entry.name);
  const localName = Buffer.from(entry.localName ?? name);
  const [size, packedSize] = [entry.declared ?? contents.length, entry.declaredPacked ?? packed.length];
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  const common = (target: Buffer, offset: number): void => {
    target.writeUInt16LE(flags, offset);
    target.writeUInt16LE(method, offset + 2);
    target.writeUInt32LE(crc32(contents), offset + 8);
    target.writeUInt32LE(packedSize, offset + 12);
    target.writeUInt32LE(size, offset + 16);
  };
  common(header, 6);
  header.writeUInt16LE(localName.length, 26);
  const isDirectory = name.at(-1) === 0x2f;
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  central.writeUInt16LE((3 << 8) | 63, 4);
  central.writeUInt16LE(20, 6);
  common(central, 8);
  central.writeUInt16LE(name.length, 28);
  central.writeUInt16LE(extra.length, 30);
  central.writeUInt32LE(((entry.mode ?? (isDirectory ? 0o040_755 : 0o100_644)) << 16) >>> 0, 38);
  central.writeUInt32LE(entry.offset ?? at, 42);
  return { header: [header, localName, packed], central: Buffer.concat([central, name, Buffer.from(extra)]) };
}
