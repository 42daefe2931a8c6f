import { RuntimeError } from '../errors/index.ts';
import { GetHealthResponse_Status, PluginServiceService } from '../gen/troupe/plugin/v1/plugin.ts';
import { service } from '../ports/service.ts';
import type { ServedService } from '../ports/service.ts';
import type { PluginDefinition } from './plugin-definition.ts';

/** What the host tells a plugin before its first call. */
export interface PluginInit {
  /** Name under which the host runs the plugin. */
  readonly name: string;
  /** The plugin's configuration: whatever the host was given, as plain JSON; undefined when it was given none. */
  readonly config: unknown;
}

/** A plugin's verdict on itself. */
export interface PluginHealth {
  /** False counts as a missed health check; after three in a row the host restarts the process. */
  readonly healthy: boolean;
  /** One line for the operator. */
  readonly message?: string;
}

/** The contract `troupe.plugin.v1`, answered from what the author defined. */
export function pluginService(
  definition: PluginDefinition,
  finish: (graceMs: number) => Promise<void>,
  names: readonly string[],
  sdkVersion: string,
): ServedService {
  const { name = '', version = '', onInit, onHealth } = definition;
  return service(PluginServiceService, {
    getInfo: () => ({ name, version, services: [...names], sdk: 'troupe', sdkVersion }),
    async init({ name: hostName, configJson }) {
      await onInit?.({ name: hostName, config: parseConfig(configJson) });
      return {};
    },
    async shutdown({ graceMs }) {
      await finish(graceMs);
      return {};
    },
    async getHealth() {
      const { healthy, message = '' } = (await onHealth?.()) ?? { healthy: true };
      const { STATUS_SERVING, STATUS_NOT_SERVING } = GetHealthResponse_Status;
      return { status: healthy ? STATUS_SERVING : STATUS_NOT_SERVING, message };
    },
  });
}

/** Full names of the services, from the paths of their methods. */
export function namesOf(
  services: readonly { readonly descriptor: Readonly<Record<string, { readonly path: string }>> }[],
): string[] {
  const names = services.flatMap(({ descriptor }) =>
    Object.values(descriptor).map(({ path }) => path.split('/')[1] ?? ''),
  );
  return [...new Set(names)];
}

function parseConfig(json: string): unknown {
  if (json === '') return undefined;
  try {
    return JSON.parse(json) as unknown;
  } catch (cause) {
    throw new RuntimeError('INVALID_ARGUMENT', 'the configuration is not valid JSON', { cause });
  }
}
