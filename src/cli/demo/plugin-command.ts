import { fileURLToPath } from 'node:url';

/** How a program is started. */
export interface PluginCommand {
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * How a plugin of the demo is started: the TypeScript file when this program runs from its sources, else the
 * JavaScript file beside it.
 */
export function pluginCommand(name: string, ownUrl: string = import.meta.url): PluginCommand {
  const fromSource = ownUrl.endsWith('.ts');
  const file = fileURLToPath(new URL(`./plugins/${name}.${fromSource ? 'ts' : 'js'}`, ownUrl));
  return { command: process.execPath, args: fromSource ? ['--conditions=source', file] : [file] };
}
