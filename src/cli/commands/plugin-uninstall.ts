import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { addDependentsFlag } from '../admin/dependents-flag.ts';
import type { DependentsFlag } from '../admin/dependents-flag.ts';

interface UninstallFlags extends AdminFlags, DependentsFlag {
  readonly removeData?: boolean;
  readonly yes?: boolean;
}

/** Adds `troupe plugin uninstall`. `finish` gets the exit code of somebody who thinks better of it. */
export function addPluginUninstallCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = addDependentsFlag(adminCommand(program, 'uninstall', 'remove a plugin'))
    .argument('<plugin>', 'its name', parsePluginName)
    .option('--remove-data', 'remove its data, too; it cannot be had back')
    .option('-y, --yes', 'do not ask');
  command.action(async (name: string, flags: UninstallFlags) => {
    const { dependents, removeData = false, yes = false } = flags;
    const { confirmed } = await import('../admin/confirm.ts');
    const { dependentsOf } = await import('../admin/dependents-message.ts');
    const { showOperation } = await import('../admin/show-operation.ts');
    const agreed = yes || (await confirmed(`uninstall ${name}${removeData ? ' and remove its data' : ''}?`));
    // Programs must say that they mean it; a question that nobody sees would hang them.
    if (agreed === undefined)
      command.error('error: uninstall asks before it removes; say --yes where nobody can answer');
    if (agreed !== true) {
      process.stderr.write('nothing was removed\n');
      return finish(1);
    }
    const request = { name, removeData, dependents: dependentsOf(dependents) };
    await showOperation(flags, ({ service, asUser }) => service.uninstallPlugin(request, asUser), {
      text: () => `${name} is uninstalled`,
    });
  });
}
