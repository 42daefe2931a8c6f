import { RuntimeError } from '../../errors/index.ts';
import { isInRange } from '../dependencies/version-range.ts';
import { HOST_VERSION } from '../host-version.ts';
import type { Manifest } from './schema.ts';

/** Throws HOST_VERSION_UNSUPPORTED when the plugin is not made for this host. A pre-release counts as its release. */
export function requireHostVersion({ name, troupe }: Pick<Manifest, 'name' | 'troupe'>, version = HOST_VERSION): void {
  if (isInRange(version, troupe)) return;
  const text = `plugin "${name}" needs troupe ${troupe}, and this is ${version}`;
  throw new RuntimeError('HOST_VERSION_UNSUPPORTED', text, { details: { plugin: name, range: troupe, version } });
}
