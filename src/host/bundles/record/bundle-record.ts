// `bundle.json`: what a bundle is, file by file.
//
// Invariants:
//   R1. The digest covers every field of the record, and through the hashes every byte of every file; neither times nor
//       signatures, and not how anything was compressed.
//   R2. A text that is a record is one record only: unknown and repeated keys, files out of order and a digest that does not
//       fit are refused.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { bundleError } from '../bundle-error.ts';
import { hasRepeatedKeys } from './repeated-keys.ts';
import { RECORD_FILE } from './reserved-names.ts';

/** The format of the record. */
export const RECORD_FORMAT = 'troupe.bundle/v1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const recordSchema = z.strictObject({
  format: z.literal(RECORD_FORMAT),
  name: z.string().min(1).max(128),
  version: z.string().min(1).max(256),
  manifest: z.enum(['plugin.yaml', 'plugin.json']),
  runtime: z.strictObject({
    node: z.string().min(1).max(256),
    platforms: z.array(z.string().min(1).max(64)).max(64),
    modules: z.string().min(1).max(16).exactOptional(),
  }),
  files: z.array(
    z.strictObject({ path: z.string().min(1), bytes: count, sha256, executable: z.literal(true).exactOptional() }),
  ),
  digest: sha256,
});

/** What a bundle is. */
export type BundleRecord = z.output<typeof recordSchema>;
/** A file of a bundle. */
export type BundledFile = BundleRecord['files'][number];
/** What the files of a bundle need of Node.js and of the machine. */
export type RuntimeFacts = BundleRecord['runtime'];

/** The digest of a record (R1), in lower-case hexadecimal. The format of its input is part of the format of bundles. */
export function digestOf({ format, name, version, manifest, runtime, files }: Omit<BundleRecord, 'digest'>): string {
  const { node, platforms, modules = null } = runtime;
  const hash = createHash('sha256');
  hash.update(`${format}\0${JSON.stringify([name, version, manifest, node, platforms, modules])}\0`);
  for (const { path, bytes, sha256: contents, executable } of files) {
    hash.update(`${executable === true ? 'executable' : 'file'} ${bytes} ${contents} ${path}\0`);
  }
  return hash.digest('hex');
}

/** What a record is made of. */
export interface RecordFacts extends Pick<BundleRecord, 'name' | 'version' | 'manifest' | 'runtime'> {
  readonly files: readonly BundledFile[];
}

/** A record with its digest; sorts the files. */
export function createRecord(facts: RecordFacts): BundleRecord {
  const files = [...facts.files].sort(byPath);
  const record = { format: RECORD_FORMAT, ...facts, files } as const;
  return { ...record, digest: digestOf(record) };
}

/** The bytes that stand in a bundle: always the same ones for the same record. */
export function recordText(record: BundleRecord): string {
  const { format, name, version, manifest, runtime, files, digest } = record;
  const { node, platforms, modules } = runtime;
  const ordered = {
    format,
    name,
    version,
    manifest,
    runtime: { node, platforms, ...(modules === undefined ? {} : { modules }) },
    digest,
    files: files.map(({ path, bytes, sha256: contents, executable }) => ({
      path,
      bytes,
      sha256: contents,
      ...(executable === true ? { executable } : {}),
    })),
  };
  return `${JSON.stringify(ordered, undefined, 2)}\n`;
}

/** Reads a record (R2). Throws BUNDLE_INVALID. */
export function parseRecord(label: string, bytes: Uint8Array): BundleRecord {
  const invalid = (problem: string, cause?: unknown): Error =>
    bundleError('BUNDLE_INVALID', label, `has a ${RECORD_FILE} that ${problem}`, cause);
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('is not JSON', cause);
  }
  const result = recordSchema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    const at = issue?.path.map(String).join('.') ?? '';
    throw invalid(`cannot be used: ${at === '' ? '' : `${at}: `}${issue?.message ?? 'it is no record'}`, result.error);
  }
  const record = result.data;
  if (hasRepeatedKeys(text, [record, record.runtime, ...record.files])) throw invalid('has a key twice');
  const unordered = record.files.some((file, index) => {
    const next = record.files[index + 1];
    return next !== undefined && byPath(file, next) >= 0;
  });
  if (unordered) throw invalid('does not list its files in the order of their names, each once');
  if (digestOf(record) !== record.digest) throw invalid('has not the digest that it names');
  return record;
}

/** Whether a text is meant to be a record, right or wrong: a plugin may have a file of that name too. */
export function isRecordLike(text: string): boolean {
  return text.includes(`"${RECORD_FORMAT.split('/')[0]}/`);
}

/** By the bytes of the path. */
function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}
