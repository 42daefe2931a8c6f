import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';

/** Adds `troupe plugin activate`. */
export function addPluginActivateCommand(program: Command): void {
  adminCommand(program, 'activate', 'start an installed plugin, now and after each start of the host')
    .argument('<plugin>', 'its name', parsePluginName)
    .action(async (name: string, flags: AdminFlags) => {
      const { showOperation } = await import('../admin/show-operation.ts');
      await showOperation(flags, ({ service, asUser }) => service.activatePlugin({ name }, asUser));
    });
}
