import type { ConnectionBroker } from './connection-broker.ts';
import type { Environment } from './environment.ts';
import type { Logger } from './logger.ts';
import type { ServedService } from './service.ts';

/**
 * The place that a host makes for one instance of a plugin that has no process of its own: in a worker thread, or beside
 * the host's own code. It is all that such a plugin knows of its host.
 */
export interface PluginSeat {
  /** Versions of the application protocol that the host speaks. */
  readonly versions: readonly number[];
  /** Opens further connections to the host, in either direction. Nobody else can use them. */
  readonly broker: ConnectionBroker;
  /** Time, randomness, ids and scheduling. */
  readonly environment: Environment;
  /** A log that the host shows under the plugin's name; `module` is what the plugin calls itself. */
  log(module: string): Logger;
  /** The plugin takes calls from now on. Throws FAILED_PRECONDITION when the seat is taken. */
  take(plugin: SeatedPlugin): void;
  /** Settles when no call is under way, or after `deadlineMs`. */
  drain(deadlineMs: number): Promise<void>;
  /** Ends the instance, as the end of a process would. What was answered gets to the host before. Idempotent. */
  exit(code: number): void;
}

/** What a plugin puts into its seat. */
export interface SeatedPlugin {
  /** The version of the application protocol that it serves. */
  readonly version: number;
  readonly services: readonly ServedService[];
  /** Largest message that it takes, in bytes; undefined for the default of 64 MiB. */
  readonly maxReceiveBytes: number | undefined;
  /** What SIGTERM is to a process: finishes what is under way, then leaves the seat by `exit(0)`. */
  terminate(): void;
  /** Lets go of everything at once. Called when the instance has ended, however it did. */
  close(): void;
}

/** A plugin that can be put into a seat; `definePlugin` of the SDK makes one. */
export interface SeatableDefinition {
  /** Serves the definition in the seat; hosts call it. Settles when the seat is taken. */
  serveIn(seat: PluginSeat): Promise<unknown>;
}
