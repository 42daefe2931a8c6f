// One instance of a plugin that runs beside the host's own code. The invariants are those of the placement.

import type { Environment } from '../../ports/environment.ts';
import type { PlacedPlugin } from '../../ports/placement.ts';
import type { PluginSeat, SeatedPlugin } from '../../ports/plugin-seat.ts';
import type { ProcessExit } from '../../ports/process-launcher.ts';
import { within } from '../../ports/within.ts';
import { RuntimeError } from '../../errors/index.ts';
import { createMemoryConnection } from '../memory/index.ts';
import type { MemoryConnection } from '../memory/index.ts';
import { createLocalBrokers } from './local-brokers.ts';
import type { LocalBrokers } from './local-brokers.ts';
import type { SeatSlot } from './seat-context.ts';
import { createSeatLog } from './seat-log.ts';
import type { SeatLog } from './seat-log.ts';
import type { SeatOptions } from './seat-options.ts';
import { SeatedInstance } from './seated-instance.ts';
import type { Diagnosis } from './seated-instance.ts';

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

class PlacedInProcess extends SeatedInstance {
  readonly exited: Promise<ProcessExit>;
  readonly #parts: PlacedInProcessParts;
  readonly #brokers: LocalBrokers;
  readonly #log: SeatLog;
  readonly #slot: SeatSlot;
  readonly #exit = Promise.withResolvers<ProcessExit>();
  #plugin: SeatedPlugin | undefined;
  #connection: MemoryConnection | undefined;
  #isOver = false;
  #death: { readonly error: unknown } | undefined;

  constructor(parts: PlacedInProcessParts) {
    const { options, environment } = parts;
    super(options, environment);
    this.#parts = parts;
    this.exited = this.#exit.promise;
    this.#brokers = createLocalBrokers(environment, options.maxReceiveBytes);
    this.#log = createSeatLog(environment.clock);
    this.output.readStderr(this.#log.stream);
    this.#slot = { seat: this.#makeSeat() };
    // P1. In another turn: a plugin's code must not run within the host's.
    void Promise.resolve()
      .then(() => (this.#isOver ? undefined : parts.load(this.#slot)))
      .catch((error: unknown) => this.#fail(error));
  }

  async connect(): Promise<void> {
    const { options, environment } = this.#parts;
    if (this.#plugin === undefined) throw new RuntimeError('INTERNAL', 'connect came before the handshake');
    const { services, maxReceiveBytes: maxRequestBytes } = this.#plugin;
    this.#connection = createMemoryConnection(services, {
      clock: environment.clock,
      scheduler: environment.scheduler,
      maxReceiveBytes: options.maxReceiveBytes,
      ...(maxRequestBytes === undefined ? {} : { maxRequestBytes }),
    });
    if (this.#isOver) this.#connection.lose();
    this.connected(this.#connection, this.#brokers.host);
  }

  terminate(): void {
    if (this.#plugin === undefined) this.#end({ code: null, signal: 'SIGTERM' });
    else this.#plugin.terminate();
  }

  kill(): void {
    this.#end({ code: null, signal: 'SIGKILL' });
  }

  /** P3. Nothing is left once it has ended. */
  protected release(): void {}

  protected diagnosis(): Diagnosis {
    return this.#death === undefined ? undefined : this.diedOf(this.#death.error);
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
        this.seated.resolve(plugin.version);
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
}
