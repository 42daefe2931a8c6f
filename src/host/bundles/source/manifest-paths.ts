import { posix } from 'node:path';
import type { Manifest } from '../../manifest/index.ts';
import { bundleError, shownName } from '../bundle-error.ts';

/**
 * Throws BUNDLE_INVALID when a manifest starts a file that its bundle does not hold, or names a directory outside of it:
 * once it is installed, what is beside it is something else.
 */
export function checkManifestPaths(label: string, { run, migrations }: Manifest, paths: readonly string[]): void {
  const files = new Set(paths);
  const refuse = (field: string, path: string, problem: string): Error =>
    bundleError('BUNDLE_INVALID', label, `names ${shownName(path)} in ${field}, which ${problem}`);
  const requireFile = (field: string, path: string): void => {
    if (!files.has(posix.normalize(path))) throw refuse(field, path, 'is not among its files');
  };
  const requireInside = (field: string, path: string): void => {
    if (/^\.\.(?:\/|$)/.test(posix.normalize(path))) throw refuse(field, path, 'leads out of it');
  };
  if (run.node !== undefined) requireFile('run.node', run.node);
  const { command } = run;
  // A bare name and an absolute path are programs of the machine.
  if (command?.includes('/') === true && !posix.isAbsolute(command)) requireFile('run.command', command);
  requireInside('run.cwd', run.cwd);
  if (migrations !== undefined) requireInside('migrations.directory', migrations.directory);
}
