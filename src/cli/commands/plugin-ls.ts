import type { Command } from 'commander';
import { adminCommand } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { jsonLine } from '../json-line.ts';

/** Adds `troupe plugin ls`. */
export function addPluginLsCommand(program: Command): void {
  adminCommand(program, 'ls', 'list the installed plugins').action(async ({ data, json = false }: AdminFlags) => {
    const { answerOf, withAdmin } = await import('../admin/admin-client.ts');
    const { pluginJson, pluginTable } = await import('../admin/plugin-view.ts');
    const { terminalWidth } = await import('../admin/fitted-table.ts');
    const { styleFor } = await import('../style.ts');
    const { plugins } = answerOf(await withAdmin(data, ({ service }) => service.listPlugins({})));
    if (json) process.stdout.write(jsonLine({ plugins: plugins.map(pluginJson) }));
    else if (plugins.length === 0) process.stdout.write('no plugin is installed; troupe plugin install adds one\n');
    else process.stdout.write(`${pluginTable(plugins, terminalWidth(), styleFor(process.stdout)).join('\n')}\n`);
  });
}
