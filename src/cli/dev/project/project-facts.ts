// What a directory says about the plugin in it, as plain values, so that everything that decides by it is pure.

import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRuntimeError } from '../../../errors/index.ts';
import { readManifest } from '../../../host/index.ts';
import type { LoadedManifest } from '../../../host/index.ts';

/** Files by which a toolchain is recognised. */
export const MARKERS = ['package.json', 'tsconfig.json', 'go.mod', 'Cargo.toml'] as const;

/** Name of such a file. */
export type Marker = (typeof MARKERS)[number];

/** A directory, as far as it is known. */
export interface ProjectFacts {
  /** Absolute path. */
  readonly directory: string;
  readonly markers: readonly Marker[];
  /** Undefined when there is no manifest; a build needs one. */
  readonly loaded: LoadedManifest | undefined;
}

/** Looks at a directory. Rejects with MANIFEST_INVALID; a missing manifest is no error yet. */
export async function readProject(directory: string): Promise<ProjectFacts> {
  const found = await Promise.all(MARKERS.map((name) => isFile(join(directory, name))));
  return { directory, markers: MARKERS.filter((_, index) => found[index]), loaded: await manifestIn(directory) };
}

/** A directory of that name is none. */
async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

async function manifestIn(directory: string): Promise<LoadedManifest | undefined> {
  try {
    return await readManifest(directory);
  } catch (error) {
    if (isRuntimeError(error) && error.code === 'MANIFEST_NOT_FOUND') return undefined;
    throw error;
  }
}
