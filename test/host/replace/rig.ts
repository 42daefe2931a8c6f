// A plugin whose versions are all in memory: the handle, the charts, the bus and the queues are the real ones.

import type { ActorSystem } from '../../../src/actors/index.ts';
import { createHostLogic } from '../../../src/actors/index.ts';
import type { Bus, Subscription } from '../../../src/bus/index.ts';
import { EventSeat } from '../../../src/host/event-seat.ts';
import { HostBus } from '../../../src/host/host-bus.ts';
import type { PluginEventOptions } from '../../../src/host/plugin-event-options.ts';
import { createMemoryCrashBudget } from '../../../src/host/memory-crash-budget.ts';
import { HostedPlugin } from '../../../src/host/plugin.ts';
import type { LaunchOptions, ServiceMap } from '../../../src/host/launch-options.ts';
import type { Edition } from '../../../src/host/edition.ts';
import type { StagedPlugin } from '../../../src/host/staged-plugin.ts';
import { startEdition } from '../../../src/host/start-edition.ts';
import type { PluginReplacementFact } from '../../../src/machines/index.ts';
import { resolveProcessPolicy } from '../../../src/policy/index.ts';
import type { ProcessPolicyOptions } from '../../../src/policy/index.ts';
import type { CrashPort, PlacedPlugin, Placement, PluginConnection } from '../../../src/ports/index.ts';
import { service } from '../../../src/ports/index.ts';
import { createScriptedEventPeer } from '../../../src/testing/plugins/scripted-event-peer.ts';
import type { ScriptedEventPeer } from '../../../src/testing/plugins/scripted-event-peer.ts';
import { createMemoryConnection } from '../../../src/transport/memory/index.ts';
import { createFakePlacement } from '../../actors/fake-placement.ts';
import type { FakeInstance, FakePlacement } from '../../actors/fake-placement.ts';
import { KvServiceService, ProbeServiceService } from '../../gen/troupe/testing/v1/peer.ts';

const { download } = ProbeServiceService;

/** What a version is like. */
export interface VersionOptions {
  readonly placement?: FakePlacement;
  readonly events?: PluginEventOptions | undefined;
  readonly policy?: ProcessPolicyOptions;
  readonly kinds?: readonly string[];
}

/** One version. */
export interface RigVersion {
  readonly number: number;
  readonly placement: FakePlacement;
  /** Takes the events of its newest process. */
  readonly peer: ScriptedEventPeer;
  /** The process that runs now, or ran last. */
  readonly process: FakeInstance;
}

/** A call as the version sees it. */
export interface RigCall {
  readonly key: string;
  readonly version: number;
}

/** What a rig is made of. */
export interface RigOptions {
  readonly system: ActorSystem;
  readonly first?: VersionOptions;
  /** Milliseconds that a call takes. Default 5. */
  readonly callMs?: number;
  /** What a call waits for. Default: for its time to pass. */
  readonly pause?: () => Promise<void>;
  readonly crashes?: CrashPort;
  /** Lets a schedule decide when the steps of a placement are done. Default: at once. */
  readonly held?: (name: string, placed: PlacedPlugin) => PlacedPlugin;
}

/** A plugin, and all that can be seen of it. */
export interface Rig {
  readonly plugin: HostedPlugin<ServiceMap>;
  readonly bus: Bus;
  readonly versions: readonly RigVersion[];
  /** Calls in the order in which they began at a version. */
  readonly began: readonly RigCall[];
  readonly facts: readonly PluginReplacementFact[];
  /** Crashes that the plugin was blamed for. */
  readonly blamed: readonly string[];
  version(number: number): RigVersion;
  stage(options?: VersionOptions): Promise<StagedPlugin>;
  call(key: string): Promise<unknown>;
  /** A call that takes its answer from a stream: it begins when the function is called. */
  prepare(key: string): () => Promise<unknown>;
  publish(count: number): void;
  /** What is left of it; empty once it was stopped. */
  left(): readonly string[];
}

/** How far the books of the plugin's subscription are off; 0 as long as it has none. */
export function imbalance(bus: Bus): number {
  return bus.subscriptions().reduce((off, { counters }) => {
    const { published, delivered, dropped, failed, pending, unknown } = counters;
    return off + Math.abs(published - delivered - dropped - failed - pending - unknown);
  }, 0);
}

