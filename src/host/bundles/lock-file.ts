// `troupe.lock.json`: which plugins are installed, exactly.
//
// Invariants:
//   O1. The file is whole at any time, also after the power failed: it is replaced in one step.
//   O2. Changes by one lock file come one after the other, so that none is lost. A file has one host.
//   O3. A file that cannot be understood is refused and never overwritten.

import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { isRuntimeError } from '../../errors/index.ts';
import type { PluginSource } from '../lifecycle/types.ts';
import { bundleError, reasonOf, shownName } from './bundle-error.ts';
import { parseUrl, shownUrl } from './download/download.ts';
import type { ArtifactStore } from './store/artifact-store.ts';

const LOCK_FORMAT = 'troupe.lock/v1';
const MAX_BYTES = 16 * 1024 * 1024;

const lockSchema = z.strictObject({
  format: z.literal(LOCK_FORMAT),
  plugins: z.record(
    z.string(),
    z.strictObject({
      version: z.string(),
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      signer: z.strictObject({ id: z.string(), fingerprint: z.string() }).nullable(),
      source: z.string(),
    }),
  ),
});

/** What is known about an installed plugin. `source` is a text for people; `signer` is null when nobody has signed it. */
export type LockedPlugin = z.output<typeof lockSchema>['plugins'][string];

/** What is wrong with a locked plugin. */
export interface LockProblem {
  readonly plugin: string;
  readonly code: string;
  readonly message: string;
}

/** A lock file. Owns nothing that must be closed. */
export interface LockFile {
  /** By name. Nothing when there is no file. Rejects with BUNDLE_LOCK_INVALID. */
  read(): Promise<Readonly<Record<string, LockedPlugin>>>;
  /** Rejects with BUNDLE_LOCK_INVALID (O3), or BUNDLE_OUTPUT_REFUSED when it cannot be written. */
  set(name: string, plugin: LockedPlugin): Promise<void>;
  /** Removes a plugin. Rejects as `set` does. */
  remove(name: string): Promise<void>;
  /** Several at once, by name; undefined removes one. Rejects as `set` does. */
  update(changes: ReadonlyMap<string, LockedPlugin | undefined>): Promise<void>;
  /** Reads every file of every locked plugin. Empty when all is as the lock file says. */
  verify(store: Pick<ArtifactStore, 'verify'>): Promise<readonly LockProblem[]>;
}

/** How a lock file is written. */
export interface LockFileOptions {
  /** Who may read it. Default 0o644: it is for version control, too. */
  readonly mode?: number;
}

/** A lock file at a path; touches nothing yet. */
export function createLockFile(path: string, { mode = 0o644 }: LockFileOptions = {}): LockFile {
  const file = resolve(path);
  let last: Promise<unknown> = Promise.resolve();
  // O2.
  const change = (edit: (plugins: Record<string, LockedPlugin>) => void): Promise<void> => {
    const done = last.then(async () => {
      const plugins = { ...(await readLock(file)) };
      edit(plugins);
      await writeLock(file, plugins, mode);
    });
    // Whoever asked for it hears of the failure; the next change does not depend on it.
    last = done.catch(() => {});
    return done;
  };
  return {
    read: () => readLock(file),
    set: (name, plugin) => change((plugins) => void (plugins[name] = plugin)),
    remove: (name) => change((plugins) => void delete plugins[name]),
    update: (changes) =>
      change((plugins) => {
        for (const [name, plugin] of changes) {
          if (plugin === undefined) delete plugins[name];
          else plugins[name] = plugin;
        }
      }),
    verify: async (store) => verifyLock(await readLock(file), store),
  };
}

/** Where a plugin came from, for people: without what may be a secret. */
export function sourceText(source: PluginSource): string {
  switch (source.kind) {
    case 'directory':
    case 'archive':
      return `${source.kind}:${resolve(source.path)}`;
    case 'bytes':
      return 'bytes';
    case 'url':
      return shownUrl(parseUrl(source.url));
  }
}

/** Throws BUNDLE_LOCK_MISMATCH when a plugin is not the one that is locked. */
export function requireLocked(
  locked: LockedPlugin | undefined,
  plugin: { readonly name: string; readonly version: string; readonly digest: string },
): void {
  const label = `plugin ${shownName(plugin.name)}`;
  if (locked === undefined) throw bundleError('BUNDLE_LOCK_MISMATCH', label, 'is not in the lock file');
  for (const field of ['version', 'digest'] as const) {
    if (locked[field] === plugin[field]) continue;
    throw bundleError(
      'BUNDLE_LOCK_MISMATCH',
      label,
      `has the ${field} ${plugin[field]}, and ${locked[field]} is locked`,
    );
  }
}

async function verifyLock(
  plugins: Readonly<Record<string, LockedPlugin>>,
  store: Pick<ArtifactStore, 'verify'>,
): Promise<readonly LockProblem[]> {
  const problems: LockProblem[] = [];
  for (const [name, locked] of Object.entries(plugins)) {
    try {
      const { record, digest } = await store.verify(locked.digest);
      requireLocked(locked, { name: record.name, version: record.version, digest });
      if (record.name !== name) {
        throw bundleError(
          'BUNDLE_LOCK_MISMATCH',
          `plugin ${shownName(name)}`,
          `is ${shownName(record.name)} in the store`,
        );
      }
    } catch (error) {
      if (!isRuntimeError(error)) throw error;
      problems.push({ plugin: name, code: error.code, message: error.rawMessage });
    }
  }
  return problems;
}

async function readLock(file: string): Promise<Readonly<Record<string, LockedPlugin>>> {
  const invalid = (problem: string, cause?: unknown): Error =>
    bundleError('BUNDLE_LOCK_INVALID', `lock file "${file}"`, problem, cause);
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (reasonOf(error) === 'ENOENT') return {};
    throw invalid(`cannot be read (${reasonOf(error)})`, error);
  }
  if (bytes.length > MAX_BYTES) throw invalid(`has ${bytes.length} bytes, more than ${MAX_BYTES}`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    throw invalid('is not JSON', cause);
  }
  const result = lockSchema.safeParse(value);
  if (result.success) return result.data.plugins;
  const [issue] = result.error.issues;
  throw invalid(`cannot be used: ${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`, result.error);
}

/** O1. */
async function writeLock(file: string, plugins: Readonly<Record<string, LockedPlugin>>, mode: number): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(plugins).sort(([a], [b]) => (a < b ? -1 : 1)));
  const fresh = `${file}.${randomBytes(4).toString('hex')}`;
  try {
    const handle = await open(fresh, 'wx', mode);
    try {
      await handle.writeFile(`${JSON.stringify({ format: LOCK_FORMAT, plugins: sorted }, undefined, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, file);
  } catch (error) {
    throw bundleError('BUNDLE_OUTPUT_REFUSED', `lock file "${file}"`, `cannot be written (${reasonOf(error)})`, error);
  } finally {
    await rm(fresh, { force: true });
  }
}
