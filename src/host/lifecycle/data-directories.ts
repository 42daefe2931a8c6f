import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** Where plugins keep their own files. */
export interface DataDirectories {
  /** Path of a plugin's directory. */
  pathOf(plugin: string): string;
  /** Makes it, when it is not there. */
  prepare(plugin: string): Promise<void>;
  /** Removes it with all that is in it. */
  remove(plugin: string): Promise<void>;
}

/** One directory for each plugin below a root, which only this user can enter. Names of plugins are names of files. */
export function createDataDirectories(root: string): DataDirectories {
  const pathOf = (plugin: string): string => join(resolve(root), plugin);
  return {
    pathOf,
    async prepare(plugin) {
      await mkdir(pathOf(plugin), { recursive: true, mode: 0o700 });
    },
    async remove(plugin) {
      await rm(pathOf(plugin), { recursive: true, force: true });
    },
  };
}
