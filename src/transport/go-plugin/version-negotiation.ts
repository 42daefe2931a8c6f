// Which version of the application protocol a plugin serves.

import { InvalidOptionsError } from '../../errors/index.ts';

/**
 * The highest version that both sides have; without one, the plugin's lowest.
 *
 * A plugin never refuses by itself: it serves its lowest version and lets the host name both sides' versions in its
 * error. `hostVersions` is in no particular order, since Go hosts send it in map order. Throws `InvalidOptionsError` when
 * the plugin has no version at all.
 */
export function chooseVersion(pluginVersions: readonly number[], hostVersions: readonly number[]): number {
  if (pluginVersions.length === 0) throw new InvalidOptionsError('versions', 'must name at least one version');
  const asked = new Set(hostVersions);
  const common = pluginVersions.filter((version) => asked.has(version));
  return common.length > 0 ? highest(common) : -highest(pluginVersions.map((version) => -version));
}

// Not `Math.max(...list)`: the list comes from outside and may have more items than a call has room for.
const highest = (versions: readonly number[]): number =>
  versions.reduce((best, version) => (version > best ? version : best), Number.NEGATIVE_INFINITY);
