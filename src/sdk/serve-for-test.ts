// Test mode: a plugin that the author starts, under a debugger or in a test, and that a host reattaches to.
//
// Invariants:
//   T1. No cookie is checked, nothing is printed, no signal is caught, and the process is never ended from here.
//   T2. The connection is plain, and the socket lies in a directory that only its user may enter.

import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InvalidOptionsError } from '../errors/index.ts';
import { createRealClock } from '../ports/real-clock.ts';
import type { ConnectionBroker, Logger } from '../ports/index.ts';
import type { ReattachConfig } from '../transport/go-plugin/index.ts';
import { resolvePluginDefinition } from './plugin-definition.ts';
import type { PluginDefinition } from './plugin-definition.ts';
import { createPluginLog } from './plugin-log.ts';
import { createPluginServer } from './plugin-server.ts';

/** How a plugin is served in test mode. */
export interface TestModeOptions {
  /** Version of the application protocol to serve. Default: the highest that the definition has. */
  readonly version?: number;
}

/** A plugin in test mode. Whoever serves it closes it. */
export interface TestServedPlugin {
  /** Give this to `host.reattach`, or as JSON to a host in Go. */
  readonly reattach: ReattachConfig;
  readonly log: Logger;
  readonly broker: ConnectionBroker;
  readonly version: number;
  /** Lets calls finish for at most a second, closes the server and removes its socket. Idempotent. */
  close(): Promise<void>;
}

/** Milliseconds that calls in flight have at the end. */
const DRAIN_MS = 1000;

/**
 * Serves a plugin within the running process, for as many hosts as reattach to it, one after the other or at once.
 *
 * @throws InvalidOptionsError for a definition that cannot be served, or a version that it does not have
 */
export async function servePluginForTest(
  definition: PluginDefinition,
  options: TestModeOptions = {},
): Promise<TestServedPlugin> {
  const { versions } = resolvePluginDefinition(definition);
  const version = options.version ?? Math.max(...versions.keys());
  const services = versions.get(version);
  if (services === undefined) {
    throw new InvalidOptionsError('version', `is ${version}; the plugin has ${[...versions.keys()].join(', ')}`);
  }
  const clock = createRealClock();
  const log = createPluginLog(clock, definition.name ?? 'plugin');
  const directory = await mkdtemp(join(tmpdir(), 'plugin-test-'));
  const server = createPluginServer({
    definition,
    services,
    extend: await definition.load?.(),
    version,
    clock,
    log,
    certificate: undefined,
    hostCertificatePem: undefined,
    brokerListensOn: { network: 'unix', directory },
    // A host that lets go of a plugin in test mode leaves it running.
    onShutdown: () => {},
  });
  const { address } = await server.listen({ network: 'unix', path: join(directory, `plugin${randomInt(2 ** 32)}`) });
  let closing: Promise<void> | undefined;
  return {
    reattach: {
      Protocol: 'grpc',
      ProtocolVersion: version,
      Pid: process.pid,
      Test: true,
      Addr: { Network: 'unix', String: address },
    },
    log,
    broker: server.broker,
    version,
    close() {
      closing ??= server.drain(DRAIN_MS).then(() => rm(directory, { recursive: true, force: true }));
      return closing;
    },
  };
}
