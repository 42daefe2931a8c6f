// What the plugin's side of a worker thread is made of, and nothing that only a host needs.

export { SEAT_VARIABLE } from './seat-data.ts';
export { workerSeat } from './worker-seat.ts';
