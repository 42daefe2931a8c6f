// What every plugin serves wherever it runs: its author's services, troupe's contract, health, and the host's way to end it.

import type { Clock, ConnectionBroker, Environment, Logger, ServedService } from '../ports/index.ts';
import { within } from '../ports/within.ts';
import { controllerService, healthService } from '../transport/go-plugin/index.ts';
import type { ExtensionRuntime, PluginDefinition, PluginExtension, PluginServices } from './plugin-definition.ts';
import { namesOf, pluginService } from './plugin-service.ts';
import { SDK_VERSION } from './version.ts';

/** What a plugin is made of. */
export interface PluginCoreOptions {
  readonly definition: PluginDefinition;
  /** The services of the version that was agreed on. */
  readonly services: PluginServices;
  /** What `definition.load` gave. */
  readonly extend?: ((runtime: ExtensionRuntime) => PluginExtension) | undefined;
  readonly version: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly broker: ConnectionBroker;
  /** Default: the real one. */
  readonly environment?: Environment | undefined;
  /** Called once, after the host's Shutdown was answered. */
  readonly onShutdown: () => void;
}

/** A plugin that can be served. Whoever makes it ends it. */
export interface PluginCore {
  readonly services: readonly ServedService[];
  /** Lets watchers of its health go, and runs the author's `onShutdown` unless it has run, for at most `deadlineMs`. */
  finish(deadlineMs: number): Promise<void>;
  /** Ends what is left of it. Idempotent. */
  close(): void;
}

/** Milliseconds that emits have at the end when the host does not say how long it waits. */
const DRAIN_MS = 1000;

/** Makes what is to be served. */
export function createPluginCore(options: PluginCoreOptions): PluginCore {
  const { definition, services, extend, version, clock, log, broker, environment } = options;
  const health = healthService();
  const written = typeof services === 'function' ? services({ log, broker, version }) : services;
  const extension = extend?.({ log, broker, version, ...(environment === undefined ? {} : { environment }) });
  const own = [...written, ...(extension?.services ?? [])];
  let finished: Promise<void> | undefined;
  // The author's `onShutdown` runs once, whoever asks first: the host's Shutdown, SIGTERM, or the end of the host.
  const finish = (graceMs: number): Promise<void> => {
    finished ??= Promise.resolve().then(() => finishOnce(definition, extension, graceMs));
    return finished;
  };
  return {
    services: [
      ...own,
      pluginService(definition, finish, namesOf(own), SDK_VERSION),
      health.service,
      controllerService(options.onShutdown),
    ],
    async finish(deadlineMs) {
      health.close();
      await within(clock, deadlineMs, finish(0)).catch((error: unknown) =>
        log.log('warn', 'onShutdown failed', { error }),
      );
    },
    close: () => extension?.close(),
  };
}

async function finishOnce(
  definition: PluginDefinition,
  extension: PluginExtension | undefined,
  graceMs: number,
): Promise<void> {
  try {
    await definition.onShutdown?.({ graceMs });
  } finally {
    // Before Shutdown is answered: the host takes emits until then.
    await extension?.drain(graceMs > 0 ? graceMs : DRAIN_MS);
  }
}
