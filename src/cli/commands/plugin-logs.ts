import type { Command } from 'commander';
import { adminCommand, parseWhole, parseWord } from '../admin/admin-command.ts';
import type { AdminFlags } from '../admin/admin-command.ts';

interface LogFlags extends AdminFlags {
  readonly follow?: boolean;
  readonly lines?: number;
  readonly after?: number;
  readonly level?: string;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
const MOST_LINES = 10_000;

const DETAILS = `
With --follow the command goes on where it was when the host is started again.
Lines that came faster than they could be shown are counted in their place. With
--json each line is an object of its own; its "cursor" is what --after takes.
Ctrl+C ends it with exit code 0.`;

/** Adds `troupe plugin logs`. `finish` gets the exit code. */
export function addPluginLogsCommand(program: Command, finish: (exitCode: number) => void): void {
  adminCommand(program, 'logs', 'show what plugins have logged')
    .argument('[plugin]', "its name, or @host for the host's own lines (default: all)")
    .option('-f, --follow', 'go on with lines as they come')
    .option('-n, --lines <count>', 'the last lines (default: 100)', parseWhole(1, MOST_LINES))
    .option('--after <cursor>', 'lines after this place', parseWhole(1, Number.MAX_SAFE_INTEGER))
    .option('--level <level>', 'the least important level', parseWord(LEVELS))
    .addHelpText('after', DETAILS)
    .action(async (plugin: string | undefined, { data, json = false, ...flags }: LogFlags) => {
      const { showLogs } = await import('../admin/show-logs.ts');
      await showLogs({ data, json, plugin, ...flags });
      finish(0);
    });
}
