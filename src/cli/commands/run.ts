import type { Command } from 'commander';

const DETAILS = `
A file for one plugin:
  plugins:
    - name: kv
      command: ./kv-plugin        # with a slash: relative to the file's directory
      args: [--verbose]
      config: { table: users }    # given to the plugin before its first call

Ctrl+C or SIGTERM stops the plugins in order; a second one ends them by force.`;

/** Adds `troupe run`. `finish` gets the exit code. */
export function addRunCommand(program: Command, finish: (exitCode: number) => void): void {
  program
    .command('run')
    .description('run the plugins that a YAML file names, until a signal ends it')
    .argument('<file>', 'the file, often troupe.yaml')
    .option('--check', 'only say whether the file is valid')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe run --help')
    .action(async (file: string, { check = false }: { readonly check?: boolean }) => {
      const { readConfig } = await import('../run/read-config.ts');
      const config = await readConfig(file);
      if (check) {
        const names = config.plugins.map(({ name }) => name);
        process.stdout.write(
          `${file} is valid: ${names.length} plugin${names.length === 1 ? '' : 's'} (${names.join(', ')})\n`,
        );
        return;
      }
      const { runPlugins } = await import('../run/run-plugins.ts');
      finish(await runPlugins(config));
    });
}
