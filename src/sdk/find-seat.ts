import type { PluginSeat } from '../ports/plugin-seat.ts';
import { currentSeat } from '../transport/in-process/index.ts';

/** As in transport/worker/seat-data.ts, whose folder only a worker thread loads. */
const SEAT_VARIABLE = 'TROUPE_PLUGIN_SEAT';

/**
 * The seat that a host has made for the running code; undefined when it is a process of its own.
 *
 * @throws FAILED_PRECONDITION when the host has ended the instance that the code belongs to
 */
export function findSeat(): PluginSeat | Promise<PluginSeat | undefined> | undefined {
  const seat = currentSeat();
  if (seat !== undefined || process.env[SEAT_VARIABLE] !== 'worker') return seat;
  // What this thread starts must not take itself for a plugin of the same host.
  delete process.env[SEAT_VARIABLE];
  return import('../transport/worker/index.ts').then(({ workerSeat }) => workerSeat());
}
