// What the running plugins offer to each other and to programs: what their manifests say, and what they answer.
//
// Invariants:
//   C1. What one plugin answers takes nothing from the others: whoever answers too much is told in its own place, and all
//       answers together fit into one message.

import { RuntimeError } from '../../errors/index.ts';
import type { PluginContracts } from '../../gen/troupe/admin/v1/admin.ts';
import type { Lifecycle, PluginSummary } from '../lifecycle/types.ts';
import type { Manifest } from '../manifest/index.ts';
import { errorMessage } from './messages.ts';

/** Milliseconds that a plugin has to say what it offers. */
const ANSWER_MS = 2000;
const CALL = { timeoutMs: ANSWER_MS };
/** Bytes of what one plugin may offer, and all of them together; about half of what a message may have. */
const MOST_OF_ONE = 1024 * 1024;
const MOST_OF_ALL = 32 * MOST_OF_ONE;

/** The contracts of all plugins that run, by name. */
export async function listContracts(lifecycle: Lifecycle): Promise<PluginContracts[]> {
  const running = (await lifecycle.rows()).filter(({ process }) => process !== undefined);
  // One after the other: nobody is in a hurry, and a host with many plugins has other work.
  const contracts: PluginContracts[] = [];
  let room = MOST_OF_ALL;
  for (const installed of running) {
    const offer = await contractsOf(installed, lifecycle, Math.min(room, MOST_OF_ONE));
    room -= bytesOf(offer);
    contracts.push(offer);
  }
  return contracts;
}

async function contractsOf({ row }: PluginSummary, lifecycle: Lifecycle, most: number): Promise<PluginContracts> {
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
    const offer = {
      ...contracts,
      operations: operations.map(({ inputSchema, ...each }) => offered(each, inputSchema)),
      steps: steps.map(({ configSchema, ...each }) => offered(each, configSchema)),
    };
    const bytes = bytesOf(offer);
    if (bytes <= most) return offer;
    throw new RuntimeError('RESOURCE_EXHAUSTED', `what it offers has ${bytes} bytes, more than ${most}`);
  } catch (error) {
    return { ...contracts, error: errorMessage(error) };
  }
}

function bytesOf({ operations, steps }: Pick<PluginContracts, 'operations' | 'steps'>): number {
  return [...operations, ...steps].reduce(
    (sum, { name, description, inputSchemaJson }) => sum + Buffer.byteLength(name + description + inputSchemaJson),
    0,
  );
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
