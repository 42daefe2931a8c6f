// Loaded when the first manifest is read: a host that needs none does not load zod and yaml.

export { discoverPlugins } from './discover.ts';
export type { Discovery, DiscoveryOptions, SkippedPlugin } from './discover.ts';
export { requireHostVersion } from './host-version.ts';
export type { ManifestProblem } from './manifest-source.ts';
export { pluginConfig } from './plugin-config.ts';
export { checkManifest, loadManifest, MANIFEST_NAMES, readManifest } from './read-manifest.ts';
export type { CheckedManifest, LoadedManifest } from './read-manifest.ts';
export { manifestJsonSchema } from './schema.ts';
export type { Manifest, ManifestInput, PluginKind } from './schema.ts';
