import { RuntimeError } from '../errors/index.ts';

/** The oldest Node.js that runs the package: it strips types and has `node:sqlite` without a flag. */
export const OLDEST_NODE = '22.22.0';

/**
 * Checks a version of Node.js, by default the running one.
 *
 * @throws UNSUPPORTED_RUNTIME naming both versions
 */
export function requireSupportedNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split('.').map(Number);
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new RuntimeError('UNSUPPORTED_RUNTIME', `troupe needs Node.js ${OLDEST_NODE} or newer, this is ${version}`, {
    details: { version, oldest: OLDEST_NODE },
  });
}
