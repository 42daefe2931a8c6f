import type { Oracle } from './oracle.ts';

/**
 * Stops the system at the end of each schedule and fails when something is left: actors, timers, calls of ports that
 * never settle, listeners on `process`.
 */
export function noLeaks(): Oracle<unknown> {
  return {
    name: 'noLeaks',
    watch: (view) => ({
      afterStop() {
        const { actors, timers, calls, listeners } = view.leftovers();
        const found = [
          ...(actors.length > 0 ? [`actors ${actors.join(', ')}`] : []),
          ...(timers > 0 ? [`${timers} timers`] : []),
          ...(calls.length > 0 ? [`calls ${calls.join(', ')}`] : []),
          ...(listeners > 0 ? [`${listeners} listeners on process`] : []),
        ];
        return found.length === 0 ? undefined : `left after the stop: ${found.join('; ')}`;
      },
    }),
  };
}
