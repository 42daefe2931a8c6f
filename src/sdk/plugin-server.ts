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
import type { ExtensionRuntime, PluginDefinition, PluginExtension, PluginServices } from './plugin-definition.ts';
import { createDropReport } from './drop-report.ts';
import { namesOf, pluginService } from './plugin-service.ts';
import { SDK_VERSION } from './version.ts';

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

/** Milliseconds that emits have at the end when the host does not say how long it waits. */
const DRAIN_MS = 1000;

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
  const written =
    typeof options.services === 'function' ? options.services({ log, broker, version }) : options.services;
  const extension = options.extend?.({ log, broker, version });
  const own = [...written, ...(extension?.services ?? [])];
  let finished: Promise<void> | undefined;
  // The author's `onShutdown` runs once, whoever asks first: the host's Shutdown, SIGTERM, or the end of the host.
  const finish = (graceMs: number): Promise<void> => {
    finished ??= Promise.resolve().then(() => finishOnce(definition, extension, graceMs));
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
      extension?.close();
      broker.close();
    },
    close() {
      extension?.close();
      broker.close();
      server.close();
    },
  };
}

async function finishOnce(
  definition: PluginDefinition,
  extension: PluginExtension | undefined,
  graceMs: number,
): Promise<void> {
  try {
    await definition.onShutdown?.({ graceMs });
  } finally {
    // Before Shutdown is answered: the host takes emits until then.
    await extension?.drain(graceMs > 0 ? graceMs : DRAIN_MS);
  }
}
