// The gRPC server of a plugin: go-plugin's own services, troupe's, and the author's.

import type { Clock, ConnectionBroker, Logger } from '../ports/index.ts';
import { within } from '../ports/within.ts';
import {
  brokerService,
  certificateFromPem,
  channelMaterial,
  controllerService,
  createConnectionBroker,
  healthService,
  stdioService,
} from '../transport/go-plugin/index.ts';
import type { Certificate, ConnectionBrokerOptions } from '../transport/go-plugin/index.ts';
import { createGrpcServer } from '../transport/grpc/index.ts';
import type { BoundAddress, CallObserver, ListenTarget } from '../transport/grpc/index.ts';
import type { PluginDefinition, PluginServices } from './plugin-definition.ts';
import { createDropReport } from './drop-report.ts';
import { pluginService } from './plugin-service.ts';
import { SDK_VERSION } from './version.ts';

/** What a plugin's server is made of. */
export interface PluginServerOptions {
  readonly definition: PluginDefinition;
  /** The services of the version that was agreed on. */
  readonly services: PluginServices;
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
  const health = healthService();
  const own = typeof options.services === 'function' ? options.services({ log, broker, version }) : options.services;
  let finished: Promise<void> | undefined;
  // The author's `onShutdown` runs once, whoever asks first: the host's Shutdown, SIGTERM, or the end of the host.
  const finish = (graceMs: number): Promise<void> => {
    finished ??= Promise.resolve().then(() => definition.onShutdown?.({ graceMs }));
    return finished;
  };
  const server = createGrpcServer({
    services: [
      ...own,
      pluginService(definition, finish, namesOf(own), SDK_VERSION),
      health.service,
      brokerService(broker),
      controllerService(options.onShutdown),
      stdio.service,
    ],
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
      health.close();
      await within(clock, deadlineMs, finish(0)).catch((error: unknown) =>
        log.log('warn', 'onShutdown failed', { error }),
      );
      // Streams that stay open by design would hold the drain up to its deadline.
      stdio.close();
      drops.close();
      broker.endStream();
      await server.drain({ deadlineMs });
      // Only now: calls that were under way may have used brokered connections.
      broker.close();
    },
    close() {
      broker.close();
      server.close();
    },
  };
}

/** Full names of the services, from the paths of their methods. */
function namesOf(
  services: readonly { readonly descriptor: Readonly<Record<string, { readonly path: string }>> }[],
): string[] {
  const names = services.flatMap(({ descriptor }) =>
    Object.values(descriptor).map(({ path }) => path.split('/')[1] ?? ''),
  );
  return [...new Set(names)];
}
