// Makes the running process a plugin: the plugin's side of go-plugin's core protocol. Where the host has made another place
// for the plugin, in a worker thread or beside itself, the same call serves it there.
//
// Invariants (the order is the protocol's):
//   S1. The magic cookie is checked before anything else happens; without it nothing is printed to standard output.
//   S2. The server takes connections before the handshake line is printed: hosts dial at once.
//   S3. The handshake line is the first and the only thing on standard output.
//   S4. Shutdown is answered before anything is torn down, and the process then exits with code 0.
//   S5. The plugin does not outlive its host, and leaves no socket behind when it exits, whatever the reason.

import { randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRuntimeError, RuntimeError } from '../errors/index.ts';
import { requireSupportedNode } from '../ports/runtime-version.ts';
import { createRealClock } from '../ports/real-clock.ts';
import type { Clock, ConnectionBroker, Logger } from '../ports/index.ts';
import {
  chooseVersion,
  createCertificate,
  formatHandshakeLine,
  HANDSHAKE_VARIABLES,
  NETWORK_VARIABLE,
  readHandshakeEnvironment,
} from '../transport/go-plugin/index.ts';
import type { Certificate, HandshakeRequest } from '../transport/go-plugin/index.ts';
import type { BoundAddress } from '../transport/grpc/index.ts';
import { createPluginServer } from './plugin-server.ts';
import type { PluginServer } from './plugin-server.ts';
import { captureStdout } from './capture-stdout.ts';
import { findSeat } from './find-seat.ts';
import { flushAfterFirstCall } from './flush-compile-cache.ts';
import { watchHost } from './host-watch.ts';
import { resolvePluginDefinition } from './plugin-definition.ts';
import type { PluginDefinition, ResolvedPluginDefinition } from './plugin-definition.ts';
import { createPluginLog } from './plugin-log.ts';

/** What `servePlugin` gives to the program that called it. */
export interface ServedPlugin {
  /** Writes log entries that the host shows under the plugin's name. */
  readonly log: Logger;
  /** Opens further connections to the host, in either direction. */
  readonly broker: ConnectionBroker;
  /** The version of the application protocol that host and plugin agreed on. */
  readonly version: number;
  /** Exits as a Shutdown by the host would. */
  shutdown(): void;
}

const STDOUT = 1;
/** Milliseconds that calls in flight have at the end; hosts use force after 2,000. */
const DRAIN_MS = 1000;

/**
 * Serves the plugin until its host ends it. Call it once, at the start of the program, and print nothing before.
 *
 * Settles when the handshake line is printed. Ends the process with code 1 and a text on standard error when it was not
 * started by a host that knows the magic cookie, or when the host asks for something that the plugin cannot do.
 *
 * In a worker thread of its host, or beside the host, the plugin is served there instead: settles when it takes calls.
 *
 * @throws InvalidOptionsError for a definition that cannot be served; UNSUPPORTED_RUNTIME on an old Node.js;
 *   FAILED_PRECONDITION when it is called twice, or after its end, where it has no process of its own
 */
export async function servePlugin(definition: PluginDefinition): Promise<ServedPlugin> {
  requireSupportedNode();
  const found = findSeat();
  const seat = found instanceof Promise ? await found : found;
  if (seat !== undefined) return (await import('./serve-in-seat.ts')).serveInSeat(definition, seat);
  const resolved = resolvePluginDefinition(definition);
  const clock = createRealClock();
  const request = readRequest(resolved);
  // What this process starts must not take itself for a plugin of the same host.
  for (const name of [...HANDSHAKE_VARIABLES, NETWORK_VARIABLE, resolved.handshake.cookieKey]) delete process.env[name];
  const log = createPluginLog(clock, definition.name ?? 'plugin');
  try {
    return await serve(definition, resolved, request, clock, log);
  } catch (error) {
    return refuse(error);
  }
}

function readRequest(resolved: ResolvedPluginDefinition): HandshakeRequest & { readonly network: 'unix' | 'tcp' } {
  const asked = process.env[NETWORK_VARIABLE] === 'tcp' ? 'tcp' : 'unix';
  try {
    const request = readHandshakeEnvironment(process.env, resolved.handshake);
    const network = resolved.network ?? asked;
    if (network === 'tcp' && request.hostCertificatePem === undefined) {
      throw new RuntimeError('CERTIFICATE_MISSING', 'the plugin listens on tcp and its host uses no mutual TLS');
    }
    return { ...request, network };
  } catch (error) {
    return refuse(error);
  }
}

