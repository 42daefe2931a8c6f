import type { Command } from 'commander';

/** The group `troupe plugin`, to which each of its commands adds itself; the first one makes it. */
export function pluginGroup(program: Command): Command {
  const present = program.commands.find((command) => command.name() === 'plugin');
  return present ?? program.command('plugin').description('build plugins, and manage those of a running host');
}
