// Runs instances of a plugin as processes that speak go-plugin's core protocol: the host's side of the wire.
//
// Invariants:
//   W1. Each instance has a directory, a certificate and a socket of its own; nothing is shared or used twice.
//   W2. With mutual TLS a plugin without a certificate is refused at the handshake, not at the first call.
//   W3. When `cleanUp` has settled no process, pipe, timer, connection, directory or announced socket of the instance
//       is left, except what the report names.
//   W4. Nothing waits for a pipe for longer than OUTPUT_GRACE_MS after the exit: a grandchild may hold it for ever.
//   W5. A pinned plugin is started from a copy of its directory that was verified just before, and from nothing else.

import { createCertificate } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { handshakeEnvironment, NETWORK_VARIABLE } from './handshake-environment.ts';
import type { MagicCookie } from './handshake-environment.ts';
import { createPlacedProcess } from './placed-process.ts';
import type { ContractName } from './plugin-contract.ts';
import type { PluginOutputChunk } from './plugin-output.ts';
import { createProcessStart } from './process-start.ts';
import type { ProcessStartOptions } from './process-start.ts';
import { createPrivateDirectory, PRIVATE_PREFIX } from '../process/index.ts';
import type { Environment, Placement, ProcessLauncher } from '../../ports/index.ts';

/** How a plugin is started and spoken to. Everything is resolved; defaults are the host's. */
export interface ProcessPlacementOptions extends MagicCookie, ProcessStartOptions {
  /** Name of the plugin within its host. */
  readonly plugin: string;
  /** What is spoken on top of go-plugin's protocol. */
  readonly contract: ContractName;
  /** The environment besides what the handshake adds. */
  readonly env: Readonly<Record<string, string>>;
  /** Versions of the application protocol that the host speaks. */
  readonly versions: readonly number[];
  /** No TLS. Anyone who can open the socket can then call the plugin. */
  readonly insecure: boolean;
  /** What plugins made with our SDK shall listen on; others decide for themselves. */
  readonly network: 'unix' | 'tcp';
  /** Name or number of the group that may use the sockets; undefined for nobody but this user. */
  readonly socketGroup: string | undefined;
  /** Ports for plugins that listen on tcp; both ends included. */
  readonly ports: { readonly min: number; readonly max: number };
  /** Given to the plugin before its first call; anything JSON can hold. */
  readonly config: unknown;
  /** Largest message that the host takes, in bytes. */
  readonly maxReceiveBytes: number;
  readonly startTimeoutMs: number;
  readonly healthTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** Directory under which the private directories are made. Default: the system's for temporary files. */
  readonly temporaryRoot: string | undefined;
  readonly onOutput: ((chunk: PluginOutputChunk) => void) | undefined;
}

/** What the placement uses from outside. */
export interface ProcessPlacementPorts {
  readonly environment: Environment;
  readonly launcher: ProcessLauncher;
}

/**
 * Creates a placement that starts one process per instance. It holds no instance.
 *
 * Throws `InvalidOptionsError` for what no plugin can be told: versions, ports or a magic cookie; and for a pin that would
 * pin nothing.
 */
export function createProcessPlacement(options: ProcessPlacementOptions, ports: ProcessPlacementPorts): Placement {
  environmentOf(options, '/', undefined);
  const nextStart = createProcessStart(options);
  return {
    async place() {
      const { clock } = ports.environment;
      const { env, ...invocation } = await nextStart();
      const directory = await createPrivateDirectory({
        prefix: PRIVATE_PREFIX,
        group: options.socketGroup,
        ...(options.temporaryRoot === undefined ? {} : { root: options.temporaryRoot }),
      });
      try {
        const certificate = options.insecure ? undefined : createCertificate({ now: clock.now() });
        const startedAt = clock.now();
        const process = await ports.launcher.launch({
          ...invocation,
          env: { ...env, ...environmentOf(options, directory.path, certificate) },
        });
        return createPlacedProcess({
          options,
          environment: ports.environment,
          process,
          directory,
          certificate,
          startedAt,
        });
      } catch (error) {
        await directory.remove();
        throw error;
      }
    },
  };
}

function environmentOf(
  options: ProcessPlacementOptions,
  directory: string,
  certificate: Certificate | undefined,
): Record<string, string> {
  return {
    // Go plugins before 1.5 know no other way to say where their sockets go.
    TMPDIR: directory,
    ...options.env,
    ...(options.network === 'tcp' ? { [NETWORK_VARIABLE]: 'tcp' } : {}),
    ...handshakeEnvironment({
      cookieKey: options.cookieKey,
      cookieValue: options.cookieValue,
      versions: options.versions,
      minPort: options.ports.min,
      maxPort: options.ports.max,
      socketDirectory: directory,
      socketGroup: options.socketGroup,
      clientCertificatePem: certificate?.certificatePem,
    }),
  };
}
