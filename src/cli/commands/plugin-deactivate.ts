import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { addDependentsFlag } from '../admin/dependents-flag.ts';
import type { DependentsFlag } from '../admin/dependents-flag.ts';

/** Adds `troupe plugin deactivate`. */
export function addPluginDeactivateCommand(program: Command): void {
  addDependentsFlag(adminCommand(program, 'deactivate', 'stop a plugin; it stays installed'))
    .argument('<plugin>', 'its name', parsePluginName)
    .action(async (name: string, { dependents, ...flags }: AdminFlags & DependentsFlag) => {
      const { dependentsOf } = await import('../admin/dependents-message.ts');
      const { showOperation } = await import('../admin/show-operation.ts');
      const request = { name, dependents: dependentsOf(dependents) };
      await showOperation(flags, ({ service, asUser }) => service.deactivatePlugin(request, asUser));
    });
}
