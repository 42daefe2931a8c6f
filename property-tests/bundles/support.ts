// Helpers for the properties of bundles.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createArtifactStore } from '../../src/host/bundles/index.ts';
import type { ArtifactStore, ArtifactStoreOptions } from '../../src/host/bundles/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';
import { removeTree } from '../../src/transport/process/index.ts';
import type { BundleTreeFile } from '../arbitraries/bundle-tree.ts';

// In memory: a property lays out some hundred trees.
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Runs something in a new directory, which is gone afterwards. */
export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(PLACE, 'bundle-properties-'));
  try {
    return await work(directory);
  } finally {
    await removeTree(directory);
  }
}

/** Lays out a plugin: the files, and what it needs besides. */
export function layOutPlugin(directory: string, files: ReadonlyMap<string, BundleTreeFile>): void {
  const manifest = {
    apiVersion: 'troupe.plugin/v1',
    name: 'any',
    version: '1.0.0',
    kinds: ['operations'],
    run: { node: 'main.js' },
  };
  const own: [string, BundleTreeFile][] = [
    ['plugin.json', { contents: { bytes: Buffer.from(JSON.stringify(manifest)), times: 1 }, isExecutable: false }],
    ['main.js', { contents: { bytes: Buffer.from('1'), times: 1 }, isExecutable: false }],
  ];
  for (const [path, { contents, isExecutable }] of [...files, ...own]) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), Buffer.alloc(contents.bytes.length * contents.times, contents.bytes));
    chmodSync(join(directory, path), isExecutable ? 0o755 : 0o644);
  }
}

/** All files below a directory: contents, and whether they can be executed. */
export function snapshot(directory: string): ReadonlyMap<string, string> {
  const entries = existsSync(directory) ? readdirSync(directory, { recursive: true, withFileTypes: true }) : [];
  const files = entries.filter((each) => !each.isDirectory()).map((each) => join(each.parentPath, each.name));
  return new Map(
    files.sort().map((path) => {
      const isExecutable = (statSync(path).mode & 0o100) !== 0;
      return [relative(directory, path), `${isExecutable ? 'x' : '-'} ${readFileSync(path).toString('base64')}`];
    }),
  );
}

/** A store. */
export function storeAt(root: string, options: Partial<ArtifactStoreOptions> = {}): ArtifactStore {
  return createArtifactStore({ environment: createManualEnvironment(), ...options, root });
}
