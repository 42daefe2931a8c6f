import { fromPromise } from 'xstate';
import { hostMachine } from '../machines/index.ts';

/** What a host does at its end. */
export interface HostPorts {
  /** Lets every plugin drain and end. Settles when all have. */
  stopPlugins(): Promise<void>;
  /** Ends every plugin that is left by force. Settles with their names when all have ended. */
  killPlugins(): Promise<readonly string[]>;
}

/** The host chart with its effects; spawn it in an actor system. */
export function createHostLogic(ports: HostPorts): typeof hostMachine {
  return hostMachine.provide({
    actors: {
      stopPlugins: fromPromise(() => ports.stopPlugins()),
      killPlugins: fromPromise(() => ports.killPlugins()),
    },
  });
}
