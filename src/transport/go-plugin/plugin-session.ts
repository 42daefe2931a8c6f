// The host's connection to one plugin process: calls, output stream, broker, health and shutdown.

import type { Clock, ConnectionBroker, Logger, PluginConnection } from '../../ports/index.ts';
import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import { GetHealthResponse_Status, PluginServiceService } from '../../gen/troupe/plugin/v1/plugin.ts';
import { createGrpcConnection } from '../grpc/index.ts';
import type { ChannelMaterial, GrpcConnection } from '../grpc/index.ts';
import { createServiceClient } from '../../ports/service.ts';
import type { Certificate } from './certificate.ts';
import { readCertificate } from './certificate.ts';
import { requestShutdown } from './controller.ts';
import { channelMaterial } from './credentials.ts';
import type { HandshakeLine } from './handshake-line.ts';
import { checkHealth } from './health.ts';
import type { Broker } from './broker.ts';
import { hostBrokerStream } from './broker-stream.ts';
import { createConnectionBroker } from './connection-broker.ts';
import { keepStreamOpen } from './kept-stream.ts';
import { readStdio } from './stdio.ts';
import type { PluginOutputChunk } from './plugin-output.ts';

/** How a session is opened. */
export interface PluginSessionOptions {
  readonly line: HandshakeLine;
  /** The host's certificate; undefined without TLS. */
  readonly certificate: Certificate | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Private directory of the plugin, for the sockets that the host listens on. */
  readonly directory: string;
  /** Group that may use those sockets. */
  readonly socketGroup: string | undefined;
  readonly maxReceiveBytes: number;
  /** Milliseconds that connecting may take. */
  readonly timeoutMs: number;
  /** Must not throw; see `guardListener`. */
  readonly onOutput: (chunk: PluginOutputChunk) => void;
  /** Gives the opening up. */
  readonly signal: AbortSignal;
}

/** What a plugin is asked and told before its first call. */
export interface ProbeOptions {
  /** Name of the plugin within its host. */
  readonly plugin: string;
  /** Configuration; undefined for none. */
  readonly config: unknown;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** An open session. Whoever opens it closes it. */
export interface PluginSession {
  readonly connection: PluginConnection;
  readonly broker: ConnectionBroker;
  /** Paths of unix sockets that the plugin announced over the broker. */
  readonly announcedPaths: ReadonlySet<string>;
  /** Makes sure that the plugin serves, and gives it its configuration. Rejects with PROBE_FAILED or INIT_FAILED. */
  probe(options: ProbeOptions): Promise<void>;
  /** Rejects when the plugin is not well, or does not say within the time. */
  checkHealth(timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Asks the plugin to exit. */
  requestShutdown(timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Ends every call and closes every socket. Idempotent. */
  close(): void;
}

/** Connects to a plugin that has printed its handshake line. Rejects with CONNECT_FAILED. */
export async function openPluginSession(options: PluginSessionOptions): Promise<PluginSession> {
  const { line, certificate, clock, signal } = options;
  const credentials =
    certificate === undefined || line.certificate === undefined
      ? undefined
      : channelMaterial(certificate, readCertificate(line.certificate).pem);
  const { network, address } = line;
  const connection = createGrpcConnection({
    target: network === 'unix' ? { network, path: address } : { network, address },
    credentials,
    clock,
    maxReceiveBytes: options.maxReceiveBytes,
  });
  const giveUp = (): void => connection.close();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    await connection.ready(options.timeoutMs);
  } catch (error) {
    connection.close();
    throw error;
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  return new Session(connection, credentials, options);
}

class Session implements PluginSession {
  readonly connection: GrpcConnection;
  readonly broker: Broker;
  readonly announcedPaths = new Set<string>();
  readonly #client;
  readonly #log: Logger;
  readonly #giveUpStreams: readonly (() => void)[];
  /** Whether the plugin serves troupe's own contract; known after the probe. */
  #isTroupe = false;

  constructor(connection: GrpcConnection, credentials: ChannelMaterial | undefined, options: PluginSessionOptions) {
    const { clock, log, directory, socketGroup, maxReceiveBytes, line } = options;
    this.connection = connection;
    this.#log = log;
    this.#client = createServiceClient(PluginServiceService, connection);
    this.broker = createConnectionBroker({
      clock,
      credentials,
      maxReceiveBytes,
      listenOn:
        line.network === 'unix'
          ? { network: 'unix', directory, group: socketGroup }
          : { network: 'tcp', minPort: 0, maxPort: 0 },
      onAnnounced: ({ network, address }) => this.#remember(network, address),
    });
    this.#giveUpStreams = [
      // The broker announces its listeners anew. Plugins in Go lose their side of the broker with the first stream; ours
      // do not.
      keepStreamOpen({ name: 'broker', clock, log, open: () => hostBrokerStream(connection, this.broker).done }),
      // Opened at once and kept open: a plugin whose output nobody reads blocks after 64 KiB. Until our plugins notice
      // that the reader before is gone they refuse another one.
      keepStreamOpen({ name: 'output', clock, log, open: () => readStdio(connection, options.onOutput) }),
    ];
  }

  async probe({ plugin, config, timeoutMs, signal }: ProbeOptions): Promise<void> {
    await checkHealth(this.connection, timeoutMs, signal);
    try {
      await this.#client.getInfo({}, { timeoutMs, signal });
    } catch (error) {
      // An ordinary go-plugin plugin.
      if (isRuntimeError(error) && error.code === 'UNIMPLEMENTED') return;
      throw RuntimeError.from(error, 'PROBE_FAILED');
    }
    this.#isTroupe = true;
    const configJson = config === undefined ? '' : JSON.stringify(config);
    try {
      await this.#client.init({ name: plugin, configJson }, { timeoutMs, signal });
    } catch (cause) {
      const { code, rawMessage } = RuntimeError.from(cause);
      if (code === 'UNAVAILABLE' || code === 'CANCELLED') throw cause;
      throw new RuntimeError('INIT_FAILED', `plugin "${plugin}" refused its configuration: ${rawMessage}`, { cause });
    }
  }

  async checkHealth(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#isTroupe) return checkHealth(this.connection, timeoutMs, signal);
    const { status, message } = await this.#client.getHealth({}, { timeoutMs, signal });
    if (status !== GetHealthResponse_Status.STATUS_NOT_SERVING) return;
    throw new RuntimeError('PROBE_FAILED', `the plugin reports that it cannot work: ${message || 'no reason given'}`);
  }

  async requestShutdown(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isTroupe) await this.#announceShutdown(timeoutMs, signal);
    await requestShutdown(this.connection, timeoutMs, signal);
  }

  close(): void {
    for (const giveUp of this.#giveUpStreams) giveUp();
    this.broker.close();
    this.connection.close();
  }

  /** A plugin that fails over its last words is asked to exit all the same; one that takes too long is not. */
  async #announceShutdown(graceMs: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#client.shutdown({ graceMs }, { timeoutMs: graceMs, signal });
    } catch (error) {
      if (signal.aborted || RuntimeError.from(error).code === 'DEADLINE_EXCEEDED') throw error;
      this.#log.log('warn', 'the plugin failed to prepare its shutdown', { error });
    }
  }

  #remember(network: string, address: string): void {
    // A set: a listener that stays advertised is announced again and again.
    if (network === 'unix' && this.announcedPaths.size < MAX_ANNOUNCED_PATHS) this.announcedPaths.add(address);
  }
}

/** A plugin that announces more than this leaves sockets that nobody removes; it is out of order anyway. */
const MAX_ANNOUNCED_PATHS = 4096;
