// One instance of a plugin that runs beside the host's own code. The invariants are those of the placement.

import type { Environment } from '../../ports/environment.ts';
import type { ConnectionBroker } from '../../ports/connection-broker.ts';
import type { PlacedPlugin, PlacementReport } from '../../ports/placement.ts';
import type { PluginConnection } from '../../ports/plugin-connection.ts';
import type { PluginSeat, SeatedPlugin } from '../../ports/plugin-seat.ts';
import type { ProcessExit } from '../../ports/process-launcher.ts';
import { within } from '../../ports/within.ts';
import { RuntimeError } from '../../errors/index.ts';
import { requireKnownVersion } from '../go-plugin/handshake-line.ts';
import { createPluginOutput } from '../go-plugin/plugin-output.ts';
import type { PluginOutput } from '../go-plugin/plugin-output.ts';
import { createMemoryConnection } from '../memory/index.ts';
import type { MemoryConnection } from '../memory/index.ts';
import { createLocalBrokers } from './local-brokers.ts';
import type { LocalBrokers } from './local-brokers.ts';
import type { SeatSlot } from './seat-context.ts';
import { createSeatLog, headlineOf } from './seat-log.ts';
import type { SeatLog } from './seat-log.ts';
import type { SeatOptions } from './seat-options.ts';
import { SeatSession } from './seat-session.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Milliseconds for the last lines of the log to be read. */
const OUTPUT_GRACE_MS = 250;

/** What an instance is made of. */
export interface PlacedInProcessParts {
  readonly options: SeatOptions;
  readonly environment: Environment;
  /** Loads the plugin, which takes the seat while it is loaded, or later. */
  readonly load: (slot: SeatSlot) => Promise<unknown>;
}

/** Starts to load the plugin. */
export function createPlacedInProcess(parts: PlacedInProcessParts): PlacedPlugin {
  return new PlacedInProcess(parts);
}

class PlacedInProcess implements PlacedPlugin {
  readonly pid = 0;
  readonly exited: Promise<ProcessExit>;
  readonly #parts: PlacedInProcessParts;
  readonly #brokers: LocalBrokers;
  readonly #log: SeatLog;
  readonly #output: PluginOutput;
  readonly #slot: SeatSlot;
  readonly #seated = Promise.withResolvers<SeatedPlugin>();
  readonly #exit = Promise.withResolvers<ProcessExit>();
  #plugin: SeatedPlugin | undefined;
  #connection: MemoryConnection | undefined;
  #session: SeatSession | undefined;
  #isReady = false;
  #isOver = false;
  #death: { readonly error: unknown } | undefined;
  #cleaned: Promise<PlacementReport> | undefined;

  constructor(parts: PlacedInProcessParts) {
    this.#parts = parts;
    const { options, environment } = parts;
    const { clock, log } = environment;
    const { plugin, onOutput, maxReceiveBytes } = options;
    this.exited = this.#exit.promise;
    this.#brokers = createLocalBrokers(clock, maxReceiveBytes);
    this.#log = createSeatLog(clock);
    this.#output = createPluginOutput({ plugin, log, clock, onOutput });
    this.#output.readStderr(this.#log.stream);
    this.#slot = { seat: this.#makeSeat() };
    // P1. In another turn: a plugin's code must not run within the host's.
    void Promise.resolve()
      .then(() => (this.#isOver ? undefined : parts.load(this.#slot)))
      .catch((error: unknown) => this.#fail(error));
  }

  async handshake(signal: AbortSignal): Promise<{ readonly version: number }> {
    const { version } = await unlessAborted(this.#seated.promise, signal);
    return { version: requireKnownVersion(version, this.#parts.options.versions) };
  }

  async connect(): Promise<void> {
    const { options, environment } = this.#parts;
    if (this.#plugin === undefined) throw new RuntimeError('INTERNAL', 'connect came before the handshake');
    const { services, maxReceiveBytes: maxRequestBytes } = this.#plugin;
    this.#connection = createMemoryConnection(services, {
      clock: environment.clock,
      maxReceiveBytes: options.maxReceiveBytes,
      ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
    });
    if (this.#isOver) this.#connection.lose();
    const log = environment.log.child({ plugin: options.plugin });
    this.#session = new SeatSession(this.#connection, this.#brokers.host, options, log);
  }

  async probe(signal: AbortSignal): Promise<void> {
    await this.#live().probe(signal);
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

  terminate(): void {
    if (this.#plugin === undefined) this.#end({ code: null, signal: 'SIGTERM' });
    else this.#plugin.terminate();
  }

  kill(): void {
    this.#end({ code: null, signal: 'SIGKILL' });
  }

  cleanUp(): Promise<PlacementReport> {
    this.#cleaned ??= this.#cleanUp();
    return this.#cleaned;
  }

  async #cleanUp(): Promise<PlacementReport> {
    this.#end({ code: null, signal: 'SIGKILL' });
    await within(this.#parts.environment.clock, OUTPUT_GRACE_MS, this.#output.stderrEnded);
    this.#output.stop();
    const stderrTail = this.#output.tail();
    if (this.#death === undefined) return { stderrTail };
    const message = `plugin "${this.#parts.options.plugin}" failed: ${headlineOf(this.#death.error)}`;
    return { stderrTail, diagnosis: { code: this.#isReady ? 'PLUGIN_CRASHED' : 'PLUGIN_EXITED_EARLY', message } };
  }

  #makeSeat(): PluginSeat {
    const { options, environment } = this.#parts;
    return {
      versions: options.versions,
      broker: this.#brokers.plugin,
      environment: { ...environment, log: this.#log.logger(options.plugin) },
      log: (module) => this.#log.logger(module),
      take: (plugin) => {
        if (this.#plugin !== undefined || this.#isOver) {
          throw new RuntimeError('FAILED_PRECONDITION', `the seat of plugin "${options.plugin}" is taken, or was left`);
        }
        this.#plugin = plugin;
        this.#seated.resolve(plugin);
      },
      drain: async (deadlineMs) => {
        const idle = this.#connection?.idle() ?? Promise.resolve();
        await within(environment.clock, deadlineMs, idle);
      },
      exit: (code) => this.#end({ code, signal: null }),
    };
  }

  /** P2. Loading failed, also after the plugin had taken its seat: in a process this would be an uncaught error. */
  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#death = { error };
    this.#log.death(error);
    this.#end({ code: 1, signal: null });
  }

  /** P3. */
  #end(exit: ProcessExit): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#slot.seat = undefined;
    this.#connection?.lose();
    this.#brokers.plugin.close();
    this.#brokers.host.close();
    try {
      this.#plugin?.close();
    } catch (error) {
      this.#log.death(error);
    }
    this.#log.end();
    this.#exit.resolve(exit);
  }

  #live(): SeatSession {
    if (this.#session === undefined) {
      throw new RuntimeError('PLUGIN_UNAVAILABLE', `plugin "${this.#parts.options.plugin}" is not connected`);
    }
    return this.#session;
  }
}
