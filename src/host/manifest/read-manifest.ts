// Reads the manifest of one plugin.

import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import { awfSchema, fromAwf, isAwfManifest } from './awf-manifest.ts';
import { crossCheck } from './cross-checks.ts';
import { readSource } from './manifest-source.ts';
import type { ManifestProblem } from './manifest-source.ts';
import { MAX_MANIFEST_BYTES } from './manifest-size.ts';
import { findingsOf, firstOf, problemsOf, problemText } from './problems.ts';
import { manifestSchema } from './schema.ts';
import type { Manifest } from './schema.ts';

/** Names under which manifests are found. */
export const MANIFEST_NAMES: readonly string[] = ['plugin.yaml', 'plugin.json'];

/** A manifest, and where it is from. */
export interface LoadedManifest {
  readonly manifest: Manifest;
  /** Path of the file. */
  readonly file: string;
  /** Path of its directory; paths in the manifest start there. */
  readonly directory: string;
}

/** A text that was checked: the manifest, or everything that is wrong with it. */
export type CheckedManifest = { readonly manifest: Manifest } | { readonly problems: readonly ManifestProblem[] };

/**
 * Checks the text of a manifest. Never throws. `directory` is where the file is, for manifests that say nothing about
 * where their program is.
 */
export function checkManifest(text: string, format: 'yaml' | 'json', directory: string): CheckedManifest {
  const checked = checkAll(text, format, directory);
  return 'manifest' in checked ? checked : { problems: firstOf(checked.problems) };
}

function checkAll(text: string, format: 'yaml' | 'json', directory: string): CheckedManifest {
  const source = readSource(text, format);
  if ('problems' in source) return source;
  const { value, place } = source;
  if (isAwfManifest(value)) {
    const result = awfSchema.safeParse(value);
    if (result.success) return { manifest: fromAwf(result.data, directory) };
    return { problems: problemsOf(findingsOf(result.error.issues, value), place) };
  }
  const result = manifestSchema.safeParse(value);
  const findings = [...findingsOf(result.error?.issues ?? [], value), ...crossCheck(value)];
  if (result.success && findings.length === 0) return { manifest: result.data };
  return { problems: problemsOf(findings, place) };
}

/**
 * Reads a manifest: the path of a file, or of a directory with a `plugin.yaml` or a `plugin.json`.
 *
 * Rejects with MANIFEST_NOT_FOUND; or with MANIFEST_INVALID that lists everything that is wrong: for people in
 * `details.problems`, for programs in `details.errors`.
 */
export async function readManifest(path: string): Promise<LoadedManifest> {
  const file = await fileAt(resolve(path));
  return loadManifest(await readText(file), file);
}

/**
 * Checks the text of a manifest that stands, or will stand, in a file. `shown` names it in errors.
 *
 * @throws MANIFEST_INVALID, as `readManifest` does
 */
export function loadManifest(text: string, file: string, shown: string = file): LoadedManifest {
  const directory = dirname(file);
  const checked = checkManifest(text, extname(file) === '.json' ? 'json' : 'yaml', directory);
  if ('manifest' in checked) return { manifest: checked.manifest, file, directory };
  throw invalid(shown, checked.problems, undefined, basename(file));
}

async function fileAt(path: string): Promise<string> {
  const stats = await statOf(path);
  if (stats === undefined) throw new RuntimeError('MANIFEST_NOT_FOUND', `${path} does not exist`);
  if (!stats.isDirectory()) return path;
  const candidates = MANIFEST_NAMES.map((name) => join(path, name));
  const exist = await Promise.all(candidates.map(async (file) => (await statOf(file)) !== undefined));
  const [found, ...others] = candidates.filter((_, index) => exist[index]);
  if (found === undefined) {
    throw new RuntimeError('MANIFEST_NOT_FOUND', `${path} has neither ${MANIFEST_NAMES.join(' nor ')}`);
  }
  if (others.length === 0) return found;
  throw invalid(path, [whole(`has ${MANIFEST_NAMES.join(' and ')}; only one of them may be there`)]);
}

/** What is at a path; undefined when nothing is. What may not be looked at may be there. */
async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RuntimeError('MANIFEST_NOT_FOUND', `${path} cannot be looked at (${String(code)})`, { cause });
  }
}

async function readText(file: string): Promise<string> {
  try {
    const stats = await stat(file);
    if (!stats.isFile()) throw new RuntimeError('MANIFEST_NOT_FOUND', `${file} is not a file`);
    if (stats.size > MAX_MANIFEST_BYTES) {
      throw invalid(file, [whole(`has ${stats.size} bytes, more than ${MAX_MANIFEST_BYTES}`)]);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    if (cause instanceof RuntimeError) throw cause;
    if (cause instanceof TypeError) throw invalid(file, [whole('is not text in UTF-8')], cause);
    throw new RuntimeError('MANIFEST_NOT_FOUND', `${file} cannot be read`, { cause });
  }
}

function whole(message: string): ManifestProblem {
  return { path: '', message, line: undefined, column: undefined };
}

function invalid(
  path: string,
  errors: readonly ManifestProblem[],
  cause?: unknown,
  name: string = basename(path),
): RuntimeError {
  const count = errors.length === 1 ? '1 problem' : `${errors.length} problems`;
  const problems = errors.map((problem) => problemText(name, problem));
  return new RuntimeError('MANIFEST_INVALID', `${path} has ${count}`, {
    details: { problems, errors },
    ...(cause === undefined ? {} : { cause }),
  });
}
