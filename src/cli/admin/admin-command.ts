import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { pluginGroup } from '../commands/plugin-group.ts';

/** The flags of every command that talks to a running host. */
export interface AdminFlags {
  readonly data?: string;
  readonly json?: boolean;
}

/** Adds a command `troupe plugin NAME` with the flags that all of them have. */
export function adminCommand(program: Command, name: string, description: string): Command {
  return withAdminFlags(pluginGroup(program).command(name), `plugin ${name}`).description(description);
}

/** Adds the flags to a command, and the hint after mistakes. */
export function withAdminFlags(command: Command, path: string): Command {
  return command
    .option('--data <dir>', 'data directory of the host (default: $TROUPE_DATA, else ~/.local/share/troupe)', parsePath)
    .option('--json', 'print JSON and nothing else')
    .showHelpAfterError(`try: troupe ${path} --help`);
}

/** Reads the name of a plugin from a command line. */
export function parsePluginName(text: string): string {
  if (/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError('it must be 1 to 128 letters, digits, ".", "_" or "-"');
}

/** Reads a path from a command line. An empty one is a variable of a script that was not set, and means no directory. */
export function parsePath(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('it must not be empty');
}

/** Reads a whole number from a command line. */
export function parseWhole(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= minimum && value <= maximum) return value;
    throw new InvalidArgumentError(`it must be a whole number from ${minimum} to ${maximum}`);
  };
}

/** Reads one of some words from a command line. */
export function parseWord<const Word extends string>(words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`it must be one of ${words.join(', ')}`);
  };
}

/** Adds a value of a repeatable option. */
export function collect(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
