import type { PluginConnection } from './plugin-connection.ts';
import type { ServedService } from './service.ts';

/** A listener for one brokered connection. Whoever accepts closes it; it closes by itself with the plugin. */
export interface BrokerListener {
  /** The id to send to the other side in a message of the application. */
  readonly id: number;
  /** Stops listening and ends the calls on it. Idempotent. */
  close(): void;
}

/** Opens further connections between a host and its plugin, in either direction. */
export interface ConnectionBroker {
  /** An id that this side has not used. */
  nextId(): number;
  /**
   * Serves the services on a connection of their own and announces it to the other side, once or, with
   * `keepAdvertised`, for as long as the listener is open.
   *
   * @throws BROKER_ID_IN_USE, BROKER_CLOSED, LISTEN_FAILED; INVALID_OPTIONS for an id that is none of 0 to 2^32 - 1
   */
  accept(
    id: number,
    services: readonly ServedService[],
    options?: { readonly keepAdvertised?: boolean },
  ): Promise<BrokerListener>;
  /**
   * Connects to what the other side announced under the id. An announcement can be used once, and for 5 seconds.
   * Whoever dials closes the connection.
   *
   * @param options.timeoutMs time to wait for the announcement, in milliseconds. Default 5,000.
   * @throws BROKER_TIMEOUT, BROKER_CLOSED, CONNECT_FAILED, INVALID_OPTIONS
   */
  dial(id: number, options?: { readonly timeoutMs?: number }): Promise<PluginConnection>;
}