/** Ends the process as go-plugin does: the reason on standard error, code 1. */
function refuse(error: unknown): never {
  if (!isRuntimeError(error) || error.code === 'INVALID_OPTIONS') throw error;
  writeSync(2, `${error.rawMessage}\n`);
  process.exit(1);
}

async function serve(
  definition: PluginDefinition,
  resolved: ResolvedPluginDefinition,
  request: ReturnType<typeof readRequest>,
  clock: Clock,
  log: Logger,
): Promise<ServedPlugin> {
  const version = chooseVersion([...resolved.versions.keys()], request.versions);
  const certificate = request.hostCertificatePem === undefined ? undefined : createCertificate({ now: clock.now() });
  // Not awaited without need: a plain plugin starts as if there were nothing to load.
  const extend = definition.load === undefined ? undefined : await definition.load();
  const server = createPluginServer({
    definition,
    services: resolved.versions.get(version) ?? [],
    extend,
    version,
    clock,
    log,
    certificate,
    hostCertificatePem: request.hostCertificatePem,
    brokerListensOn:
      request.network === 'tcp'
        ? { network: 'tcp', minPort: request.minPort, maxPort: request.maxPort }
        : { network: 'unix', directory: request.socketDirectory ?? tmpdir(), group: request.socketGroup },
    onShutdown: () => void shutDown(server),
    onCall: flushAfterFirstCall(clock),
  });
  captureStdout((data) => server.print(data));
  const address = await listenWhereAsked(server, request);
  obeyHost(server, clock);
  announce(address, version, certificate, request.multiplexAsked);
  for (const ignored of request.ignored) log.log('warn', `the host's handshake has an odd value: ${ignored}`);
  return { log, broker: server.broker, version, shutdown: () => void shutDown(server) };
}

/** The options are the host's: an impossible one is no programming fault of the plugin. */
async function listenWhereAsked(server: PluginServer, request: ReturnType<typeof readRequest>): Promise<BoundAddress> {
  const { network, minPort, maxPort, socketDirectory = tmpdir(), socketGroup } = request;
  try {
    return await server.listen(
      network === 'tcp'
        ? { network, minPort, maxPort }
        : { network, path: socketPath(socketDirectory), group: socketGroup },
    );
  } catch (cause) {
    if (!isRuntimeError(cause) || cause.code !== 'INVALID_OPTIONS') throw cause;
    throw new RuntimeError('LISTEN_FAILED', `the plugin cannot listen as its host asks: ${cause.rawMessage}`, {
      cause,
    });
  }
}

function announce(
  { network, address }: { readonly network: 'unix' | 'tcp'; readonly address: string },
  appVersion: number,
  certificate: Certificate | undefined,
  multiplexAsked: boolean,
): void {
  const line = formatHandshakeLine({
    coreVersion: 1,
    appVersion,
    network,
    address,
    protocol: 'grpc',
    certificate: certificate?.certificateDer,
    // A seventh field breaks hosts before go-plugin 1.6, so it is there only when it was asked for.
    multiplex: multiplexAsked ? false : undefined,
  });
  writeSync(STDOUT, line);
}

function obeyHost(server: PluginServer, clock: Clock): void {
  // Ctrl+C in a terminal reaches the whole process group; the host decides when its plugins end.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => void shutDown(server));
  watchHost(clock, () => void shutDown(server));
  // S5. Other reasons: the program calls `process.exit`, or nobody catches an exception.
  process.on('exit', () => server.close());
}

let shuttingDown = false;

/** S4, S5. Whatever the program still has open must not keep the process. */
async function shutDown(server: PluginServer): Promise<void> {
  if (shuttingDown) return;
  shuttingDown = true;
  try {
    await server.drain(DRAIN_MS);
  } finally {
    process.exit(0);
  }
}

/** `plugin` and digits in the given directory, as go-plugin names its sockets. */
function socketPath(directory: string): string {
  return join(directory, `plugin${randomInt(2 ** 32)}`);
}
