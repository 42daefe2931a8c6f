// Helpers for the tests of bundles.

import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import { createArtifactStore } from '../../../src/host/bundles/index.ts';
import type { ArtifactStore, ArtifactStoreOptions, BundleRecord } from '../../../src/host/bundles/index.ts';
import { createRecord, recordText } from '../../../src/host/bundles/record/bundle-record.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import { removeTree } from '../../../src/transport/process/index.ts';
import { rawZip } from './raw-zip.ts';
import type { RawEntry } from './raw-zip.ts';

/** Files by path. */
export type Tree = Readonly<Record<string, string | Uint8Array>>;

/** The manifest of a plugin. */
export function manifest(version = '1.0.0', name = 'greeter'): string {
  return JSON.stringify({
    apiVersion: 'troupe.plugin/v1',
    name,
    version,
    kinds: ['operations'],
    run: { node: './main.js' },
  });
}

/** A plugin of three files. */
export const PLUGIN: Tree = { 'plugin.json': manifest(), 'main.js': 'console.log(1);\n', 'lib/deep/a.txt': 'a' };

/** In memory where there is such a place: tests lay out many trees. */
export const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A new directory that goes with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(PLACE, 'bundles-'));
  onTestFinished(() => removeTree(directory));
  return directory;
}

/** Lays files out. */
export function layOut(directory: string, tree: Tree): string {
  for (const [path, contents] of Object.entries(tree)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), contents);
  }
  return directory;
}

/** A new directory with files. */
export function directoryOf(tree: Tree = PLUGIN): string {
  return layOut(temporaryDirectory(), tree);
}

/** Makes a file executable. */
export function makeExecutable(path: string): void {
  chmodSync(path, 0o755);
}

/** The files of a directory. */
export function treeOf(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(
    (each) => !each.isDirectory(),
  );
  const paths = entries.map((each) => join(each.parentPath, each.name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(directory, path), readFileSync(path, 'utf8')]));
}

/** A store in a directory of its own; its clock stands still. */
export function storeForTest(options: Partial<ArtifactStoreOptions> = {}): { store: ArtifactStore; root: string } {
  const root = options.root ?? join(temporaryDirectory(), 'store');
  return { store: createArtifactStore({ environment: createManualEnvironment(), ...options, root }), root };
}

/** What is in a store, half-done things too. */
export function namesIn(root: string): readonly string[] {
  return existsSync(root) ? readdirSync(root) : [];
}

/** The record that fits files; `facts` are right with it, what is in `changed` is not. */
export function recordOf(
  tree: Tree,
  changed: Partial<BundleRecord> = {},
  facts: Partial<Pick<BundleRecord, 'name' | 'version' | 'manifest' | 'runtime'>> = {},
): BundleRecord {
  const files = Object.entries(tree).map(([path, contents]) => ({
    path,
    bytes: Buffer.from(contents).length,
    sha256: createHash('sha256').update(contents).digest('hex'),
  }));
  const runtime = { node: '>=22', platforms: [] };
  const usual = { name: 'greeter', version: '1.0.0', manifest: 'plugin.json', runtime } as const;
  return { ...createRecord({ ...usual, ...facts, files }), ...changed };
}

/** A bundle made by hand: right, but for what `entries` add or replace. */
export function rawBundle(tree: Tree = PLUGIN, entries: readonly RawEntry[] = [], record = recordOf(tree)): Buffer {
  const replaced = new Set(entries.map(({ name }) => name));
  const own: RawEntry[] = [
    { name: 'bundle.json', contents: recordText(record) },
    ...Object.entries(tree).map(([name, contents]) => ({ name, contents })),
  ];
  return rawZip([...own.filter(({ name }) => !replaced.has(name)), ...entries]);
}
