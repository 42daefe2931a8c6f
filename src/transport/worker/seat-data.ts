import type { MessagePort } from 'node:worker_threads';

/** Where in the data of its thread a plugin finds its seat. Copies of the SDK within plugins look there too. */
export const SEAT_KEY = 'troupe.plugin-seat/v1';

/** Set to `worker` in the environment of a thread that is a plugin: others need not look any further. */
export const SEAT_VARIABLE = 'TROUPE_PLUGIN_SEAT';

/** What a host gives to a plugin's thread. */
export interface WorkerSeatData {
  /** Carries calls and notes for as long as the thread runs. */
  readonly port: MessagePort;
  /** Versions of the application protocol that the host speaks. */
  readonly versions: readonly number[];
}
