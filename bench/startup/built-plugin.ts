import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Workshop } from '../plugins/workshop.ts';

const run = promisify(execFile);

/**
 * The workshop's plugin as `troupe plugin build` makes it: the path of the file to start. Built once for a workshop.
 * Undefined when the command says that it cannot, because the optional tool that it needs is not installed. Rejects
 * when the build brings no compiled code along, which is the point of it.
 */
export async function buildPlugin({ directory, troupePlugin }: Workshop): Promise<string | undefined> {
  const output = join(directory, 'built');
  const file = join(output, 'main.cjs');
  const command = join(directory, 'dist', 'cli', 'main.js');
  try {
    await run(process.execPath, [command, 'plugin', 'build', troupePlugin, '--out', output]);
  } catch (error) {
    if (error instanceof Error && error.message.includes('BUILD_TOOL_MISSING')) return undefined;
    throw error;
  }
  if (!existsSync(join(output, 'cache'))) throw new Error('the build of the plugin left no compiled code');
  return file;
}
