// What the plugin's side of an in-process placement is made of, and nothing that only a host needs.

export { currentSeat } from './seat-context.ts';
