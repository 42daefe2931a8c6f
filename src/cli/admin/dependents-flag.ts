import type { Command } from 'commander';
import { parseWord } from './admin-command.ts';

/** What happens to active plugins that need one that is to be stopped. */
export const DEPENDENTS_WORDS = ['refuse', 'cascade', 'ignore'] as const;

/** The flag of commands that stop a plugin. */
export interface DependentsFlag {
  readonly dependents: (typeof DEPENDENTS_WORDS)[number];
}

/** Adds the flag. */
export function addDependentsFlag(command: Command): Command {
  return command.option(
    '--dependents <policy>',
    'plugins that need it: refuse to go on, cascade to stop them first, or ignore them',
    parseWord(DEPENDENTS_WORDS),
    'refuse',
  );
}
