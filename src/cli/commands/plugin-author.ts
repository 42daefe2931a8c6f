// The commands for those who write plugins, in the order in which the help shows them.

import type { Command } from 'commander';
import { addPluginDevCommand } from './plugin-dev.ts';
import { addPluginDiffCommand } from './plugin-diff.ts';
import { addPluginInitCommand } from './plugin-init.ts';
import { addPluginTestCommand } from './plugin-test.ts';
import { pluginGroup } from './plugin-group.ts';

/** Adds them all. `finish` gets the exit code, `version` is that of this package. */
export function addPluginAuthorCommands(program: Command, finish: (exitCode: number) => void, version: string): void {
  pluginGroup(program).commandsGroup('To write a plugin:');
  addPluginInitCommand(program, version);
  addPluginDevCommand(program, finish);
  addPluginTestCommand(program, finish);
  addPluginDiffCommand(program);
}
