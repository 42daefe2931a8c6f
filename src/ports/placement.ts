import type { Code } from '../errors/index.ts';
import type { ConnectionBroker } from './connection-broker.ts';
import type { PluginConnection } from './plugin-connection.ts';
import type { ProcessExit } from './process-launcher.ts';

/** What is left to tell when a placed plugin is gone. */
export interface PlacementReport {
  /** The last lines the plugin wrote to its standard error, at most 20. */
  readonly stderrTail: readonly string[];
  /** A better explanation of the exit than its code, when the placement has one. */
  readonly diagnosis?: { readonly code: Code; readonly message: string } | undefined;
}

/**
 * One running instance of a plugin, wherever it runs. The steps are taken in the order of this list; each rejects with
 * a `RuntimeError` and stops what it was doing when its signal aborts.
 */
export interface PlacedPlugin {
  /** Process id; 0 when the plugin has no process of its own. */
  readonly pid: number;
  /** Settles when the instance has ended, for whatever reason. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Learns where the plugin listens and which version of the application protocol it speaks. */
  handshake(signal: AbortSignal): Promise<{ readonly version: number }>;
  /** Connects. */
  connect(signal: AbortSignal): Promise<void>;
  /** Makes sure that the plugin answers, and gives it its configuration. */
  probe(signal: AbortSignal): Promise<void>;
  /** The connection for calls; throws PLUGIN_UNAVAILABLE before `connect` has settled. */
  connection(): PluginConnection;
  /** Opens further connections; throws PLUGIN_UNAVAILABLE before `connect` has settled. */
  broker(): ConnectionBroker;
  /** Asks the plugin whether it is well, within the time-out of its options. */
  checkHealth(signal: AbortSignal): Promise<void>;
  /** Asks the plugin to exit. That it answers does not mean that it has exited. */
  requestShutdown(signal: AbortSignal): Promise<void>;
  /** Sends SIGTERM, or what comes nearest. */
  terminate(): void;
  /** Ends the instance and everything it started by force. */
  kill(): void;
  /** Lets go of everything: connection, pipes, files, grandchildren. Call it when the instance has ended. Idempotent. */
  cleanUp(): Promise<PlacementReport>;
}

/** Starts instances of one plugin. */
export interface Placement {
  /** Starts the next instance; `launch` counts from 1. */
  place(launch: number): Promise<PlacedPlugin>;
}