/** Launches a plugin. */
export function createRig(options: RigOptions): Rig {
  const { system, first = {}, callMs = 5, crashes, held } = options;
  const { environment } = system;
  const pass = (): Promise<void> =>
    new Promise((resolve) => void environment.clock.setTimeout(() => resolve(), callMs));
  const { pause = pass } = options;
  const blamed: string[] = [];
  const budget = crashes ?? createMemoryCrashBudget(environment.clock);
  const counted: CrashPort = {
    report: (crash) => (blamed.push(crash.code), budget.report(crash)),
    reset: (name) => budget.reset(name),
  };
  const parent = system.spawn(createHostLogic({ stopPlugins: async () => {}, killPlugins: async () => [] }), {
    name: 'host',
    input: {},
  });
  const hostBus = new HostBus(system, { source: 'core' });
  const seat = new EventSeat<Subscription>();
  const versions: RigVersion[] = [];
  const began: RigCall[] = [];
  const facts: PluginReplacementFact[] = [];
  const start = (version: VersionOptions): Edition => {
    const number = versions.length + 1;
    const placement = version.placement ?? createFakePlacement();
    const peers: ScriptedEventPeer[] = [];
    const policy = resolveProcessPolicy({ backoff: { jitter: 'none' }, ...version.policy });
    versions.push({
      number,
      placement,
      get peer() {
        return peers.at(-1) ?? createScriptedEventPeer();
      },
      get process() {
        return placement.newest;
      },
    });
    const connect = (placed: PlacedPlugin): PluginConnection => {
      const peer = createScriptedEventPeer();
      peers.push(peer);
      const kv = service(KvServiceService, {
        async put({ key }) {
          began.push({ key, version: number });
          await pause();
          return {};
        },
        get: ({ key }) => ({ value: Buffer.from(key) }),
      });
      const probe = service(
        { download },
        {
          async *download({ text }) {
            began.push({ key: text, version: number });
            await pause();
            yield { index: 0, text };
          },
        },
      );
      const connection = createMemoryConnection([...peer.services, kv, probe], { clock: environment.clock });
      void placed.exited.then(() => connection.lose());
      return connection;
    };
    const events = hostBus.connect({
      name: 'kv',
      seat,
      contract: 'troupe',
      events: 'events' in version ? version.events : { subscribe: ['work.*'], emit: ['echo.*'], capacity: 1_000 },
      drainMs: policy.stop.drainMs,
      tell: () => {},
      isTakenBack: (failure) => edition.isTakenBack(failure),
    });
    const edition: Edition = startEdition(
      {
        plugin: 'kv',
        actorName: number === 1 ? 'kv' : environment.ids.next('kv'),
        kinds: version.kinds,
        services: () => ({}),
        policy,
        placement: connected(placement, connect, held === undefined ? undefined : (one) => held(`v${number}`, one)),
        events,
      },
      { system, parent, crashes: counted },
    );
    return edition;
  };
  let next: VersionOptions = {};
  const plugin = new HostedPlugin<ServiceMap>({
    name: 'kv',
    first: start(first),
    crashes: counted,
    system,
    parent,
    startNext: () => start(next),
    tell: (fact) => facts.push(fact),
  });
  const client = plugin.dispense(KvServiceService) as {
    put(request: { key: string; value: Buffer }): Promise<unknown>;
  };
  return {
    plugin,
    bus: hostBus.bus,
    versions,
    began,
    facts,
    blamed,
    version(number) {
      const version = versions[number - 1];
      if (version === undefined) throw new Error(`there is no version ${number}`);
      return version;
    },
    stage(options = {}) {
      next = options;
      return plugin.stage({ command: 'kv' } as LaunchOptions);
    },
    call: (key) => client.put({ key, value: Buffer.alloc(0) }),
    prepare(key) {
      const stream = plugin.connection.serverStream(download, { count: 1, text: key })[Symbol.asyncIterator]();
      return async () => {
        const { value } = await stream.next();
        await stream.return?.();
        return value;
      };
    },
    publish(count) {
      for (let made = 0; made < count; made += 1) hostBus.bus.publish({ type: 'work.item', payload: made });
    },
    left: () => [
      ...versions.flatMap(({ number, placement }) =>
        placement.instances.filter(({ running }) => running).map(() => `a process of version ${number}`),
      ),
      ...hostBus.bus.subscriptions().map(({ name }) => `the subscription ${name}`),
      ...system.actors().flatMap(({ path }) => (path === '/host' ? [] : [`the actor ${path}`])),
    ],
  };
}

// Helpers

/** A placement whose instances have a connection that works, and a broker that nobody dials. */
function connected(
  placement: Placement,
  connect: (placed: PlacedPlugin) => PluginConnection,
  held: ((placed: PlacedPlugin) => PlacedPlugin) | undefined,
): Placement {
  return {
    async place(launch) {
      const own = await placement.place(launch);
      const connection = connect(own);
      const placed: PlacedPlugin = {
        pid: own.pid,
        exited: own.exited,
        handshake: (signal) => own.handshake(signal),
        connect: (signal) => own.connect(signal),
        probe: (signal) => own.probe(signal),
        connection: () => connection,
        broker: () => ({
          nextId: () => 1,
          accept: () => Promise.resolve({ id: 1, close: async () => {} }),
          dial: () => Promise.reject(new Error('nobody can be dialled')),
        }),
        checkHealth: (signal) => own.checkHealth(signal),
        requestShutdown: (signal) => own.requestShutdown(signal),
        terminate: () => own.terminate(),
        kill: () => own.kill(),
        cleanUp: () => own.cleanUp(),
      };
      return held?.(placed) ?? placed;
    },
  };
}
