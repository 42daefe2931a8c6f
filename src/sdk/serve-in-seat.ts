// Serves a plugin that has no process of its own: in a worker thread, or beside its host.
//
// Invariants:
//   S1. Shutdown is answered before the seat is left, and the plugin then leaves it with code 0.
//   S2. The plugin leaves its seat once, whoever asks first.

import type { PluginSeat } from '../ports/plugin-seat.ts';
import { chooseVersion } from '../transport/go-plugin/index.ts';
import { createPluginCore } from './plugin-core.ts';
import { resolvePluginDefinition } from './plugin-definition.ts';
import type { PluginDefinition } from './plugin-definition.ts';
import type { ServedPlugin } from './serve-plugin.ts';

/** Milliseconds that calls in flight have at the end; hosts use force after 2,000. */
const DRAIN_MS = 1000;

/**
 * Serves the definition in the seat.
 *
 * @throws InvalidOptionsError for a definition that cannot be served; FAILED_PRECONDITION when the seat is taken
 */
export async function serveInSeat(definition: PluginDefinition, seat: PluginSeat): Promise<ServedPlugin> {
  const { versions } = resolvePluginDefinition(definition);
  const version = chooseVersion([...versions.keys()], seat.versions);
  const log = seat.log(definition.name ?? 'plugin');
  const extend = await definition.load?.();
  let leaving: Promise<void> | undefined;
  const leave = (): void => {
    leaving ??= Promise.resolve().then(async () => {
      try {
        await core.finish(DRAIN_MS);
        await seat.drain(DRAIN_MS);
      } finally {
        seat.exit(0);
      }
    });
  };
  const { broker, environment } = seat;
  const core = createPluginCore({
    definition,
    services: versions.get(version) ?? [],
    extend,
    version,
    clock: environment.clock,
    log,
    broker,
    environment: { ...environment, log },
    onShutdown: leave,
  });
  try {
    seat.take({
      version,
      services: core.services,
      maxReceiveBytes: definition.maxReceiveBytes,
      terminate: leave,
      close: () => core.close(),
    });
  } catch (error) {
    // The host has given it up in the meantime: nobody else will close it.
    core.close();
    throw error;
  }
  return { log, broker, version, shutdown: leave };
}
