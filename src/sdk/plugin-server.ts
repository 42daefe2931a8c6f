// The gRPC server of a plugin: go-plugin's own services, troupe's, and the author's.

import type { Clock, ConnectionBroker, Logger } from '../ports/index.ts';
import {
  brokerService,
  certificateFromPem,
  channelMaterial,
  createConnectionBroker,
  stdioService,
} from '../transport/go-plugin/index.ts';
import type { Certificate, ConnectionBrokerOptions } from '../transport/go-plugin/index.ts';
import { createGrpcServer } from '../transport/grpc/index.ts';
import type { BoundAddress, CallObserver, ListenTarget } from '../transport/grpc/index.ts';
import type { ExtensionRuntime, PluginDefinition, PluginExtension, PluginServices } from './plugin-definition.ts';
import { createDropReport } from './drop-report.ts';
import { createPluginCore } from './plugin-core.ts';

/** What a plugin's server is made of. */
export interface PluginServerOptions {
  readonly definition: PluginDefinition;
  /** The services of the version that was agreed on. */
  readonly services: PluginServices;
  /** What `definition.load` gave. */
  readonly extend?: ((runtime: ExtensionRuntime) => PluginExtension) | undefined;
  readonly version: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The plugin's certificate and the host's; both undefined without TLS. */
  readonly certificate: Certificate | undefined;
  readonly hostCertificatePem: string | undefined;
  /** What brokered connections of this side listen on. */
  readonly brokerListensOn: ConnectionBrokerOptions['listenOn'];
  /** Called once, after the host's Shutdown was answered. */
  readonly onShutdown: () => void;
  /** Told when a call starts; what it returns is called when the call is over. */
  readonly onCall?: CallObserver | undefined;
}

/** A plugin's server. Whoever creates it drains it. */
export interface PluginServer {
  readonly broker: ConnectionBroker;
  listen(target: ListenTarget): Promise<BoundAddress>;
  /** Sends what the program printed to the host. Never waits. */
  print(data: Buffer): void;
  /**
   * Runs the author's `onShutdown` unless it has run, refuses new calls, waits for open ones and for unread output, each
   * for at most `deadlineMs`, then closes everything.
   */
  drain(deadlineMs: number): Promise<void>;
  /** Ends all calls and removes all sockets before it returns. Idempotent. */
  close(): void;
}

/** Creates the server; it listens when it is told to. */
export function createPluginServer(options: PluginServerOptions): PluginServer {
  const { definition, version, clock, log, certificate, hostCertificatePem } = options;
  const credentials =
    certificate === undefined || hostCertificatePem === undefined
      ? undefined
      : channelMaterial(certificate, certificateFromPem(hostCertificatePem).pem);
  const { maxReceiveBytes } = definition;
  const broker = createConnectionBroker({ clock, credentials, maxReceiveBytes, listenOn: options.brokerListensOn });
  const stdio = stdioService();
  const drops = createDropReport(clock, log, () => stdio.droppedBytes);
  const { services, extend, onShutdown } = options;
  const core = createPluginCore({ definition, services, extend, version, clock, log, broker, onShutdown });
  const server = createGrpcServer({
    services: [...core.services, brokerService(broker), stdio.service],
    clock,
    credentials,
    ...(maxReceiveBytes === undefined ? {} : { maxReceiveBytes }),
    ...(options.onCall === undefined ? {} : { onCall: options.onCall }),
  });
  return {
    broker,
    listen: (target) => server.listen(target),
    print(data) {
      stdio.write('stdout', data);
      drops.check();
    },
    async drain(deadlineMs) {
      await core.finish(deadlineMs);
      // Streams that stay open by design would hold the drain up to its deadline.
      stdio.close();
      drops.close();
      broker.endStream();
      await server.drain({ deadlineMs });
      // Only now: calls that were under way may have used brokered connections.
      core.close();
      broker.close();
    },
    close() {
      core.close();
      broker.close();
      server.close();
    },
  };
}
