import type { Command } from 'commander';
import { pluginGroup } from './plugin-group.ts';
import { jsonLine } from '../json-line.ts';

interface KeygenFlags {
  readonly out: string;
  readonly json?: boolean;
}

const DETAILS = `
Writes <prefix>.key.pem, the private key, readable by you alone: whoever has it
signs in your name; and <prefix>.pub.pem, which goes to those who shall trust
you. Files that are there are never replaced.`;

/** Adds `troupe plugin keygen`. */
export function addPluginKeygenCommand(program: Command): void {
  pluginGroup(program)
    .command('keygen')
    .description('make a pair of keys to sign bundles with')
    .option('--out <prefix>', 'start of the names of both files', 'troupe-signing')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe plugin keygen --help')
    .action(async ({ out, json = false }: KeygenFlags) => {
      const { writeSigningKey } = await import('../../host/bundles/index.ts');
      const written = await writeSigningKey(out);
      const { privateKeyFile, publicKeyFile, fingerprint } = written;
      const text = [
        `made ${publicKeyFile}`,
        `  private      ${privateKeyFile}; keep it to yourself`,
        `  fingerprint  ${fingerprint}`,
        '',
      ];
      process.stdout.write(json ? jsonLine(written) : text.join('\n'));
    });
}
