// The composition root of the host side: an actor system, a launcher, and the plugins.

import { createHostLogic, createSystem } from '../actors/index.ts';
import type { Actor, ActorSystem } from '../actors/index.ts';
import type { Bus, PluginLifeFact, Subscription } from '../bus/index.ts';
import { InvalidOptionsError, RuntimeError } from '../errors/index.ts';
import type { PluginProcessFact, PluginReplacementFact } from '../machines/index.ts';
import { requireAtLeast } from '../policy/index.ts';
import type { CrashBudgetOptions, ProcessPolicy, ProcessPolicyOptions } from '../policy/index.ts';
import { createRealEnvironment, requireSupportedNode, within } from '../ports/index.ts';
import type { CrashPort, DenialPort, Environment, Placement, ProcessLauncher } from '../ports/index.ts';
import { createProcessLauncher, createReattachPlacement, removeAbandonedDirectories } from '../transport/index.ts';
import type { MagicCookie } from '../transport/index.ts';
import type { Edition } from './edition.ts';
import { EventSeat } from './event-seat.ts';
import { HostBus } from './host-bus.ts';
import type { HostEventOptions, PluginEventFact } from './host-bus.ts';
import { resolveLaunch, resolveReattach, servicesOf } from './launch-options.ts';
import type {
  LaunchDefaults,
  LaunchOptions,
  NoServices,
  ReattachOptions,
  ServiceMap,
  ServiceOptions,
} from './launch-options.ts';
import { createMemoryCrashBudget } from './memory-crash-budget.ts';
import { createPlacement } from './placements.ts';
import { HostedPlugin } from './plugin.ts';
import type { Plugin } from './plugin.ts';
import { startEdition } from './start-edition.ts';
import type { StartOptions } from './start-options.ts';
import { startPlugins } from './start-plugins.ts';
import type { StartReport } from './start-plugins.ts';

/** How a host is made. Everything has a default. */
export interface HostOptions {
  /** Time, randomness, ids, scheduling and log. Default: the real ones, with a log to standard error from `warn` up. */
  readonly environment?: Environment;
  /** The magic cookie of all plugins that name no other. Default: the one of troupe's SDK. */
  readonly handshake?: MagicCookie;
  /** Time-outs and restart rules of all plugins that name no others. */
  readonly process?: ProcessPolicyOptions;
  /** Crashes after which a plugin is quarantined. Default 5 within 10 minutes. Unused when `crashes` is given. */
  readonly crashBudget?: CrashBudgetOptions;
  /** Counts crashes and decides about restarts. Default: in memory, for the life of the host. */
  readonly crashes?: CrashPort;
  /** Starts processes. Default: in process groups of their own that end with this process. */
  readonly launcher?: ProcessLauncher;
  /** The bus that carries events between the program and its plugins. */
  readonly events?: HostEventOptions;
  /** Directory for the plugins' private directories. Default: the system's for temporary files. Keep it short. */
  readonly temporaryRoot?: string;
  /**
   * Directory for the read-only copies of plugins that are launched with a `checksum`, one for each content. Default: in
   * the user's cache directory. Only this user may be able to write it.
   */
  readonly pinStore?: string;
  /**
   * Copies that stay in `pinStore` when a new one is made: the most recently used, of all hosts. One that was pinned by a
   * process that still lives stays in any case. Default 20.
   */
  readonly pinnedCopies?: number;
  /** Hears of what plugins wanted and may not do; that of an auditor, for example. Default: it is counted only. */
  readonly denials?: DenialPort;
}

/** How a stop went. */
export interface HostStopReport {
  /** Names of the plugins that ended within the deadline. */
  readonly stopped: readonly string[];
  /** Names of the plugins that were ended by force. */
  readonly forced: readonly string[];
}

/**
 * A fact of one of the host's plugins: a step in the life of the version that takes its calls, what becomes of its events, or
 * of the replacement of that version by another one.
 */
export type HostFact = (PluginProcessFact | PluginEventFact | PluginReplacementFact) & { readonly plugin: string };

