import type { Command } from 'commander';
import { adminCommand, parseWord } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';
import { jsonLine } from '../json-line.ts';

const WORDS = ['trace', 'debug', 'info', 'warn', 'error', 'default'] as const;

/** Adds `troupe plugin log-level`. */
export function addPluginLogLevelCommand(program: Command): void {
  adminCommand(program, 'log-level', 'set what is logged, until the next reload or the end of the host')
    .argument('<level>', 'trace, debug, info, warn or error; default takes back what was set', parseWord(WORDS))
    .argument('[plugin]', 'its name, or @host (default: all that have no level of their own)')
    .action(async (word: (typeof WORDS)[number], plugin: string | undefined, { data, json = false }: AdminFlags) => {
      const { answerOf, withAdmin } = await import('../admin/admin-client.ts');
      const request = { plugin: plugin ?? '', level: word === 'default' ? '' : word };
      const { level, plugins } = answerOf(
        await withAdmin(data, ({ service, asUser }) => service.setLogLevel(request, asUser)),
      );
      const lines = [`all others: ${level}`, ...plugins.map((own) => `${own.plugin}: ${own.level}`)].reverse();
      process.stdout.write(json ? jsonLine({ level, plugins }) : `${lines.join('\n')}\n`);
    });
}
