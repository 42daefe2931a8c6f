import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** How a program is started. */
export interface PluginCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * How a plugin of the demo is started: the TypeScript file when this program runs from its sources, else the
 * JavaScript file that was built from it. Both are found from the top of the package: the build moves this file.
 */
export function pluginCommand(
  name: string,
  ownUrl: string = import.meta.url,
  packageFile: string = createRequire(ownUrl).resolve('troupe/package.json'),
): PluginCommand {
  const fromSource = ownUrl.endsWith('.ts');
  const [folder, ending] = fromSource ? ['src', 'ts'] : ['dist', 'js'];
  const file = join(dirname(packageFile), folder, 'cli', 'demo', 'plugins', `${name}.${ending}`);
  return { command: process.execPath, args: fromSource ? ['--conditions=source', file] : [file] };
}
