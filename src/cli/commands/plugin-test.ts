import type { Command } from 'commander';
import { pluginGroup } from './plugin-group.ts';

interface TestFlags {
  readonly json?: boolean;
  readonly execute: boolean;
}

const DETAILS = `
The plugin is built, copied to a directory of its own, and started there as a
host would start it. Its operations and steps are executed with an empty input;
--no-execute only lists them.

Exit code 0: no row failed. 1: a row failed, or the plugin cannot be built.`;

/** Adds `troupe plugin test`. `finish` gets the exit code. */
export function addPluginTestCommand(program: Command, finish: (exitCode: number) => void): void {
  pluginGroup(program)
    .command('test')
    .description('run a plugin, and look whether it does what a host relies on')
    .argument('[path]', 'a directory with a manifest, or a bundle', '.')
    .option('--no-execute', 'execute no operations and no steps')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe plugin test --help')
    .action(async (path: string, { json = false, execute }: TestFlags) => {
      const { runConformance } = await import('../dev/conformance/run-conformance.ts');
      finish(await runConformance({ path, json, execute }));
    });
}
