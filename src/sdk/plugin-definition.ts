import { InvalidOptionsError } from '../errors/index.ts';
import type { ConnectionBroker, Environment, Logger } from '../ports/index.ts';
import { DEFAULT_HANDSHAKE } from '../transport/go-plugin/index.ts';
import type { MagicCookie } from '../transport/go-plugin/index.ts';
import type { ServedService } from '../ports/service.ts';
import type { PluginHealth, PluginInit } from './plugin-service.ts';

/** What a plugin's services can use. */
export interface PluginRuntime {
  /** Writes log entries that the host shows under the plugin's name. */
  readonly log: Logger;
  /** Opens further connections to the host, in either direction. */
  readonly broker: ConnectionBroker;
  /** The version of the application protocol that host and plugin agreed on. */
  readonly version: number;
}

/** Services, or a function that makes them once the plugin knows its host. */
export type PluginServices = readonly ServedService[] | ((plugin: PluginRuntime) => readonly ServedService[]);

/** What a served plugin has besides the services that its author wrote. Whoever extends drains and closes. */
export interface PluginExtension {
  readonly services: readonly ServedService[];
  /** Lets what is under way finish; settles after `deadlineMs` at the latest. Calls may still come. */
  drain(deadlineMs: number): Promise<void>;
  /** Ends what is left. Idempotent. */
  close(): void;
}

/** What an extension works with. */
export interface ExtensionRuntime extends PluginRuntime {
  /** Default: the real one. */
  readonly environment?: Environment | undefined;
}

/** Everything an author says about a plugin. */
export interface PluginDefinition {
  /** Name the plugin gives itself, for humans. */
  readonly name?: string;
  /** Semantic version of the plugin, for humans. */
  readonly version?: string;
  /** The magic cookie of the hosts that may start this plugin. Default: the one of every troupe host. */
  readonly handshake?: MagicCookie;
  /** The services of application protocol version 1. Give either this or `versions`. */
  readonly services?: PluginServices;
  /** Services by version of the application protocol. The highest version that the host knows is served. */
  readonly versions?: Readonly<Record<number, PluginServices>>;
  /**
   * What to listen on. Default: a unix socket, or what a troupe host asks for. On tcp, which any local user can reach,
   * a host without mutual TLS is refused.
   */
  readonly network?: 'unix' | 'tcp';
  /** Largest message that the plugin takes, in bytes. Default 64 MiB. */
  readonly maxReceiveBytes?: number;
  /** Gets the configuration before the first call. What it throws stops the start. */
  readonly onInit?: (init: PluginInit) => void | Promise<void>;
  /** Tells whether the plugin can do its work. Default: it can whenever it answers. */
  readonly onHealth?: () => PluginHealth | Promise<PluginHealth>;
  /** Finishes what is under way. The host waits `graceMs` (0: not told) before it uses force. */
  readonly onShutdown?: (shutdown: { readonly graceMs: number }) => void | Promise<void>;
  /**
   * Set by `definePlugin`: loads what the definition needs.
   *
   * @internal
   */
  readonly load?: () => Promise<(runtime: ExtensionRuntime) => PluginExtension>;
}

/** `PluginDefinition` with its defaults, as far as they do not depend on the host. */
export interface ResolvedPluginDefinition {
  readonly handshake: MagicCookie;
  readonly versions: ReadonlyMap<number, PluginServices>;
  readonly network: 'unix' | 'tcp' | undefined;
}

/** Fills in the defaults. Throws `InvalidOptionsError` naming the field. */
export function resolvePluginDefinition(definition: PluginDefinition): ResolvedPluginDefinition {
  const { handshake = DEFAULT_HANDSHAKE, services, versions, network } = definition;
  if ((services === undefined) === (versions === undefined)) {
    throw new InvalidOptionsError('services', 'and "versions" exclude each other; give exactly one of them');
  }
  const byVersion = new Map(Object.entries(versions ?? { 1: services ?? [] }).map(([v, s]) => [Number(v), s] as const));
  if (byVersion.size === 0) throw new InvalidOptionsError('versions', 'names no version');
  for (const version of byVersion.keys()) {
    if (!Number.isSafeInteger(version) || version < 0) {
      throw new InvalidOptionsError('versions', `has the key "${version}"; it takes whole numbers from 0`);
    }
  }
  if (network !== undefined && network !== 'unix' && network !== 'tcp') {
    throw new InvalidOptionsError('network', `is "${String(network)}"; it takes "unix" or "tcp"`);
  }
  return { handshake, versions: byVersion, network };
}
