// The commands, and what becomes of errors.
//
// Invariants:
//   P1. Exit code 0: done. 1: it failed. 2: the command line cannot be understood. 130 and 143: ended by a signal.
//   P2. Standard output carries results only; errors and hints go to standard error.
//   P3. A command's own code is loaded when that command runs: `troupe --version` loads no gRPC.

import { Command, CommanderError } from 'commander';
import { addDemoCommand } from './commands/demo.ts';
import { addPluginAdminCommands } from './commands/plugin-admin.ts';
import { addPluginAuthorCommands } from './commands/plugin-author.ts';
import { addPluginBuildCommand } from './commands/plugin-build.ts';
import { addPluginKeygenCommand } from './commands/plugin-keygen.ts';
import { addPluginPackCommand } from './commands/plugin-pack.ts';
import { addPluginSignCommand } from './commands/plugin-sign.ts';
import { addPluginVerifyCommand } from './commands/plugin-verify.ts';
import { addRunCommand } from './commands/run.ts';
import { errorText } from './error-text.ts';
import { version } from './package-version.ts';

const FAILED = 1;
const MISUSED = 2;

const EXAMPLES = `
Examples:
  troupe demo               plugins at work: a crash, a kill, events, an update
  troupe run troupe.yaml    runs your plugins until Ctrl+C
  troupe run --check FILE   says what is wrong with a file and starts nothing
  troupe run --data DIR     a host that keeps its plugins, for:
  troupe plugin --help      the commands that write and manage plugins

Set TROUPE_DEBUG=1 to see where an error comes from.`;

/** Runs one command line, without `node` and the script. Settles with the exit code; never rejects. */
export async function runProgram(args: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  let exitCode = 0;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args.length === 0 ? ['--help'] : [...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has written its message by now; help and version end with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSED;
    process.stderr.write(errorText(error));
    return FAILED;
  }
}

/** @internal The commands. `finish` gets the exit code of the one that runs. */
export function createProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('troupe')
    // Else `plugin rollback kv --version 1.0.0` would print the version of this program.
    .enablePositionalOptions()
    .description('Hosts plugins: supervised processes that speak the wire protocol of HashiCorp go-plugin.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .showHelpAfterError('try: troupe --help')
    .configureHelp({ subcommandTerm })
    .configureOutput({ outputError: (text, write) => write(misuseText(text)) });
  addDemoCommand(program, finish);
  addRunCommand(program, finish);
  addPluginAuthorCommands(program, finish, version());
  addPluginBuildCommand(program, finish);
  addPluginPackCommand(program, finish);
  addPluginSignCommand(program, finish);
  addPluginVerifyCommand(program, finish);
  addPluginKeygenCommand(program);
  addPluginAdminCommands(program, finish);
  return program;
}

/** A command in a list, without `[options]`: every command has some, and the texts beside them need the room. */
function subcommandTerm(command: Command): string {
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(' ');
}

/**
 * commander says `error: unknown option '--jsn'` and on a second line `(Did you mean --json?)`, and of values two
 * sentences: `option '--ops <port>' argument 'x' is invalid. It must be …`.
 */
function misuseText(text: string): string {
  const [first = '', hint] = text.trim().split('\n');
  const problem = first.replace(
    /( is invalid[^.]*)\. (.)/,
    (_, what: string, why: string) => `${what}: ${why.toLowerCase()}`,
  );
  const question = hint === undefined ? '' : ` ${hint.replace('(Did', '(did')}`;
  return `error [INVALID_OPTIONS]: ${problem.replace(/^error: /, '').replace(/\.$/, '')}${question}\n`;
}

/** A reader that went away (`troupe demo | head`) loses output and nothing else: plugins are still stopped in order. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
