// A plugin in memory, against a host that does as the test says.
//
// Invariants:
//   P1. Nothing leaves the process, and time stands still until the test advances it.
//   P2. What the plugin sees is the contract that real hosts keep: messages are encoded and decoded on their way.

import { RuntimeError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import { PluginServiceService } from '../../gen/troupe/plugin/v1/plugin.ts';
import { createManualEnvironment, createServiceClient } from '../../ports/index.ts';
import type {
  ConnectionBroker,
  Environment,
  EventDraft,
  ManualEnvironment,
  PluginConnection,
  ServedService,
  ServiceClient,
  ServiceDescriptor,
} from '../../ports/index.ts';
import type { PluginDefinition } from '../../sdk/index.ts';
import { createPluginServices } from '../../sdk/index.ts';
import { createMemoryConnection } from '../../transport/memory/index.ts';
import type { MemoryConnection } from '../../transport/memory/index.ts';
import { FakeEventHost } from './fake-event-host.ts';
import type { EmittedRecord, EmitRefusal } from './fake-event-host.ts';
import { EventSender } from './event-sender.ts';
import type { DeliveredResult, DeliverOptions } from './event-sender.ts';

/** How the plugin is run. */
export interface PluginHarnessOptions {
  /** Default: a manual one, with virtual time. */
  readonly environment?: ManualEnvironment | undefined;
  /** What `onInit` gets. Default: none. */
  readonly config?: unknown;
  /** Name under which the host runs the plugin. Default: its own, else `plugin`. */
  readonly name?: string | undefined;
}

/** A plugin in memory. Whoever makes it closes it. */
export interface PluginHarness {
  readonly environment: ManualEnvironment;
  /** What the plugin has published: by `emit` and by returning it, in the order in which the host got it. */
  readonly emitted: readonly EmittedRecord[];
  /** Delivers an event and waits for its result. Rejects with what the plugin answered instead of one. */
  deliver(event: EventDraft, options?: DeliverOptions): Promise<DeliveredResult>;
  /** Calls any service of the plugin, as a host would. */
  client<S extends ServiceDescriptor>(descriptor: S): ServiceClient<S>;
  /** Refuses emits from now on; undefined takes them again. */
  refuse(refusal: EmitRefusal | Code | undefined): void;
  /** Cuts the connection on which the plugin emits. While `reachable` is false it cannot dial another one. */
  cutHostChannel(options?: { readonly reachable?: boolean }): void;
  /** The host can be dialled again. */
  restoreHostChannel(): void;
  /** Cuts the open event streams. Their events that wait are delivered again, in order, by new streams. */
  cutStreams(): void;
  /** Moves time on; what was to happen meanwhile has happened when this settles. */
  advance(ms: number): Promise<void>;
  /** Ends the process without a word, and starts another one: what waits is delivered again with the next attempt. */
  crash(): Promise<void>;
  /** Ends the process as a host does, and starts no other one. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /** Ends everything at once. Idempotent. */
  close(): void;
}

/**
 * Runs a plugin in memory until it is closed. Its `onInit` has run when this settles.
 *
 * @throws (rejects) what `onInit` threw, as a host sees it
 */
export async function createPluginHarness(
  definition: PluginDefinition,
  options: PluginHarnessOptions = {},
): Promise<PluginHarness> {
  const harness = new Harness(definition, options);
  await harness.start();
  return harness;
}

interface Process {
  readonly connection: MemoryConnection;
  readonly end: () => void;
}

class Harness implements PluginHarness {
  readonly environment: ManualEnvironment;
  readonly #definition: PluginDefinition;
  readonly #options: PluginHarnessOptions;
  readonly #host: FakeEventHost;
  readonly #sender: EventSender;
  #process: Process | undefined;

  constructor(definition: PluginDefinition, options: PluginHarnessOptions) {
    this.#definition = definition;
    this.#options = options;
    this.environment = options.environment ?? createManualEnvironment();
    this.#host = new FakeEventHost(this.environment);
    this.#sender = new EventSender(this.environment, this.#host);
  }

  get emitted(): readonly EmittedRecord[] {
    return this.#host.emitted;
  }

  async start(): Promise<void> {
    const broker = createFakeBroker(this.environment, this.#host);
    const { services, close } = await createPluginServices(this.#definition, { broker, environment: this.environment });
    const connection = createMemoryConnection(services, { clock: this.environment.clock });
    const end = (): void => {
      connection.close();
      this.#host.cut();
      close();
    };
    this.#process = { connection, end };
    const { config, name = this.#definition.name ?? 'plugin' } = this.#options;
    const configJson = config === undefined ? '' : JSON.stringify(config);
    await createServiceClient(PluginServiceService, connection).init({ name, configJson });
    this.#sender.connect(connection);
  }

  deliver(event: EventDraft, options: DeliverOptions = {}): Promise<DeliveredResult> {
    this.#running();
    return this.#sender.deliver(event, options);
  }

  client<S extends ServiceDescriptor>(descriptor: S): ServiceClient<S> {
    return createServiceClient(descriptor, (): PluginConnection => this.#running().connection);
  }

  refuse(refusal: EmitRefusal | Code | undefined): void {
    this.#host.refusal = typeof refusal === 'string' ? { code: refusal } : refusal;
  }

  cutHostChannel({ reachable = true }: { readonly reachable?: boolean } = {}): void {
    this.#host.isReachable = reachable;
    this.#host.cut();
  }

  restoreHostChannel(): void {
    this.#host.isReachable = true;
  }

  cutStreams(): void {
    this.#sender.cut();
  }

  advance(ms: number): Promise<void> {
    return this.environment.clock.advanceAsync(ms, { turns: TURNS });
  }

  async crash(): Promise<void> {
    const { end } = this.#running();
    this.#process = undefined;
    this.#sender.disconnect();
    end();
    await this.start();
  }

  async stop({ graceMs = 1000 }: { readonly graceMs?: number } = {}): Promise<void> {
    const { connection } = this.#running();
    await createServiceClient(PluginServiceService, connection).shutdown({ graceMs });
    this.close();
  }

  close(): void {
    const running = this.#process;
    this.#process = undefined;
    this.#sender.end(new RuntimeError('CANCELLED', 'the plugin was closed'));
    running?.end();
  }

  #running(): Process {
    if (this.#process === undefined) throw new RuntimeError('FAILED_PRECONDITION', 'the plugin was closed');
    return this.#process;
  }
}

/** Turns of the event loop after each deadline: a dial, a call and its answer take some. */
const TURNS = 8;

/** The side of the broker that a plugin sees: the host announces its event service, and nothing else. */
function createFakeBroker(environment: Environment, host: FakeEventHost): ConnectionBroker {
  let lastId = 1;
  return {
    nextId: () => ++lastId,
    async accept(id: number, services: readonly ServedService[]) {
      throw new RuntimeError(
        'UNIMPLEMENTED',
        `the host in memory dials no plugin (id ${id}, ${services.length} services)`,
      );
    },
    async dial(id) {
      if (id !== 1 || !host.isReachable)
        throw new RuntimeError('BROKER_TIMEOUT', `nothing is announced under id ${id}`);
      const connection = createMemoryConnection([host.service], { clock: environment.clock });
      host.connected(connection);
      return connection;
    },
  };
}
