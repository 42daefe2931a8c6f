// The host's connection to one plugin process: calls, output stream, broker, health and shutdown.

import type { Clock, ConnectionBroker, Logger, PluginConnection, TimerHandle } from '../../ports/index.ts';
import { createGrpcConnection } from '../grpc/index.ts';
import type { ChannelMaterial, GrpcConnection } from '../grpc/index.ts';
import type { Certificate } from './certificate.ts';
import { readCertificate } from './certificate.ts';
import { requestShutdown } from './controller.ts';
import { channelMaterial } from './credentials.ts';
import type { HandshakeLine } from './handshake-line.ts';
import type { Broker } from './broker.ts';
import { hostBrokerStream } from './broker-stream.ts';
import { createConnectionBroker } from './connection-broker.ts';
import { keepStreamOpen } from './kept-stream.ts';
import { createContract } from './plugin-contract.ts';
import type { ContractName, PluginContract, ProbeOptions } from './plugin-contract.ts';
import { readStdio } from './stdio.ts';
import type { PluginOutputChunk } from './plugin-output.ts';

/** How a session is opened. */
export interface PluginSessionOptions {
  readonly line: HandshakeLine;
  /** What is spoken over the connection. */
  readonly contract: ContractName;
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
  readonly #contract: PluginContract;
  readonly #options: PluginSessionOptions;
  #giveUpStreams: readonly (() => void)[] | undefined;
  readonly #opening: TimerHandle;
  #closed = false;

  constructor(connection: GrpcConnection, credentials: ChannelMaterial | undefined, options: PluginSessionOptions) {
    const { clock, contract, directory, log, socketGroup, maxReceiveBytes, line } = options;
    this.connection = connection;
    this.#options = options;
    this.#contract = createContract(contract, { connection, log, openStreams: () => this.#openStreams() });
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
    this.#opening = clock.setTimeout(() => this.#openStreams(), STREAMS_AFTER_MS);
  }

  probe(options: ProbeOptions): Promise<void> {
    return this.#contract.probe(options);
  }

  checkHealth(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.#contract.checkHealth(timeoutMs, signal);
  }

  async requestShutdown(timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#contract.announceShutdown(timeoutMs, signal);
    await requestShutdown(this.connection, timeoutMs, signal);
  }

  close(): void {
    this.#closed = true;
    this.#options.clock.clearTimeout(this.#opening);
    for (const giveUp of this.#giveUpStreams ?? []) giveUp();
    this.broker.close();
    this.connection.close();
  }

  /** Whether or not anybody wants what comes: a plugin whose output nobody reads blocks after 64 KiB. */
  #openStreams(): void {
    if (this.#closed || this.#giveUpStreams !== undefined) return;
    const { clock, log, onOutput } = this.#options;
    this.#giveUpStreams = [
      // The broker announces its listeners anew. Plugins in Go lose their side of the broker with the first stream; ours
      // do not.
      keepStreamOpen({ name: 'broker', clock, log, open: () => hostBrokerStream(this.connection, this.broker).done }),
      // Kept open: until our plugins notice that the reader before is gone they refuse another one.
      keepStreamOpen({ name: 'output', clock, log, open: () => readStdio(this.connection, onOutput) }),
    ];
  }

  #remember(network: string, address: string): void {
    // A set: a listener that stays advertised is announced again and again.
    if (network === 'unix' && this.announcedPaths.size < MAX_ANNOUNCED_PATHS) this.announcedPaths.add(address);
  }
}

/**
 * Milliseconds from the connection to its streams, if nothing needs them before: the probe and the first call, which most
 * hosts make at once, need not wait for them. What the broker has announced until then is announced with its stream.
 */
const STREAMS_AFTER_MS = 10;

/** A plugin that announces more than this leaves sockets that nobody removes; it is out of order anyway. */
const MAX_ANNOUNCED_PATHS = 4096;
