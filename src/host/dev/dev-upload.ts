// What a development upload holds, read from a form with bounds on every part of it.
//
// Invariants:
//   U1. No part is kept beyond its limit, and no form beyond the sum of them.
//   U2. Parts with unknown names are passed over; a part that comes twice is refused.

import busboy from 'busboy';
import type { Readable } from 'node:stream';
import { RuntimeError } from '../../errors/index.ts';
import { DEFAULT_BUNDLE_LIMITS } from '../bundles/bundle-limits.ts';
import { MAX_UPLOAD_BYTES, PART_LIMITS } from './upload-limits.ts';

/** What was uploaded. */
export interface DevUploadForm {
  readonly manifest: string;
  /** How the manifest is written. */
  readonly format: 'yaml' | 'json';
  /** One of the two is there. */
  readonly bundle: Uint8Array | undefined;
  readonly wasm: Uint8Array | undefined;
  /** Sensitive permissions that somebody consented to. */
  readonly consent: readonly string[];
  /** Who uploads, and which generation of the sources it is. */
  readonly session: string | undefined;
  readonly generation: number;
}

const { maxArchiveBytes, maxEntryBytes, maxManifestBytes } = DEFAULT_BUNDLE_LIMITS;
const MOST_PARTS = 32;

/** A part as it came. */
interface Part {
  readonly bytes: Buffer;
  readonly filename: string | undefined;
  readonly mimeType: string;
}

/**
 * Reads a form. Rejects with UPLOAD_MALFORMED for what is no form or lacks a part, and with UPLOAD_TOO_LARGE that names
 * the part.
 */
export async function readUpload(
  headers: Readonly<Record<string, string>>,
  body: AsyncIterable<Uint8Array>,
): Promise<DevUploadForm> {
  const parts = await readParts(headers, body);
  const manifest = parts.get('manifest');
  if (manifest === undefined) throw malformed('has no part "manifest"');
  const bundle = parts.get('bundle');
  const wasm = parts.get('wasm');
  if (bundle === undefined && wasm === undefined) throw malformed('has neither a part "bundle" nor a part "wasm"');
  if (bundle !== undefined && wasm !== undefined) throw malformed('has a part "bundle" and a part "wasm"');
  return {
    manifest: textOf(manifest.bytes, 'manifest'),
    format: formatOf(manifest),
    bundle: bundle?.bytes,
    wasm: wasm?.bytes,
    consent: consentOf(parts.get('consent')),
    session: parts.get('session')?.bytes.toString('utf8'),
    generation: generationOf(parts.get('generation')),
  };
}

async function readParts(
  headers: Readonly<Record<string, string>>,
  body: AsyncIterable<Uint8Array>,
): Promise<ReadonlyMap<string, Part>> {
  const parser = createParser(headers);
  const parts = new Map<string, Part>();
  const reading: Promise<void>[] = [];
  let problem: RuntimeError | undefined;
  const refuse = (error: RuntimeError): void => void (problem ??= error);
  const keep = (name: string, part: Part): void => {
    if (parts.has(name)) refuse(malformed(`has the part "${name}" twice`));
    parts.set(name, part);
  };
  parser.on('field', (name, value, { valueTruncated, mimeType }) => {
    if (!Object.hasOwn(PART_LIMITS, name)) return;
    if (name === 'bundle') return refuse(malformed('has a part "bundle" without a file name'));
    const bytes = Buffer.from(value, 'utf8');
    if (valueTruncated || bytes.length > limitOf(name)) return refuse(tooLarge(name));
    keep(name, { bytes, filename: undefined, mimeType });
  });
  parser.on('file', (name, stream, { filename, mimeType }) => {
    if (!Object.hasOwn(PART_LIMITS, name)) return void stream.resume();
    const read = bytesOf(name, stream).then((bytes) => keep(name, { bytes, filename, mimeType }));
    reading.push(read.catch((error: unknown) => refuse(RuntimeError.from(error))));
  });
  parser.on('partsLimit', () => refuse(malformed(`has more than ${MOST_PARTS} parts`)));
  await feed(parser, body, () => problem);
  await Promise.all(reading);
  if (problem !== undefined) throw problem;
  return parts;
}

