import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { statSync } from 'node:fs';
import type { Language } from '../dev/project/toolchains.ts';
import { parsePath } from '../admin/admin-command.ts';
import { pluginGroup } from './plugin-group.ts';

interface DevFlags {
  readonly host?: string;
  readonly watch: boolean;
  readonly buildOnly?: boolean;
  readonly lang: Language | 'auto';
  readonly logs?: boolean;
  readonly yes?: boolean;
  readonly token?: string;
  readonly data?: string;
}

const DETAILS = `
The host is one that was started with: troupe run --data DIR --ops 0 --dev
It is found by its data directory: that of --data, else $TROUPE_DATA, else
~/.local/share/troupe. When none runs there, and --data was not given, it is
looked for at http://localhost:8080. The token is, in this order: --token, the
variable TROUPE_DEV_TOKEN, the file ops.token of the host's data directory.

What builds the plugin is told by the files of the directory, or by --lang:
  ts, js    package.json, tsconfig.json, or run.node of the manifest; built
            when it has build.entry
  go        go.mod: go build -o <run.command> .
  tinygo    go.mod, when the manifest prefers the placement wasm:
            tinygo build -target=wasi
  rust      Cargo.toml: cargo build --target wasm32-wasi --release
A manifest with build.command says it itself.

Permissions are shown when they change: = as it was, + added, - removed. An
added one that is sensitive is not uploaded before you consent.

Exit code 0: ended by Ctrl+C, or done. 1: the first build or upload failed.
2: the command line cannot be understood.`;

/** Adds `troupe plugin dev`. `finish` gets the exit code. */
export function addPluginDevCommand(program: Command, finish: (exitCode: number) => void): void {
  pluginGroup(program)
    .command('dev')
    .description('build a plugin, run it in a host, and do so again at each change')
    .argument('<dir>', 'the directory with the manifest', parseDirectory)
    .option('--host <url>', 'address of the host (default: that of the host that runs on the data directory)')
    .option('--watch', 'go on at each change', true)
    .option('--no-watch', 'build and upload once')
    .option('--build-only', 'build once, and upload nothing')
    .addOption(
      new Option('--lang <lang>', 'what builds the plugin')
        .choices(['auto', 'ts', 'js', 'go', 'tinygo', 'rust'])
        .default('auto'),
    )
    .addOption(new Option('--logs', 'print what the plugin logs').conflicts('buildOnly'))
    .option('--yes', 'consent to every permission')
    .option('--token <token>', 'the token of the host')
    .option('--data <dir>', "the host's data directory, for its address and its token", parsePath)
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe plugin dev --help')
    .action(async (directory: string, flags: DevFlags, command: Command) => {
      if (flags.logs === true && !flags.watch) command.error('error: --logs needs --watch');
      const { parseHost } = await import('../dev/upload/host-address.ts');
      const host = flags.host === undefined ? undefined : parsedHost(flags.host, parseHost, command);
      const { startDev } = await import('../dev/start-dev.ts');
      finish(await startDev({ ...flags, directory, host }));
    });
}

function parseDirectory(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return path;
  throw new InvalidArgumentError('it is not a directory');
}

/** A wrong address is a mistake of the command line, and ends as one. */
function parsedHost(text: string, parse: (text: string) => string, command: Command): string {
  try {
    return parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message.replace(/^\[[A-Z_]+\] /, '') : String(error);
    return command.error(`error: ${problem}`);
  }
}
