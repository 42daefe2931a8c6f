import type { Marker, ProjectFacts } from '../../../../src/cli/dev/project/project-facts.ts';
import { checkManifest } from '../../../../src/host/manifest/index.ts';

/** Facts of a directory /kv with the markers, and with a manifest when parts of one are given. */
export function facts(markers: readonly Marker[], manifest?: object): ProjectFacts {
  return { directory: '/kv', markers, loaded: manifest === undefined ? undefined : loaded(manifest) };
}

function loaded(parts: object): NonNullable<ProjectFacts['loaded']> {
  const text = JSON.stringify({
    apiVersion: 'troupe.plugin/v1',
    name: 'kv',
    version: '1.0.0',
    kinds: ['operations'],
    ...parts,
  });
  const checked = checkManifest(text, 'json', '/kv');
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems));
  return { manifest: checked.manifest, file: '/kv/plugin.json', directory: '/kv' } as NonNullable<
    ProjectFacts['loaded']
  >;
}