function createParser(headers: Readonly<Record<string, string>>): busboy.Busboy {
  const type = headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/i.test(type)) throw malformed(`is "${type.slice(0, 64)}" and not multipart/form-data`);
  const fieldSize = Math.max(maxManifestBytes, maxEntryBytes) + 1;
  const limits = { parts: MOST_PARTS, fieldSize, fileSize: Math.max(maxArchiveBytes, maxEntryBytes) + 1 };
  try {
    return busboy({ headers: { 'content-type': type }, limits });
  } catch (cause) {
    throw malformed(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/** Gives the body to the parser. Ends early when a part was refused. */
async function feed(
  parser: busboy.Busboy,
  body: AsyncIterable<Uint8Array>,
  problem: () => RuntimeError | undefined,
): Promise<void> {
  const done = new Promise<void>((resolve, reject) => {
    parser.once('close', resolve);
    parser.once('error', (cause) => {
      reject(malformed(`cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause));
    });
  });
  // Looked at below; until then nobody else does.
  done.catch(() => {});
  try {
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > MAX_UPLOAD_BYTES) throw tooLarge('the form');
      const refused = problem();
      if (refused !== undefined) throw refused;
      if (!parser.write(chunk)) await Promise.race([done, new Promise((resolve) => parser.once('drain', resolve))]);
    }
    parser.end();
    await done;
  } finally {
    parser.destroy();
  }
}

/** U1. What is beyond the limit is dropped, so that the parser goes on: it waits for a part that nobody reads. */
function bytesOf(name: string, stream: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const limit = limitOf(name);
    let size = 0;
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) return void chunks.push(chunk);
      chunks.length = 0;
      reject(tooLarge(name));
    });
    stream.once('end', () => resolve(Buffer.concat(chunks)));
    stream.once('error', reject);
    // A form that ends within the part.
    stream.once('close', () => reject(malformed(`ends within the part "${name}"`)));
  });
}

function limitOf(name: string): number {
  return PART_LIMITS[name] ?? 0;
}

function formatOf({ filename = '', mimeType, bytes }: Part): 'yaml' | 'json' {
  if (filename.endsWith('.json') || mimeType === 'application/json') return 'json';
  if (filename.endsWith('.yaml') || filename.endsWith('.yml') || mimeType === 'application/yaml') return 'yaml';
  return bytes.toString('utf8').trimStart().startsWith('{') ? 'json' : 'yaml';
}

function consentOf(part: Part | undefined): readonly string[] {
  if (part === undefined) return [];
  try {
    const value: unknown = JSON.parse(part.bytes.toString('utf8'));
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as readonly string[];
  } catch {
    // Said below, as for any other text that is no list.
  }
  throw malformed('has a part "consent" that is no list of texts in JSON');
}

function generationOf(part: Part | undefined): number {
  const value = Number(part?.bytes.toString('utf8') ?? '0');
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed('has a part "generation" that is no whole number');
}

function textOf(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed(`has a part "${name}" that is not text in UTF-8`, cause);
  }
}

function malformed(problem: string, cause?: unknown): RuntimeError {
  return new RuntimeError('UPLOAD_MALFORMED', `the upload ${problem}`, cause === undefined ? {} : { cause });
}

function tooLarge(name: string): RuntimeError {
  const limit = PART_LIMITS[name] ?? MAX_UPLOAD_BYTES;
  const subject = name in PART_LIMITS ? `the part "${name}"` : name;
  return new RuntimeError('UPLOAD_TOO_LARGE', `${subject} has more than ${limit} bytes`, { details: { limit } });
}
