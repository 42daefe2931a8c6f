import type { Command } from 'commander';
import { adminCommand, collect, parsePath, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';

interface UpdateFlags extends AdminFlags {
  readonly consent: readonly string[];
  readonly consentAll?: boolean;
  readonly allowDowngrade?: boolean;
}

/** Adds `troupe plugin update`. */
export function addPluginUpdateCommand(program: Command): void {
  adminCommand(program, 'update', 'change to another version while the plugin goes on working')
    .argument('<plugin>', 'its name', parsePluginName)
    .argument('<source>', 'path of a directory or an archive, or an address that begins with https://', parsePath)
    .option('--consent <permission>', 'consent to a sensitive permission; repeatable', collect, [])
    .option('--consent-all', 'consent to whatever it asks for')
    .option('--allow-downgrade', 'change to a version below the highest that ever was')
    .action(async (name: string, source: string, flags: UpdateFlags) => {
      const { sourceOf } = await import('../admin/plugin-source.ts');
      const { showOperation } = await import('../admin/show-operation.ts');
      const { consent, consentAll = false, allowDowngrade = false } = flags;
      const request = { name, source: await sourceOf(source), consent: [...consent], consentAll, allowDowngrade };
      await showOperation(flags, ({ service, asUser }) => service.updatePlugin(request, asUser));
    });
}
