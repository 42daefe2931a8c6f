// A plugin as a host would have it: its files alone, in a directory of its own, without what is installed around it.

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RuntimeError } from '../../../errors/index.ts';
import { provideSdk, unpackBundle } from '../../../host/index.ts';
import { runToolchain } from '../project/build-project.ts';
import type { BuildPorts } from '../project/build-project.ts';
import { detectToolchain } from '../project/detect.ts';
import { copyPlugin, pluginFiles } from '../project/plugin-files.ts';
import { readProject } from '../project/project-facts.ts';
import { TOOLCHAINS } from '../project/toolchains.ts';

/** Where it lies. Whoever has it staged removes it. */
export interface StagedCopy {
  readonly directory: string;
  remove(): Promise<void>;
}

/** Builds what is in a directory and copies it, or unpacks a bundle. Rejects as builds do, and as bundles are refused. */
export async function stagePlugin(path: string, ports: BuildPorts, signal: AbortSignal): Promise<StagedCopy> {
  const given = resolve(path);
  const stats = await stat(given).catch(() => undefined);
  if (stats === undefined) throw new RuntimeError('MANIFEST_NOT_FOUND', `${path} does not exist`);
  const root = await mkdtemp(join(tmpdir(), 'troupe-test-'));
  const remove = (): Promise<void> => rm(root, { recursive: true, force: true });
  try {
    await provideSdk(root);
    if (!stats.isDirectory()) {
      const { directory } = await unpackBundle(await readFile(given), undefined, root);
      return { directory, remove };
    }
    const facts = await readProject(given);
    const toolchain = detectToolchain(facts, 'auto');
    const isBuilt = TOOLCHAINS[toolchain].steps(facts, ports.self).length > 0;
    await runToolchain(facts, toolchain, ports, signal);
    const directory = join(root, 'plugin');
    await copyPlugin(given, await pluginFiles(facts, isBuilt), directory);
    return { directory, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
