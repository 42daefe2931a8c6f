// What instances of plugins without a process of their own have in common: how the host speaks to whoever has taken the
// seat, and what is told of its end.

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import type { ConnectionBroker } from '../../ports/connection-broker.ts';
import type { Environment } from '../../ports/environment.ts';
import type { PlacedPlugin, PlacementReport } from '../../ports/placement.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import type { ProcessExit } from '../../ports/process-launcher.ts';
import { within } from '../../ports/within.ts';
import { requireKnownVersion } from '../go-plugin/handshake-line.ts';
import { createPluginOutput } from '../go-plugin/plugin-output.ts';
import type { PluginOutput } from '../go-plugin/plugin-output.ts';
import { headlineOf } from './seat-log.ts';
import type { SeatOptions } from './seat-options.ts';
import { SeatSession } from './seat-session.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Milliseconds that the standard error of an instance which has ended may take to end. */
const OUTPUT_GRACE_MS = 250;
/** Milliseconds between a broken connection and the notice that its instance has ended. */
const EXIT_GRACE_MS = 250;

/** Why an instance has ended, when that is better known than by its code. */
export type Diagnosis = PlacementReport['diagnosis'];

/** One instance in a seat. */
export abstract class SeatedInstance implements PlacedPlugin {
  readonly pid = 0;
  abstract readonly exited: Promise<ProcessExit>;
  /** Settles with the version of the application protocol, when the plugin takes its seat. */
  protected readonly seated: PromiseWithResolvers<number> = Promise.withResolvers<number>();
  protected readonly output: PluginOutput;
  readonly #options: SeatOptions;
  readonly #environment: Environment;
  #session: SeatSession | undefined;
  #isReady = false;
  #cleaned: Promise<PlacementReport> | undefined;

  constructor(options: SeatOptions, environment: Environment) {
    this.#options = options;
    this.#environment = environment;
    const { clock, log } = environment;
    this.output = createPluginOutput({ plugin: options.plugin, log, clock, onOutput: options.onOutput });
  }

  abstract connect(): Promise<void>;
  abstract terminate(): void;
  abstract kill(): void;
  /** Lets go of what is left, once nothing more is printed. */
  protected abstract release(): void;
  /** A better explanation than "exited with code 1"; undefined when there is none. */
  protected abstract diagnosis(): Diagnosis;

  async handshake(signal: AbortSignal): Promise<{ readonly version: number }> {
    const version = await unlessAborted(this.seated.promise, signal);
    return { version: requireKnownVersion(version, this.#options.versions) };
  }

  async probe(signal: AbortSignal): Promise<void> {
    try {
      await this.#live().probe(signal);
    } catch (error) {
      // A connection breaks just before its instance has ended, and the end explains more.
      if (isBroken(error)) await within(this.#environment.clock, EXIT_GRACE_MS, this.exited);
      throw error;
    }
    this.#isReady = true;
  }

  connection(): PluginConnection {
    return this.#live().connection;
  }

  broker(): ConnectionBroker {
    return this.#live().broker;
  }

  checkHealth(signal: AbortSignal): Promise<void> {
    return this.#live().checkHealth(signal);
  }

  requestShutdown(signal: AbortSignal): Promise<void> {
    return this.#live().requestShutdown(signal);
  }

  cleanUp(): Promise<PlacementReport> {
    this.#cleaned ??= this.#cleanUp();
    return this.#cleaned;
  }

  protected connected(connection: PluginConnection, broker: ConnectionBroker): void {
    const log = this.#environment.log.child({ plugin: this.#options.plugin });
    this.#session = new SeatSession(connection, broker, this.#options, log);
  }

  /** What is told of an instance that died of something that was thrown. */
  protected diedOf(error: unknown): Diagnosis {
    const code: Code = this.#isReady ? 'PLUGIN_CRASHED' : 'PLUGIN_EXITED_EARLY';
    return { code, message: `plugin "${this.#options.plugin}" failed: ${headlineOf(error)}` };
  }

  async #cleanUp(): Promise<PlacementReport> {
    this.kill();
    await within(this.#environment.clock, OUTPUT_GRACE_MS, this.output.stderrEnded);
    this.output.stop();
    this.release();
    return { stderrTail: this.output.tail(), diagnosis: this.diagnosis() };
  }

  #live(): SeatSession {
    if (this.#session !== undefined) return this.#session;
    throw new RuntimeError('PLUGIN_UNAVAILABLE', `plugin "${this.#options.plugin}" is not connected`);
  }
}

function isBroken(error: unknown): boolean {
  return isRuntimeError(error) && (error.details['origin'] === 'connection' || isBroken(error.cause));
}
