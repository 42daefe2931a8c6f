import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { RuntimeError } from '../../errors/index.ts';
import type { Clock } from '../../ports/clock.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import { createGrpcConnection } from '../grpc/connection.ts';
import type { ListenTarget } from '../grpc/listen.ts';
import type { ChannelMaterial } from '../grpc/material.ts';
import { createGrpcServer } from '../grpc/server.ts';
import { targetOf } from '../grpc/target.ts';
import type { AnnouncedAddress } from './announcements.ts';
import { createBroker } from './broker.ts';
import type { Broker } from './broker.ts';
import { addressProblem } from './listen-address.ts';
import { quoted } from './quoted.ts';

/** What brokered connections are made of; the same on both sides. */
export interface ConnectionBrokerOptions {
  readonly clock: Clock;
  /** The certificates of the main connection, which brokered ones use too; undefined without TLS. */
  readonly credentials: ChannelMaterial | undefined;
  /** What to listen on. */
  readonly listenOn:
    | { readonly network: 'unix'; readonly directory: string; readonly group?: string | undefined }
    | { readonly network: 'tcp'; readonly minPort: number; readonly maxPort: number };
  readonly maxReceiveBytes?: number | undefined;
  /** Hears of every announcement of the peer. */
  readonly onAnnounced?: (target: AnnouncedAddress) => void;
}

/**
 * Makes a broker whose connections are gRPC, over sockets of the kind of the main one. The caller closes it, and with it
 * all connections that were dialled and not closed before.
 */
export function createConnectionBroker(options: ConnectionBrokerOptions): Broker {
  const { clock, credentials, maxReceiveBytes, onAnnounced } = options;
  const limits = maxReceiveBytes === undefined ? {} : { maxReceiveBytes };
  const dialled = new Set<PluginConnection>();
  return createBroker({
    clock,
    ...(onAnnounced === undefined ? {} : { onAnnounced }),
    async listen(services, onConnection) {
      const server = createGrpcServer({ services, clock, credentials, onConnection, ...limits });
      const { network, address } = await server.listen(listenTarget(options.listenOn));
      return { network, address, close: () => server.close() };
    },
    async dial({ network, address }): Promise<PluginConnection> {
      requireDialable(network, address);
      const connection = createGrpcConnection({
        target: targetOf(network, address),
        credentials,
        clock,
        onClose: () => dialled.delete(connection),
        ...limits,
      });
      dialled.add(connection);
      try {
        await connection.ready();
        return connection;
      } catch (error) {
        connection.close();
        throw error;
      }
    },
    onClose() {
      for (const connection of dialled) connection.close();
    },
  });
}

function listenTarget(listenOn: ConnectionBrokerOptions['listenOn']): ListenTarget {
  if (listenOn.network === 'tcp') return listenOn;
  // Named as go-plugin names its sockets; the directory's owner decides who may enter.
  const path = join(listenOn.directory, `plugin${randomInt(2 ** 47)}`);
  return { network: 'unix', path, group: listenOn.group };
}

/** The address is the peer's word: the same rules hold as for the handshake line. */
function requireDialable(network: string, address: string): void {
  if (network !== 'unix' && network !== 'tcp') {
    throw new RuntimeError('NETWORK_UNSUPPORTED', `the peer announced the network ${quoted(network)}`);
  }
  const problem = addressProblem(network, address);
  if (problem !== undefined) {
    throw new RuntimeError(
      'ADDRESS_INVALID',
      `the peer announced ${network} address ${quoted(address)}, which ${problem}`,
    );
  }
}
