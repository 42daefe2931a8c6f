// Runs the host-channel chart against a real connection.
//
// Invariants:
//   E1. A connection that was dialled is closed exactly once: when the chart leaves `ready`, or at once when the chart no
//       longer wanted it by the time it was there.

import { fromCallback, fromPromise } from 'xstate';
import { RuntimeError } from '../../errors/index.ts';
import { hostChannelMachine } from '../../machines/index.ts';
import type { PluginConnection } from '../../ports/index.ts';

/** What the data plane tells the chart about the connection that it was given. */
export interface ChannelFacts {
  /** A call was answered. Tell it once for each connection. */
  proven(): void;
  /** A call failed because the connection did. The connection is taken away. */
  broken(): void;
}

/** What the actor acts on. */
export interface HostChannelPorts {
  /** Connects to the host. The caller closes the connection. */
  dial(): Promise<PluginConnection>;
  /** Calls may go over the connection from now on. */
  open(connection: PluginConnection, facts: ChannelFacts): void;
  /** No call may begin any more; those under way end with the connection, which is closed right after this. */
  shut(): void;
}

/** The host-channel chart with its effects; spawn it in an actor system. */
export function createHostChannelLogic(ports: HostChannelPorts): typeof hostChannelMachine {
  let dialled: PluginConnection | undefined;
  return hostChannelMachine.provide({
    actors: {
      dialHost: fromPromise<void>(async ({ signal }) => {
        const connection = await ports.dial();
        if (signal.aborted) return connection.close();
        dialled = connection;
        // E1: the chart may also be ended between the dial and `ready`.
        signal.addEventListener('abort', () => {
          if (dialled === connection) dialled = undefined;
          connection.close();
        });
      }),
      carryCalls: fromCallback(({ sendBack }) => {
        const connection = dialled;
        dialled = undefined;
        if (connection === undefined) throw new RuntimeError('INTERNAL', 'no connection to the host was dialled');
        ports.open(connection, {
          proven: () => sendBack({ type: 'channel.proven' }),
          broken: () => sendBack({ type: 'channel.broken' }),
        });
        return () => {
          ports.shut();
          connection.close();
        };
      }),
    },
  });
}
