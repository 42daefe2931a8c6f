import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';

/** Adds `troupe plugin rollback`. */
export function addPluginRollbackCommand(program: Command): void {
  adminCommand(program, 'rollback', 'change to a version that is kept, back or forward')
    .argument('<plugin>', 'its name', parsePluginName)
    .option('--to <version>', 'the version (default: the newest that is kept)')
    .action(async (name: string, { to = '', ...flags }: AdminFlags & { readonly to?: string }) => {
      const { showOperation } = await import('../admin/show-operation.ts');
      await showOperation(flags, ({ service, asUser }) => service.rollbackPlugin({ name, version: to }, asUser));
    });
}
