import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';

/** Adds `troupe plugin quarantine`. */
export function addPluginQuarantineCommand(program: Command): void {
  adminCommand(program, 'quarantine', 'stop a plugin and keep it from starting until it is reset')
    .argument('<plugin>', 'its name', parsePluginName)
    .requiredOption('--reason <text>', 'why, for the audit')
    .action(async (name: string, { reason, ...flags }: AdminFlags & { readonly reason: string }) => {
      const { showOperation } = await import('../admin/show-operation.ts');
      await showOperation(flags, ({ service, asUser }) => service.quarantinePlugin({ name, reason }, asUser));
    });
}
