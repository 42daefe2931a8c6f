import type { Command } from 'commander';
import { adminCommand } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { jsonLine } from '../json-line.ts';

/** Adds `troupe plugin reload`. */
export function addPluginReloadCommand(program: Command): void {
  adminCommand(program, 'reload', 'let the host read its configuration again').action(
    async ({ data, json = false }: AdminFlags) => {
      const { answerOf, withAdmin } = await import('../admin/admin-client.ts');
      const { applied, pending } = answerOf(
        await withAdmin(data, ({ service, asUser }) => service.reloadConfiguration({}, asUser)),
      );
      if (json) {
        process.stdout.write(jsonLine({ applied, pending }));
        return;
      }
      const lines = [
        ...applied.map((setting) => `${setting} holds from now on`),
        ...pending.map(({ setting, when }) => `${setting} has changed, and holds ${when}`),
      ];
      process.stdout.write(`${lines.length === 0 ? 'nothing has changed' : lines.join('\n')}\n`);
    },
  );
}
