// Uses a plugin that somebody else started, for example a developer under a debugger.
//
// Invariants:
//   R1. The process is the one that was meant: its pid runs, and it listens on the address itself. A number from a file
//       is never sent a signal.
//   R2. What was not started here is not ended by force. A plugin in test mode is not even asked to end.
//   R3. The connection is plain: the certificates of a launch are gone with its environment.

import { RuntimeError } from '../../errors/index.ts';
import type {
  ConnectionBroker,
  Environment,
  PlacedPlugin,
  Placement,
  PlacementReport,
  PluginConnection,
  ProcessExit,
  TimerHandle,
} from '../../ports/index.ts';
import { createPrivateDirectory, identifyProcess, isSameProcess, listensOn, PRIVATE_PREFIX } from '../process/index.ts';
import type { PrivateDirectory, ProcessIdentity } from '../process/index.ts';
import { guardListener } from './plugin-output.ts';
import type { PluginOutputChunk } from './plugin-output.ts';
import type { ContractName } from './plugin-contract.ts';
import { openPluginSession } from './plugin-session.ts';
import type { PluginSession } from './plugin-session.ts';
import type { ReattachConfig } from './reattach.ts';

/** How a running plugin is used. Everything is resolved; defaults are the host's. */
export interface ReattachPlacementOptions {
  /** Name of the plugin within its host. */
  readonly plugin: string;
  readonly reattach: ReattachConfig;
  /** What is spoken on top of go-plugin's protocol. */
  readonly contract: ContractName;
  /** Versions of the application protocol that the host speaks. */
  readonly versions: readonly number[];
  /** Given to the plugin before its first call; anything JSON can hold. */
  readonly config: unknown;
  /** Largest message that the host takes, in bytes. */
  readonly maxReceiveBytes: number;
  readonly startTimeoutMs: number;
  readonly healthTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  readonly temporaryRoot: string | undefined;
  readonly onOutput: ((chunk: PluginOutputChunk) => void) | undefined;
}

/** Milliseconds between two looks at the process, as in Go. */
export const WATCH_MS = 1000;

/** Creates a placement whose only instance is the process that runs already. */
export function createReattachPlacement(
  options: ReattachPlacementOptions,
  { environment }: { readonly environment: Environment },
): Placement {
  return {
    async place() {
      const { Pid, Addr } = options.reattach;
      const identity = await identifyProcess(Pid);
      if (identity === undefined) throw stale(options, `process ${Pid} does not run`);
      if (!(await listensOn(Pid, Addr.Network, Addr.String))) {
        throw stale(options, `process ${Pid} does not listen on ${Addr.Network} ${Addr.String}`);
      }
      const directory = await createPrivateDirectory({
        prefix: PRIVATE_PREFIX,
        ...(options.temporaryRoot === undefined ? {} : { root: options.temporaryRoot }),
      });
      return new ReattachedPlugin(options, environment, identity, directory);
    },
  };
}

function stale({ plugin }: ReattachPlacementOptions, why: string): RuntimeError {
  return new RuntimeError('REATTACH_STALE', `plugin "${plugin}" cannot be reattached: ${why}`);
}

class ReattachedPlugin implements PlacedPlugin {
  readonly pid: number;
  readonly exited: Promise<ProcessExit>;
  readonly #options: ReattachPlacementOptions;
  readonly #environment: Environment;
  readonly #identity: ProcessIdentity;
  readonly #directory: PrivateDirectory;
  #settle: (exit: ProcessExit) => void = () => {};
  #timer: TimerHandle | undefined;
  #over = false;
  #session: PluginSession | undefined;

  constructor(
    options: ReattachPlacementOptions,
    environment: Environment,
    identity: ProcessIdentity,
    directory: PrivateDirectory,
  ) {
    this.#options = options;
    this.#environment = environment;
    this.#identity = identity;
    this.#directory = directory;
    this.pid = identity.pid;
    this.exited = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#watch();
  }

  async handshake(): Promise<{ readonly version: number }> {
    const { reattach, versions, plugin } = this.#options;
    const version = reattach.ProtocolVersion;
    if (versions.includes(version)) return { version };
    throw new RuntimeError(
      'APP_VERSION_UNSUPPORTED',
      `plugin "${plugin}" serves application version ${version}, the host speaks ${versions.join(', ')}`,
    );
  }

  async connect(signal: AbortSignal): Promise<void> {
    const { plugin, reattach, maxReceiveBytes, startTimeoutMs, onOutput } = this.#options;
    const log = this.#environment.log.child({ plugin });
    this.#session = await openPluginSession({
      line: {
        coreVersion: 1,
        appVersion: reattach.ProtocolVersion,
        network: reattach.Addr.Network,
        address: reattach.Addr.String,
        protocol: 'grpc',
      },
      contract: this.#options.contract,
      certificate: undefined,
      clock: this.#environment.clock,
      log,
      directory: this.#directory.path,
      socketGroup: undefined,
      maxReceiveBytes,
      timeoutMs: startTimeoutMs,
      onOutput: guardListener({ plugin, log, onOutput }),
      signal,
    });
  }

  async probe(signal: AbortSignal): Promise<void> {
    const { plugin, config, startTimeoutMs } = this.#options;
    await this.#live().probe({ plugin, config, timeoutMs: startTimeoutMs, signal });
  }

  connection(): PluginConnection {
    return this.#live().connection;
  }

  broker(): ConnectionBroker {
    return this.#live().broker;
  }

  checkHealth(signal: AbortSignal): Promise<void> {
    return this.#live().checkHealth(this.#options.healthTimeoutMs, signal);
  }

  async requestShutdown(signal: AbortSignal): Promise<void> {
    if (this.#options.reattach.Test)
      this.#end(); // R2
    else await this.#live().requestShutdown(this.#options.shutdownTimeoutMs, signal);
  }

  terminate(): void {
    this.#end(); // R1, R2
  }

  kill(): void {
    this.#end();
  }

  async cleanUp(): Promise<PlacementReport> {
    this.#end();
    this.#session?.close();
    await this.#directory.remove();
    return { stderrTail: [] };
  }

  /** Lets go: for the host the instance is over, whether or not the process goes on. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#environment.clock.clearTimeout(this.#timer);
    this.#settle({ code: null, signal: null });
  }

  #watch(): void {
    this.#timer = this.#environment.clock.setTimeout(() => void this.#look(), WATCH_MS, { unref: true });
  }

  async #look(): Promise<void> {
    const runs = await isSameProcess(this.#identity);
    if (this.#over) return;
    if (runs) this.#watch();
    else this.#end();
  }

  #live(): PluginSession {
    if (this.#session !== undefined) return this.#session;
    throw new RuntimeError('PLUGIN_UNAVAILABLE', `plugin "${this.#options.plugin}" is not connected`);
  }
}
