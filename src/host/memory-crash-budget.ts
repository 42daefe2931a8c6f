import { emptyCrashWindow, recordCrash, resolveCrashBudget } from '../policy/index.ts';
import type { CrashBudgetOptions, CrashWindow } from '../policy/index.ts';
import type { Clock, CrashPort } from '../ports/index.ts';

/**
 * A crash budget that lives as long as the host: 5 crashes within 10 minutes by default, then quarantine.
 *
 * Goes by the name of the plugin: a `stop` and another `launch` do not forget its crashes, `reset` does. Holds at most
 * `limit` instants per plugin that crashed.
 */
export function createMemoryCrashBudget(clock: Clock, options?: CrashBudgetOptions): CrashPort {
  const policy = resolveCrashBudget(options);
  const windows = new Map<string, CrashWindow>();
  return {
    async report({ plugin }) {
      const counted = recordCrash(windows.get(plugin) ?? emptyCrashWindow, clock.monotonic(), policy);
      windows.set(plugin, counted.window);
      return counted.exhausted ? 'quarantine' : 'restart';
    },
    async reset(plugin) {
      windows.delete(plugin);
    },
  };
}
