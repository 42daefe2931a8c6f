// What a host says to a plugin in a seat, over whatever connection the seat has: the contract of every troupe plugin.

import type { ConnectionBroker } from '../../ports/connection-broker.ts';
import type { Logger } from '../../ports/logger.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import { requestShutdown } from '../go-plugin/controller.ts';
import { createContract } from '../go-plugin/plugin-contract.ts';
import type { PluginContract } from '../go-plugin/plugin-contract.ts';
import type { SeatOptions } from './seat-options.ts';

/** A plugin that has taken its seat. */
export class SeatSession {
  readonly connection: PluginConnection;
  readonly broker: ConnectionBroker;
  readonly #options: SeatOptions;
  readonly #contract: PluginContract;

  constructor(connection: PluginConnection, broker: ConnectionBroker, options: SeatOptions, log: Logger) {
    this.connection = connection;
    this.broker = broker;
    this.#options = options;
    // What the plugin prints, and what it announces, comes by other ways than streams.
    this.#contract = createContract('troupe', { connection, log, openStreams: () => {} });
  }

  probe(signal: AbortSignal): Promise<void> {
    const { plugin, config, startTimeoutMs } = this.#options;
    return this.#contract.probe({ plugin, config, timeoutMs: startTimeoutMs, signal });
  }

  checkHealth(signal: AbortSignal): Promise<void> {
    return this.#contract.checkHealth(this.#options.healthTimeoutMs, signal);
  }

  async requestShutdown(signal: AbortSignal): Promise<void> {
    const { shutdownTimeoutMs } = this.#options;
    await this.#contract.announceShutdown(shutdownTimeoutMs, signal);
    await requestShutdown(this.connection, shutdownTimeoutMs, signal);
  }
}
