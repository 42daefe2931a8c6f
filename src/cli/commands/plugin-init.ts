import { Option } from 'commander';
import type { Command } from 'commander';
import type { TemplateName } from '../dev/init/init-plugin.ts';
import { pluginGroup } from './plugin-group.ts';

interface InitFlags {
  readonly template: TemplateName;
  readonly name?: string;
  readonly force?: boolean;
}

/** Adds `troupe plugin init`. `version` is that of this package. */
export function addPluginInitCommand(program: Command, version: string): void {
  pluginGroup(program)
    .command('init')
    .description('write a plugin to begin with')
    .argument('[dir]', 'where it goes', '.')
    .addOption(new Option('--template <name>', 'its language').choices(['typescript', 'go']).default('typescript'))
    .option('--name <name>', "its name (default: made of the directory's)")
    .option('--force', 'write over files that exist')
    .showHelpAfterError('try: troupe plugin init --help')
    .action(async (directory: string, flags: InitFlags) => {
      const { initPlugin } = await import('../dev/init/init-plugin.ts');
      const { name, files, next } = await initPlugin({ ...flags, directory, version });
      const list = files.map((file) => `  ${file}\n`).join('');
      const steps = next.map((step) => `  ${step}\n`).join('');
      process.stdout.write(`wrote the plugin ${name} to ${directory}:\n${list}next:\n${steps}`);
    });
}
