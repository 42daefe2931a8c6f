import type { Command } from 'commander';
import { adminCommand, parsePluginName } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { jsonLine } from '../json-line.ts';

/** Adds `troupe plugin contracts`. */
export function addPluginContractsCommand(program: Command): void {
  adminCommand(program, 'contracts', 'list what the running plugins offer: services, operations, steps, events')
    .argument('[plugin]', 'only this one', parsePluginName)
    .action(async (name: string | undefined, { data, json = false }: AdminFlags) => {
      const { answerOf, withAdmin } = await import('../admin/admin-client.ts');
      const { contractsJson, contractsText } = await import('../admin/contracts-view.ts');
      const { RuntimeError } = await import('../../errors/index.ts');
      const all = answerOf(await withAdmin(data, ({ service }) => service.listContracts({}))).plugins;
      const wanted = name === undefined ? all : all.filter(({ plugin }) => plugin === name);
      if (name !== undefined && wanted.length === 0) {
        throw new RuntimeError('PLUGIN_UNAVAILABLE', `no plugin "${name}" runs on this host`);
      }
      process.stdout.write(json ? jsonLine({ plugins: wanted.map(contractsJson) }) : contractsText(wanted));
    });
}
