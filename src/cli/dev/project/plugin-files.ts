// Which files of a project make the plugin, and a copy of them as a host would have it.

import { copyFile, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { RuntimeError } from '../../../errors/index.ts';
import { DEFAULT_BUNDLE_LIMITS } from '../../../host/index.ts';
import type { LoadedManifest } from '../../../host/index.ts';
import { ignoredIn } from '../watch/ignored.ts';
import type { ProjectFacts } from './project-facts.ts';
import { manifestOf } from './toolchains.ts';

/**
 * Paths of the plugin's files, from its directory, sorted. Of a plugin that is built: its manifest, what the manifest
 * starts, what the build has written, and the migrations. Of one that is not: everything that is no tool's.
 */
export async function pluginFiles(facts: ProjectFacts, isBuilt: boolean): Promise<readonly string[]> {
  const { directory, loaded } = facts;
  const { run, build, migrations } = manifestOf(facts);
  const named = [run.node, run.command].filter((path) => path !== undefined && path.includes('/')) as string[];
  const entry = run.node === undefined ? named : [...named, run.node];
  const roots = isBuilt
    ? [...entry, build?.output ?? 'dist', ...(migrations === undefined ? [] : [migrations.directory])]
    : ['.', ...entry];
  const isIgnored = ignoredIn({ directory });
  const found = new Set([basename((loaded as LoadedManifest).file)]);
  for (const root of roots) {
    const path = resolve(directory, root);
    // What is outside cannot come along; where it must, the start of the plugin says so.
    if (!isWithin(directory, path)) continue;
    const skips = isBuilt ? () => false : isIgnored;
    for (const file of await filesBelow(path, skips)) {
      found.add(relative(directory, file).split(sep).join('/'));
      if (found.size > DEFAULT_BUNDLE_LIMITS.maxEntries) throw tooMany(directory);
    }
  }
  return [...found].sort();
}

/** Copies the files to a directory that is made anew. */
export async function copyPlugin(directory: string, files: readonly string[], target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  for (const file of files) {
    const to = join(target, file);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(join(directory, file), to);
  }
}

async function filesBelow(path: string, isIgnored: (path: string, kind?: 'file' | 'directory') => boolean) {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return [];
  if (stats.isFile()) return [path];
  const files: string[] = [];
  const waiting = [path];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    for (const name of await readdir(folder)) {
      const inner = join(folder, name);
      // Links are not followed: what they lead to may be anything.
      const entry = await lstat(inner);
      if (isIgnored(inner, entry.isDirectory() ? 'directory' : 'file')) continue;
      if (entry.isDirectory()) waiting.push(inner);
      else if (entry.isFile()) files.push(inner);
      if (files.length > DEFAULT_BUNDLE_LIMITS.maxEntries) throw tooMany(path);
    }
  }
  return files;
}

function isWithin(directory: string, path: string): boolean {
  const inner = relative(directory, path);
  return inner !== '..' && !inner.startsWith(`..${sep}`) && !isAbsolute(inner);
}

function tooMany(directory: string): RuntimeError {
  const { maxEntries } = DEFAULT_BUNDLE_LIMITS;
  return new RuntimeError('BUILD_OUTPUT_REFUSED', `${directory} has more than ${maxEntries} files for the plugin`);
}
