import type { Command } from 'commander';

/** The group `troupe plugin`, to which each of its commands adds itself; the first one makes it. */
export function pluginGroup(program: Command): Command {
  const present = program.commands.find((command) => command.name() === 'plugin');
  if (present !== undefined) return present;
  return program
    .command('plugin')
    .description('write plugins, and manage those of a running host')
    .showHelpAfterError('try: troupe plugin --help');
}
