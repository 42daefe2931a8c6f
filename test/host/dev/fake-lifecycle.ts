// A lifecycle that only remembers: what the endpoint asks for, one operation at a time, when the test lets it.

import { RuntimeError } from '../../../src/errors/index.ts';
import { openDirectory } from '../../../src/host/bundles/source/open-directory.ts';
import { resolveBundleLimits } from '../../../src/host/bundles/index.ts';
import type { Lifecycle, PluginSource } from '../../../src/host/lifecycle/types.ts';
import { readManifest } from '../../../src/host/index.ts';
import { permissionsOf } from '../../../src/policy/index.ts';
import type { PluginRow } from '../../../src/ports/lifecycle-store.ts';

/** What the test looks at and steers. */
export interface FakeLifecycle {
  readonly lifecycle: Lifecycle;
  /** Such as `install 1.0.0`. */
  readonly calls: string[];
  /** Rows by name. */
  readonly rows: Map<string, PluginRow>;
  /** Runs before each install and update; what it throws makes that fail. */
  gate: () => void | Promise<void>;
}

/** Creates one. */
export function createFakeLifecycle(): FakeLifecycle {
  const calls: string[] = [];
  const rows = new Map<string, PluginRow>();
  const fake: FakeLifecycle = { calls, rows, gate: () => {}, lifecycle: undefined as never };
  const set = (plugin: string, change: Partial<PluginRow>): PluginRow => {
    const row = { ...(rows.get(plugin) as PluginRow), ...change };
    rows.set(plugin, row);
    return row;
  };
  const take = async (verb: string, source: PluginSource): Promise<PluginRow> => {
    const { path } = source as Extract<PluginSource, { kind: 'directory' }>;
    const { manifest } = await readManifest(path);
    const { record, manifestText } = await openDirectory(path, { limits: resolveBundleLimits() });
    calls.push(`${verb} ${manifest.version}`);
    await fake.gate();
    const { name: slug, version } = manifest;
    const row = { slug, version, digest: record.digest, permissions: permissionsOf(manifest), manifest: manifestText };
    return set(slug, { ...row, state: verb === 'install' ? 'active' : (rows.get(slug)?.state ?? 'active') });
  };
  const lifecycle: Partial<Lifecycle> = {
    install: (source) => take('install', source),
    update: (_, source) => take('update', source),
    async activate(plugin) {
      calls.push('activate');
      return set(plugin, { state: 'active' });
    },
    async reset(plugin) {
      calls.push('reset');
      return set(plugin, { state: 'inactive' });
    },
    async uninstall(plugin) {
      calls.push('uninstall');
      rows.delete(plugin);
    },
    async get(plugin) {
      const row = rows.get(plugin);
      if (row === undefined) throw new RuntimeError('PLUGIN_UNKNOWN', `there is no plugin "${plugin}"`);
      return { row, versions: [], process: undefined };
    },
  };
  return Object.assign(fake, { lifecycle: lifecycle as Lifecycle });
}
