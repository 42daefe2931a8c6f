import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { jsonLine } from '../json-line.ts';

/** Adds `troupe plugin show`. */
export function addPluginShowCommand(program: Command): void {
  adminCommand(program, 'show', 'show one plugin with its versions, permissions and last failure')
    .argument('<plugin>', 'its name', parsePluginName)
    .action(async (name: string, { data, json = false }: AdminFlags) => {
      const { answerOf, withAdmin } = await import('../admin/admin-client.ts');
      const { pluginDetails, pluginJson } = await import('../admin/plugin-view.ts');
      const { plugin } = answerOf(await withAdmin(data, ({ service }) => service.getPlugin({ name })));
      if (plugin === undefined) return;
      process.stdout.write(json ? jsonLine({ plugin: pluginJson(plugin) }) : pluginDetails(plugin));
    });
}