/** Runs plugins. Whoever creates it stops it. */
export interface Host {
  /** The actor system that the host and its plugins run in; embed your own actors beside them. */
  readonly system: ActorSystem;
  /** Carries events between the program and its plugins. The host stops it. */
  readonly bus: Bus;
  /**
   * Starts a plugin and waits until it takes calls.
   *
   * @throws INVALID_OPTIONS, NAME_TAKEN or HOST_STOPPED at once; else rejects with a `PluginCrashedError` whose code says
   *   what is wrong with the plugin. Nothing of a plugin that could not be launched is left behind.
   */
  launch<const Services extends ServiceMap = NoServices>(options: LaunchOptions<Services>): Promise<Plugin<Services>>;
  /**
   * Uses a plugin that somebody else started, for example under a debugger, and waits until it takes calls. The host
   * never ends its process by force, does not restart it, and leaves one in test mode running.
   *
   * @throws as `launch`; REATTACH_STALE when the process is gone or does not listen there; UNSUPPORTED_PLATFORM off Linux
   */
  reattach<const Services extends ServiceMap = NoServices>(
    options: ReattachOptions<Services>,
  ): Promise<Plugin<Services>>;
  /**
   * Starts the plugins that manifests describe. What goes wrong with a plugin is in the report, never a rejection.
   *
   * @throws INVALID_OPTIONS; HOST_STOPPED
   */
  start(options: StartOptions): Promise<StartReport>;
  /** The plugin with the name; undefined when there is none, or when it has ended. */
  plugin(name: string): Plugin | undefined;
  /** The plugins that have not ended. */
  plugins(): readonly Plugin[];
  /** Calls back after each step in the life of any plugin and of its events. Returns the function that ends this. */
  onFact(listener: (fact: HostFact) => void): () => void;
  /**
   * Drains and stops all plugins, then everything else. Plugins that are left after `deadlineMs` (default 10,000) are
   * ended by force. Idempotent: later calls get the first one's report.
   */
  stop(options?: { readonly deadlineMs?: number }): Promise<HostStopReport>;
}

/** Milliseconds that `stop` waits by default before it uses force. */
export const STOP_DEADLINE_MS = 10_000;

/** Creates a host without plugins. Throws `InvalidOptionsError`; UNSUPPORTED_RUNTIME on an old Node.js. */
export function createHost(options: HostOptions = {}): Host {
  requireSupportedNode();
  return new PluginHost(options);
}

/** Milliseconds that processes which were ended by force have to be gone. */
const SETTLE_MS = 5000;

/** Characters of a plugin's name in those of the actors of its later versions. */
const SHOWN_NAME = 64;

/** A version of a plugin that is about to be started. */
interface Launch {
  readonly name: string;
  readonly policy: ProcessPolicy;
  readonly placement: Placement;
}

/** What a version is to its users. */
type Offer = ServiceOptions & Pick<LaunchOptions, 'kinds' | 'events' | 'contract'>;

/** What the versions of a plugin share. */
interface Versions {
  readonly seat: EventSeat<Subscription>;
  readonly actorName: string;
}

class PluginHost implements Host {
  readonly system: ActorSystem;
  readonly #options: HostOptions;
  readonly #launcher: ProcessLauncher;
  readonly #closeLauncher: () => void;
  readonly #crashes: CrashPort;
  readonly #plugins = new Map<string, HostedPlugin<ServiceMap>>();
  /** Versions that have left something behind, or may. */
  readonly #editions = new Set<Edition>();
  readonly #bus: HostBus;
  readonly #listeners = new Set<(fact: HostFact) => void>();
  readonly #actor: Actor<ReturnType<typeof createHostLogic>>;
  #stopping: Promise<HostStopReport> | undefined;
  /** Done once, at the first launch; the stop waits for it. */
  #sweeping: Promise<unknown> | undefined;

