// The connection brokers of a host and a plugin in the same process: go-plugin's broker on both sides, with connections
// in memory in the place of sockets.
//
// Invariants:
//   L1. Only the two brokers of a pair can reach each other's listeners: their addresses mean nothing elsewhere.
//   L2. When one of them closes, its listeners and the connections that it dialled end with it.

import { RuntimeError } from '../../errors/index.ts';
import type { Environment } from '../../ports/environment.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import type { ServedService } from '../../ports/service.ts';
import { createBroker } from '../go-plugin/broker.ts';
import type { Broker } from '../go-plugin/broker.ts';
import { createMemoryConnection } from '../memory/index.ts';
import type { MemoryConnection } from '../memory/index.ts';

/** Two brokers that are each other's peer. Whoever makes them closes both. */
export interface LocalBrokers {
  readonly host: Broker;
  readonly plugin: Broker;
}

interface Listener {
  readonly services: readonly ServedService[];
  readonly onConnection: () => void;
  readonly connections: Set<MemoryConnection>;
}

type Times = Pick<Environment, 'clock' | 'scheduler'>;

/** Makes the brokers of one instance. */
export function createLocalBrokers(times: Times, maxReceiveBytes: number | undefined): LocalBrokers {
  const host = createSide('host', times, maxReceiveBytes);
  const plugin = createSide('plugin', times, maxReceiveBytes);
  connect(host, plugin);
  connect(plugin, host);
  return { host: host.broker, plugin: plugin.broker };
}

interface Side {
  readonly broker: Broker;
  readonly listeners: Map<string, Listener>;
  peer: Side | undefined;
}

/** What one side announces the other one hears, in another turn as over any wire. */
function connect(from: Side, to: Side): void {
  from.peer = to;
  from.broker.attach({ send: (info) => queueMicrotask(() => to.broker.receive(info)), end: () => {} });
}

function createSide(name: string, { clock, scheduler }: Times, maxReceiveBytes: number | undefined): Side {
  const listeners = new Map<string, Listener>();
  const dialled = new Set<PluginConnection>();
  const limits = maxReceiveBytes === undefined ? {} : { maxReceiveBytes };
  let lastAddress = 0;
  const broker = createBroker({
    clock,
    async listen(services, onConnection) {
      lastAddress += 1;
      const address = `/${name}/${lastAddress}`;
      const connections = new Set<MemoryConnection>();
      listeners.set(address, { services, onConnection, connections });
      const close = (): void => {
        listeners.delete(address);
        for (const connection of connections) connection.lose();
      };
      return { network: 'unix', address, close };
    },
    async dial({ address }) {
      const listener = side.peer?.listeners.get(address);
      if (listener === undefined) throw new RuntimeError('CONNECT_FAILED', 'the other side does not listen any more');
      const { services, connections, onConnection } = listener;
      const connection = createMemoryConnection(services, {
        clock,
        scheduler,
        ...limits,
        onClose: () => {
          connections.delete(connection);
          dialled.delete(connection);
        },
      });
      connections.add(connection);
      dialled.add(connection);
      onConnection();
      return connection;
    },
    onClose() {
      for (const connection of dialled) connection.close();
    },
  });
  const side: Side = { broker, listeners, peer: undefined };
  return side;
}
