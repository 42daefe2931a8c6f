import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';

/** Adds `troupe plugin reset`. */
export function addPluginResetCommand(program: Command): void {
  adminCommand(program, 'reset', 'let a plugin leave errored or quarantined')
    .argument('<plugin>', 'its name', parsePluginName)
    .action(async (name: string, flags: AdminFlags) => {
      const { showOperation } = await import('../admin/show-operation.ts');
      await showOperation(flags, ({ service, asUser }) => service.resetPlugin({ name }, asUser));
    });
}
