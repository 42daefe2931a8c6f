import type { ConnectionBroker, Environment, ServedService } from '../ports/index.ts';
import { within } from '../ports/within.ts';
import { resolvePluginDefinition } from './plugin-definition.ts';
import type { PluginDefinition } from './plugin-definition.ts';
import { namesOf, pluginService } from './plugin-service.ts';
import { SDK_VERSION } from './version.ts';

/** What a plugin's services work with outside of a process of their own. */
export interface PluginServicesOptions {
  readonly broker: ConnectionBroker;
  readonly environment: Environment;
  /** Version of the application protocol. Default: the highest that the definition has. */
  readonly version?: number | undefined;
}

/** The services of a plugin, without a server. Whoever makes them closes them. */
export interface PluginServicesInMemory {
  readonly services: readonly ServedService[];
  close(): void;
}

/**
 * Makes what a process of the plugin would serve, for plugins in memory.
 *
 * @throws InvalidOptionsError for a definition that cannot be served
 */
export async function createPluginServices(
  definition: PluginDefinition,
  { broker, environment, version: asked }: PluginServicesOptions,
): Promise<PluginServicesInMemory> {
  const { versions } = resolvePluginDefinition(definition);
  const version = asked ?? Math.max(...versions.keys());
  const given = versions.get(version) ?? [];
  const { clock, log } = environment;
  const extend = await definition.load?.();
  const extension = extend?.({ log, broker, version, environment });
  const written = typeof given === 'function' ? given({ log, broker, version }) : given;
  const own = [...written, ...(extension?.services ?? [])];
  const finish = async (graceMs: number): Promise<void> => {
    const all = async (): Promise<void> => {
      await definition.onShutdown?.({ graceMs });
      await extension?.drain(graceMs);
    };
    await within(clock, graceMs, all());
  };
  return {
    services: [...own, pluginService(definition, finish, namesOf(own), SDK_VERSION)],
    close: () => extension?.close(),
  };
}
