import { fromPromise } from 'xstate';
import { logTailMachine } from '../machines/index.ts';
import type { TailPage } from '../machines/index.ts';

/** What the tail of a log reads from. */
export interface LogTailPorts {
  /** Reads what comes after the cursor; waits for it as long as it likes. Ends at once when the signal aborts. */
  read(plugin: string, cursor: string | undefined, signal: AbortSignal): Promise<TailPage>;
}

/** The log-tail chart with its effect; spawn it in an actor system. */
export function createLogTailLogic(ports: LogTailPorts): typeof logTailMachine {
  return logTailMachine.provide({
    actors: {
      readLogs: fromPromise<TailPage, { readonly plugin: string; readonly cursor: string | undefined }>(
        ({ input: { plugin, cursor }, signal }) => ports.read(plugin, cursor, signal),
      ),
    },
  });
}
