import type { Command } from 'commander';
import { adminCommand, collect, parsePath } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';

interface InstallFlags extends AdminFlags {
  readonly activate?: boolean;
  readonly consent: readonly string[];
  readonly consentAll?: boolean;
  readonly allowDowngrade?: boolean;
}

/** Adds `troupe plugin install`. */
export function addPluginInstallCommand(program: Command): void {
  adminCommand(program, 'install', 'install a plugin from a directory, an archive or a URL')
    .argument('<source>', 'path of a directory or an archive, or an address that begins with https://', parsePath)
    .option('--activate', 'start it at once')
    .option('--consent <permission>', 'consent to a sensitive permission; repeatable', collect, [])
    .option('--consent-all', 'consent to whatever it asks for')
    .option('--allow-downgrade', 'install a version below the highest that ever was')
    .action(async (source: string, { activate = false, ...flags }: InstallFlags) => {
      const { sourceOf } = await import('../admin/plugin-source.ts');
      const { showOperation } = await import('../admin/show-operation.ts');
      const { consent, consentAll = false, allowDowngrade = false } = flags;
      const request = { source: await sourceOf(source), consent: [...consent], consentAll, allowDowngrade, activate };
      await showOperation(flags, ({ service, asUser }) => service.installPlugin(request, asUser));
    });
}
