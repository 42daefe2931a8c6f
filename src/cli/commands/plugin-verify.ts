import type { Command } from 'commander';
import type { VerifiedBundle } from '../../host/bundles/index.ts';
import { pluginGroup } from './plugin-group.ts';
import { jsonLine } from '../json-line.ts';

interface VerifyFlags {
  readonly trust?: string;
  readonly lock?: string;
  readonly json?: boolean;
}

const DETAILS = `
Reads every file, compares it with bundle.json, and installs nothing. With
--trust at least one signature has to be by a key in that file; without it only
the files are checked. A file of trusted keys:
  keys:
    - id: acme-2026
      publicKeyFile: acme.pub.pem      # or publicKey: with the PEM itself
      validUntil: 2027-01-01           # optional, as are validFrom and revoked

Exit code 0: all is right. 1: something is not. 2: the command line cannot be
understood.`;

const FAILED = 1;

/** Adds `troupe plugin verify`. `finish` gets the exit code. */
export function addPluginVerifyCommand(program: Command, finish: (exitCode: number) => void): void {
  pluginGroup(program)
    .command('verify')
    .description('check a bundle, or a directory with a manifest, without installing it')
    .argument('<bundle>', 'the file or the directory')
    .option('--trust <file>', 'require a signature by a key that this file names')
    .option('--lock <file>', 'require it to be the plugin that this lock file names')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', DETAILS)
    .showHelpAfterError('try: troupe plugin verify --help')
    .action(async (bundle: string, flags: VerifyFlags) => {
      const { verifiedJson, verifiedText } = await import('../bundles/bundle-text.ts');
      const { interruptible } = await import('../bundles/interruptible.ts');
      const { json = false } = flags;
      await interruptible(finish, async (signal) => {
        try {
          const verified = await verify(bundle, flags, signal);
          process.stdout.write(json ? jsonLine(verifiedJson(verified)) : verifiedText(verified));
        } catch (error) {
          const { isRuntimeError } = await import('../../errors/index.ts');
          if (!json || signal.aborted || !isRuntimeError(error)) throw error;
          // That it is not right is the result.
          const { code, rawMessage: message, details } = error;
          process.stdout.write(jsonLine({ ok: false, error: { code, message, details } }));
          finish(FAILED);
        }
      });
    });
}

async function verify(path: string, { trust, lock }: VerifyFlags, signal: AbortSignal): Promise<VerifiedBundle> {
  const { createLockFile, readTrustFile, requireLocked, verifyBundle } = await import('../../host/bundles/index.ts');
  const { createRealClock } = await import('../../ports/index.ts');
  const { createProgressLine, fileProgress } = await import('../bundles/progress.ts');
  const line = createProgressLine(process.stderr);
  try {
    const verified = await verifyBundle(path, {
      clock: createRealClock(),
      trust: trust === undefined ? undefined : await readTrustFile(trust),
      policy: trust === undefined ? 'off' : 'required',
      onFile: fileProgress(line, 'checking'),
      signal,
    });
    const { name, version, digest } = verified.record;
    if (lock !== undefined) requireLocked((await createLockFile(lock).read())[name], { name, version, digest });
    return verified;
  } finally {
    line.end();
  }
}
