// What the running plugins offer to each other and to programs: what their manifests say, and what they answer.

import type { PluginContracts } from '../../gen/troupe/admin/v1/admin.ts';
import type { Lifecycle, PluginSummary } from '../lifecycle/types.ts';
import type { Manifest } from '../manifest/index.ts';
import { errorMessage } from './messages.ts';

/** Milliseconds that a plugin has to say what it offers. */
const ANSWER_MS = 2000;
const CALL = { timeoutMs: ANSWER_MS };

/** The contracts of all plugins that run, by name. */
export async function listContracts(lifecycle: Lifecycle): Promise<PluginContracts[]> {
  const running = (await lifecycle.rows()).filter(({ process }) => process !== undefined);
  // One after the other: nobody is in a hurry, and a host with many plugins has other work.
  const contracts: PluginContracts[] = [];
  for (const installed of running) contracts.push(await contractsOf(installed, lifecycle));
  return contracts;
}

async function contractsOf({ row }: PluginSummary, lifecycle: Lifecycle): Promise<PluginContracts> {
  const manifest = await manifestOf(row.manifest);
  const { kinds = [], provides = [], events, permissions } = manifest ?? {};
  const contracts: PluginContracts = {
    plugin: row.slug,
    version: row.version,
    kinds: [...kinds].sort(),
    services: provides.map(({ service, version }) => ({ service, version })),
    operations: [],
    steps: [],
    subscribes: [...(events?.subscribe ?? [])],
    emits: [...(events?.emit ?? permissions?.events.emit ?? [])],
    error: undefined,
  };
  try {
    const plugin = lifecycle.plugin(row.slug);
    if (plugin === undefined) return contracts;
    const operations = kinds.includes('operations') ? await plugin.operations().list(CALL) : [];
    const steps = kinds.includes('steps') ? await plugin.steps().list(CALL) : [];
    return {
      ...contracts,
      operations: operations.map(({ inputSchema, ...each }) => offered(each, inputSchema)),
      steps: steps.map(({ configSchema, ...each }) => offered(each, configSchema)),
    };
  } catch (error) {
    return { ...contracts, error: errorMessage(error) };
  }
}

/** A manifest that an older host has accepted, and this one does not, is not worth a failure here. */
async function manifestOf(text: string): Promise<Manifest | undefined> {
  const { checkManifest } = await import('../manifest/index.ts');
  const checked = checkManifest(text, text.trimStart().startsWith('{') ? 'json' : 'yaml', '/');
  return 'manifest' in checked ? checked.manifest : undefined;
}

function offered(
  { name, description }: { readonly name: string; readonly description: string },
  schema: unknown,
): PluginContracts['operations'][number] {
  return { name, description, inputSchemaJson: schema === undefined ? '' : JSON.stringify(schema) };
}
