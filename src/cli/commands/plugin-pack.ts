import type { Command } from 'commander';
import { pluginGroup } from './plugin-group.ts';
import { jsonLine } from '../json-line.ts';

interface PackFlags {
  readonly out?: string;
  readonly sign?: string;
  readonly json?: boolean;
}

const DETAILS = `
A bundle is a zip archive with the plugin's files, its manifest, and
bundle.json, which has the SHA-256 of each file. The same files always have the
same digest. .git and the like are left out; links are refused.`;

/** Adds `troupe plugin pack`. `finish` gets the exit code. */
export function addPluginPackCommand(program: Command, finish: (exitCode: number) => void): void {
  pluginGroup(program)
    .command('pack')
    .description('make a bundle of a directory with a manifest, to be installed elsewhere')
    .argument('<dir>', 'the directory with plugin.yaml or plugin.json')
    .option('--out <file>', "where it goes (default: the plugin's name and version, with .troupe)")
    .option('--sign <key>', 'sign it with the private key in a file')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe plugin pack --help')
    .action(async (directory: string, { out, sign, json = false }: PackFlags) => {
      const { packBundle, readSigningKey } = await import('../../host/bundles/index.ts');
      const { writtenJson, writtenText } = await import('../bundles/bundle-text.ts');
      const { createProgressLine, fileProgress } = await import('../bundles/progress.ts');
      const { interruptible } = await import('../bundles/interruptible.ts');
      const line = createProgressLine(process.stderr);
      await interruptible(finish, async (signal) => {
        try {
          const key = sign === undefined ? undefined : await readSigningKey(sign);
          const packed = await packBundle(directory, { out, key, signal, onFile: fileProgress(line, 'packing') });
          line.end();
          process.stdout.write(json ? jsonLine(writtenJson(packed)) : writtenText('packed', packed));
        } finally {
          line.end();
        }
      });
    });
}
