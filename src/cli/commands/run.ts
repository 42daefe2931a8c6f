import type { Command } from 'commander';
import { statSync } from 'node:fs';
import { parsePath, parseWhole } from '../admin/admin-command.ts';

interface RunFlags {
  readonly check?: boolean;
  readonly data?: string;
  readonly config?: string;
  readonly ops?: number;
  readonly dev?: boolean;
}

const HIGHEST_PORT = 65_535;

const DETAILS = `
A file for one plugin:
  plugins:
    - name: kv
      command: ./kv-plugin        # with a slash: relative to the file
      args: [--verbose]
      config: { table: users }    # given to the plugin before its first call

With --data there is no file of plugins: the host keeps what "troupe plugin
install" brings, and starts it again after each start of its own. Its settings
are in DIR/host.yaml, which may be missing; SIGHUP or "troupe plugin reload"
lets it read them again.

Ctrl+C or SIGTERM stops the plugins in order; a second one ends them by force.`;

/** Adds `troupe run`. `finish` gets the exit code. */
export function addRunCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('run')
    .description('run the plugins that a YAML file names, or a host that keeps its plugins in a directory')
    .argument('[file]', 'the file, often troupe.yaml')
    .option('--check', 'only say whether the file is valid')
    .option('--data <dir>', 'run a host that keeps everything in this directory', parsePath)
    .option('--config <file>', 'settings of that host (default: host.yaml in its directory)', parsePath)
    .option(
      '--ops <port>',
      'its HTTP listener for probes, metrics and uploads; 0 takes any port',
      parseWhole(0, HIGHEST_PORT),
    )
    .option('--dev', 'let it take uploads of plugins that are being developed; needs --ops')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe run --help');
  command.action(async (file: string | undefined, flags: RunFlags) => {
    const problem = problemOf(file, flags);
    if (problem !== undefined) command.error(`error: ${problem}`);
    if (flags.data !== undefined) {
      const { runHost } = await import('../run/run-host.ts');
      const { data: directory, config, ops: opsPort, dev = false } = flags;
      finish(await runHost({ directory, config, opsPort, dev }));
    } else if (file !== undefined) {
      await runFile(file, flags.check ?? false, finish);
    }
  });
}

/** What is wrong with the flags together; undefined when nothing is. */
function problemOf(file: string | undefined, { data, config, ops, dev, check }: RunFlags): string | undefined {
  if (data === undefined) {
    if (file === undefined) return "missing required argument 'file', or option '--data <dir>'";
    const onlyWithData = { '--config': config, '--ops': ops, '--dev': dev };
    const misplaced = Object.entries(onlyWithData).find(([, value]) => value !== undefined);
    if (misplaced !== undefined) return `option '${misplaced[0]}' needs option '--data <dir>'`;
    return isDirectory(file) ? `'${file}' is a directory; did you mean --data ${file}?` : undefined;
  }
  if (file !== undefined) return "argument 'file' and option '--data <dir>' cannot be used together";
  return check === undefined ? undefined : "option '--check' is for files";
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    // What is wrong with it is told by whoever reads it.
    return false;
  }
}

async function runFile(file: string, isCheck: boolean, finish: (exitCode: number) => void): Promise<void> {
  const { readConfig } = await import('../run/read-config.ts');
  const config = await readConfig(file);
  if (isCheck) {
    const names = config.plugins.map(({ name }) => name);
    process.stdout.write(
      `${file} is valid: ${names.length} plugin${names.length === 1 ? '' : 's'} (${names.join(', ')})\n`,
    );
    return;
  }
  const { runPlugins } = await import('../run/run-plugins.ts');
  finish(await runPlugins(config));
}
