import type { Command } from 'commander';
import { pluginGroup } from './plugin-group.ts';
import { jsonLine } from '../json-line.ts';

interface SignFlags {
  readonly key: string;
  readonly json?: boolean;
}

const DETAILS = `
The signature is one of Ed25519 over the digest of the bundle, and becomes part
of its file. Every file of the bundle is checked first. A bundle can have
several signatures; one of the same key is replaced.`;

/** Adds `troupe plugin sign`. `finish` gets the exit code. */
export function addPluginSignCommand(program: Command, finish: (exitCode: number) => void): void {
  pluginGroup(program)
    .command('sign')
    .description('sign a bundle in its place')
    .argument('<bundle>', 'the file')
    .requiredOption('--key <file>', 'the private key, as "troupe plugin keygen" makes it')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe plugin sign --help')
    .action(async (bundle: string, { key: keyFile, json = false }: SignFlags) => {
      const { readSigningKey, signBundle } = await import('../../host/bundles/index.ts');
      const { writtenJson, writtenText } = await import('../bundles/bundle-text.ts');
      const { createProgressLine, fileProgress } = await import('../bundles/progress.ts');
      const { interruptible } = await import('../bundles/interruptible.ts');
      const line = createProgressLine(process.stderr);
      await interruptible(finish, async (signal) => {
        try {
          const key = await readSigningKey(keyFile);
          const signed = await signBundle(bundle, { key, signal, onFile: fileProgress(line, 'signing') });
          line.end();
          process.stdout.write(json ? jsonLine(writtenJson(signed)) : writtenText('signed', signed));
        } finally {
          line.end();
        }
      });
    });
}
