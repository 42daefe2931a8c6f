import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Name of the file, at the top of a built plugin, that describes the rest of it. */
export const BUILD_RECORD_FILE = 'build.json';

/** One file of a built plugin. */
export interface BuiltFile {
  /** Below the directory, with `/` between names. */
  readonly path: string;
  readonly bytes: number;
  /** Of the contents, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** What `troupe plugin build` says about its output. */
export interface BuildRecord {
  /** Version of this format. */
  readonly format: 1;
  /** The file to start with Node.js. */
  readonly entry: string;
  /** Version of the Node.js that built it; the code cache serves this one alone. */
  readonly node: string;
  /** Every file but the record itself, by path. */
  readonly files: readonly BuiltFile[];
  /** Hash of the tree, as `hashTree` computes it: what a launch pins. */
  readonly sha256: string;
}

/** More than 10,000 files need. */
const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** Reads the record of a directory. Undefined when there is none, or something else of that name. Never rejects. */
export async function readBuildRecord(directory: string): Promise<BuildRecord | undefined> {
  try {
    const bytes = await readFile(join(directory, BUILD_RECORD_FILE));
    return bytes.length > MAX_RECORD_BYTES ? undefined : parseBuildRecord(bytes.toString());
  } catch {
    // Not there or not readable: then nothing is known.
    return undefined;
  }
}

/** The record in a text; undefined when the text is none. Fields that are not known yet are ignored. */
export function parseBuildRecord(text: string): BuildRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is BuildRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format, entry, node, files, sha256 } = value as Record<string, unknown>;
  const texts = [entry, node, sha256].every((each) => typeof each === 'string');
  return format === 1 && texts && Array.isArray(files) && files.every(isFile);
}

function isFile(value: unknown): value is BuiltFile {
  if (typeof value !== 'object' || value === null) return false;
  const { path, bytes, sha256 } = value as Record<string, unknown>;
  return typeof path === 'string' && typeof bytes === 'number' && typeof sha256 === 'string';
}