  constructor(options: HostOptions) {
    this.#options = options;
    const environment = options.environment ?? createRealEnvironment();
    this.#crashes = options.crashes ?? createMemoryCrashBudget(environment.clock, options.crashBudget);
    const own = options.launcher === undefined ? createProcessLauncher() : undefined;
    this.#launcher = own ?? (options.launcher as ProcessLauncher);
    this.#closeLauncher = () => own?.close();
    this.system = createSystem({ environment });
    this.#bus = new HostBus(this.system, options.events, options.denials);
    const logic = createHostLogic({ stopPlugins: () => this.#stopPlugins(), killPlugins: () => this.#killPlugins() });
    this.#actor = this.system.spawn(logic, { name: 'host', input: {} });
  }

  get bus(): Bus {
    return this.#bus.bus;
  }

  launch<const Services extends ServiceMap = NoServices>(options: LaunchOptions<Services>): Promise<Plugin<Services>> {
    return this.#launch(options, () => this.#resolve(options));
  }

  reattach<const Services extends ServiceMap = NoServices>(
    options: ReattachOptions<Services>,
  ): Promise<Plugin<Services>> {
    return this.#launch(options, () => {
      const { name, policy, placement } = resolveReattach(options, this.#defaults());
      return { name, policy, placement: createReattachPlacement(placement, this.system) };
    });
  }

  async #launch<Services extends ServiceMap>(
    options: Offer & Pick<LaunchOptions, 'signal'>,
    resolve: () => Launch,
  ): Promise<Plugin<Services>> {
    const { signal } = options;
    const isGivenUp = (): boolean => signal?.aborted === true;
    if (isGivenUp()) throw new RuntimeError('CANCELLED', 'the launch was given up before it began');
    if (this.#stopping !== undefined) throw new RuntimeError('HOST_STOPPED', 'the host takes no more plugins');
    const plugin = this.#start<Services>(options, resolve());
    const giveUp = (): void => void plugin.kill();
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await plugin.ready();
      return plugin;
    } catch (error) {
      // Quarantine cannot be reached before the first `ready`, so the plugin is dead; this waits for its last step.
      await plugin.kill();
      if (!isGivenUp() || RuntimeError.from(error).code !== 'PLUGIN_STOPPED') throw error;
      throw new RuntimeError('CANCELLED', `the launch of plugin "${plugin.name}" was given up`, { cause: error });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async start(options: StartOptions): Promise<StartReport> {
    if (this.#stopping !== undefined) throw new RuntimeError('HOST_STOPPED', 'the host takes no more plugins');
    return startPlugins(options, { launch: (launch) => this.launch(launch), plugin: (name) => this.plugin(name) });
  }

  plugin(name: string): Plugin | undefined {
    return this.#plugins.get(name);
  }

  plugins(): readonly Plugin[] {
    return [...this.#plugins.values()];
  }

  onFact(listener: (fact: HostFact) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop({ deadlineMs = STOP_DEADLINE_MS }: { readonly deadlineMs?: number } = {}): Promise<HostStopReport> {
    requireAtLeast('deadlineMs', deadlineMs, 0);
    this.#stopping ??= this.#stop(deadlineMs);
    return this.#stopping;
  }

  #defaults(): LaunchDefaults {
    const { handshake, process, temporaryRoot, pinStore, pinnedCopies } = this.#options;
    return { handshake, process, temporaryRoot, pinStore, pinnedCopies };
  }

  #resolve(options: LaunchOptions): Launch {
    const { name, policy, placement } = resolveLaunch(options, this.#defaults());
    this.#sweeping ??= removeAbandonedDirectories(this.system.environment.clock, this.#options.temporaryRoot);
    const ports = { environment: this.system.environment, launcher: this.#launcher };
    return { name, policy, placement: createPlacement(placement, ports) };
  }

  #start<Services extends ServiceMap>(options: Offer, launch: Launch): HostedPlugin<Services> {
    const { name } = launch;
    // The actor of its first version may have ended long ago.
    if (this.#plugins.has(name)) throw new RuntimeError('NAME_TAKEN', `a plugin named "${name}" runs already`);
    const seat = new EventSeat<Subscription>();
    const plugin = new HostedPlugin<Services>({
      name,
      first: this.#startEdition(options, launch, { seat, actorName: name }),
      crashes: this.#crashes,
      system: this.system,
      parent: this.#actor,
      startNext: (next) => this.#startNext(name, next, seat),
      tell: (fact) => this.#tell({ ...fact, plugin: name }),
    });
    this.#plugins.set(name, plugin as unknown as HostedPlugin<ServiceMap>);
    plugin.onFact((fact) => this.#tell({ ...fact, plugin: name }));
    void plugin.ended.then(() => this.#plugins.delete(name));
    return plugin;
  }

  /** Another version of a plugin. */
  #startNext(name: string, options: LaunchOptions, seat: EventSeat<Subscription>): Edition {
    if (this.#stopping !== undefined) throw new RuntimeError('HOST_STOPPED', 'the host takes no more plugins');
    if (options.name !== undefined && options.name !== name) {
      throw new InvalidOptionsError('name', `is "${options.name}"; another version of plugin "${name}" has its name`);
    }
    // Two actors have two names; both are alive.
    const actorName = this.system.environment.ids.next(name.slice(0, SHOWN_NAME));
    return this.#startEdition(options, this.#resolve({ ...options, name }), { seat, actorName });
  }

  #startEdition(options: Offer, { name, policy, placement }: Launch, { seat, actorName }: Versions): Edition {
    const { contract = 'troupe', kinds } = options;
    const events = this.#bus.connect({
      name,
      seat,
      contract,
      events: options.events,
      drainMs: policy.stop.drainMs,
      tell: (fact) => this.#tell({ ...fact, plugin: name }),
      isTakenBack: (failure) => edition.isTakenBack(failure),
    });
    const services = (version: number | undefined): ServiceMap => servicesOf(options, version);
    const edition: Edition = startEdition(
      { plugin: name, actorName, kinds, services, policy, placement, events },
      { system: this.system, parent: this.#actor, crashes: this.#crashes },
    );
    this.#editions.add(edition);
    void edition.ended.then(() => edition.settled()).then(() => this.#editions.delete(edition));
    return edition;
  }

  async #stop(deadlineMs: number): Promise<HostStopReport> {
    const { clock } = this.system.environment;
    const began = clock.monotonic();
    const names = [...this.#plugins.keys()];
    this.#actor.tell({ type: 'host.stop', deadlineMs });
    const outcome = await this.#actor.ended;
    const forced = outcome.kind === 'done' ? outcome.output.forced : names;
    // The plugins are gone: what they said last is left to be heard by the program itself.
    await this.#bus.stop(Math.max(0, deadlineMs - (clock.monotonic() - began)));
    await this.system.stop();
    // Plugins whose actors were ended by force, here or by whoever stopped the system, may still be on their way out.
    const settled = Promise.all([...this.#editions].map((edition) => edition.settled()));
    await within(this.system.environment.clock, SETTLE_MS, settled);
    await this.#sweeping;
    this.#closeLauncher();
    return { stopped: names.filter((name) => !forced.includes(name)), forced };
  }

  async #stopPlugins(): Promise<void> {
    await Promise.all([...this.#plugins.values()].map((plugin) => plugin.stop()));
  }

  async #killPlugins(): Promise<readonly string[]> {
    const left = [...this.#plugins.values()];
    await Promise.all(left.map((plugin) => plugin.kill()));
    return left.map(({ name }) => name);
  }

  #tell(fact: HostFact): void {
    const { log } = this.system.environment;
    switch (fact.type) {
      case 'plugin.failed':
        log.log('warn', fact.failure.message, { plugin: fact.plugin, code: fact.failure.code });
        break;
      case 'plugin.quarantined':
        log.log('error', `plugin "${fact.plugin}" crashed too often and is in quarantine`, { plugin: fact.plugin });
        break;
      case 'plugin.eventsUnsupported':
      case 'plugin.eventsFailed': {
        const { code, message } = fact.failure;
        log.log('error', `no events can be delivered: ${message}`, { plugin: fact.plugin, code });
        break;
      }
      case 'plugin.standbyLost':
        log.log('warn', `the version of plugin "${fact.plugin}" that stood by has ended`, { plugin: fact.plugin });
        break;
      case 'plugin.reverted':
        // By command it is what somebody wanted.
        log.log(fact.failure === undefined ? 'info' : 'warn', `plugin "${fact.plugin}" has its old version again`, {
          plugin: fact.plugin,
          code: fact.failure?.code,
        });
        break;
      default:
        log.log('debug', fact.type, { ...fact });
    }
    if (isLifeFact(fact)) this.#bus.tell(fact);
    for (const listener of this.#listeners) {
      try {
        listener(fact);
      } catch (error) {
        log.log('error', 'a listener of the host threw', { error });
      }
    }
  }
}

/** The steps of streams are no events: each would make another step. */
function isLifeFact(fact: HostFact): fact is HostFact & PluginLifeFact {
  return fact.type.startsWith('plugin.');
}
