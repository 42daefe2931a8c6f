import type { Command } from 'commander';
import { pluginGroup } from './plugin-group.ts';
import { jsonLine } from '../json-line.ts';

/** Adds `troupe plugin diff`. */
export function addPluginDiffCommand(program: Command): void {
  pluginGroup(program)
    .command('diff')
    .description('show how the permissions of two versions of a plugin differ')
    .argument('<before>', 'a directory with a manifest, or a bundle')
    .argument('<after>', 'another one')
    .option('--json', 'print one JSON object and nothing else')
    .showHelpAfterError('try: troupe plugin diff --help')
    .action(async (before: string, after: string, { json = false }: { readonly json?: boolean }) => {
      const { diffPlugins, diffText } = await import('../dev/diff-plugins.ts');
      const diff = await diffPlugins(before, after);
      process.stdout.write(json ? jsonLine(diff) : diffText(diff));
    });
}
