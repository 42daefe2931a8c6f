import type { Plugin } from '../../../host/index.ts';
import type { Clock } from '../../../ports/index.ts';
import { sleep } from '../wait.ts';
import type { Greeting } from './demo-plugins.ts';

/** Calls the greeter all the time, one call after the other. Whoever starts it stops it. */
export interface GreetingCaller {
  readonly ok: number;
  readonly failed: number;
  /** Answers by the version that gave them. */
  readonly versions: ReadonlyMap<string, number>;
  /** Makes no further call. Settles when the last one has ended. Idempotent. */
  stop(): Promise<void>;
}

const CALL_EVERY_MS = 5;

/** Starts to call. `onFailure` hears of each failure. */
export function startGreetings(plugin: Plugin, clock: Clock, onFailure: (error: unknown) => void): GreetingCaller {
  const stopped = new AbortController();
  const versions = new Map<string, number>();
  const operations = plugin.operations();
  let ok = 0;
  let failed = 0;
  const loop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        const { version } = (await operations.execute('greet', { name: 'world' })) as Greeting;
        versions.set(version, (versions.get(version) ?? 0) + 1);
        ok += 1;
      } catch (error) {
        failed += 1;
        onFailure(error);
      }
      // A stop ends the pause early; that is no failure.
      await sleep(CALL_EVERY_MS, { clock, signal: stopped.signal }).catch(() => {});
    }
  };
  const ended = loop();
  return {
    get ok() {
      return ok;
    },
    get failed() {
      return failed;
    },
    versions,
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}
