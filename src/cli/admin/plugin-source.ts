import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import type { PluginSource } from '../../gen/troupe/admin/v1/admin.ts';

/**
 * What a word on the command line means: an address, else the path of a directory or of an archive.
 *
 * @throws BUNDLE_NOT_FOUND when there is nothing at the path
 */
export async function sourceOf(word: string): Promise<PluginSource> {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(word)) return { source: { $case: 'url', value: word } };
  const path = resolve(word);
  try {
    const isDirectory = (await stat(path)).isDirectory();
    return { source: { $case: isDirectory ? 'directory' : 'archive', value: path } };
  } catch (cause) {
    throw new RuntimeError('BUNDLE_NOT_FOUND', `there is nothing at ${path}`, { cause });
  }
}
