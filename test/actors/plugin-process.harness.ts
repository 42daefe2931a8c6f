import { expect } from 'vitest';
import { createPluginProcessLogic, createSystem } from '../../src/actors/index.ts';
import type { Actor, ActorSystem, CallAdmission } from '../../src/actors/index.ts';
import { createMemoryCrashBudget } from '../../src/host/memory-crash-budget.ts';
import type { pluginProcessMachine, PluginProcessFact, PluginProcessState } from '../../src/machines/index.ts';
import { resolveProcessPolicy } from '../../src/policy/index.ts';
import type { ProcessPolicyOptions } from '../../src/policy/index.ts';
import { createManualEnvironment } from '../../src/ports/index.ts';
import type { CrashPort, ManualEnvironment, PluginConnection } from '../../src/ports/index.ts';
import { createFakePlacement } from './fake-placement.ts';
import type { FakePlacement } from './fake-placement.ts';

/** An admission that counts, and is drained when the test says so. */
export interface FakeAdmission extends CallAdmission {
  /** The connection to which calls would go; undefined while none is admitted. */
  readonly connection: PluginConnection | undefined;
  readonly opened: number;
  /** Calls in flight; draining waits until there is none. */
  inFlight: number;
  /** Ends all calls in flight. */
  finish(): void;
}

/** What the plugin is like. Whatever is left out is friendly. */
export interface HarnessOptions {
  readonly policy?: ProcessPolicyOptions;
  readonly placement?: FakePlacement;
  readonly crashes?: (environment: ManualEnvironment) => CrashPort;
  readonly seed?: number;
  /** Turns of the event loop after each deadline. Default 2: one for what was sent, one for what that led to. */
  readonly turns?: number;
}

/** A plugin process actor in virtual time. */
export interface Harness {
  readonly environment: ManualEnvironment;
  readonly system: ActorSystem;
  readonly actor: Actor<typeof pluginProcessMachine>;
  readonly placement: FakePlacement;
  readonly admission: FakeAdmission;
  /** Facts so far, with the time and the state in which listeners heard them. */
  readonly heard: readonly {
    readonly at: number;
    readonly state: PluginProcessState;
    readonly fact: PluginProcessFact;
  }[];
  /** Types of the facts so far. */
  readonly facts: readonly string[];
  readonly state: PluginProcessState;
  /** Lets time pass, and everything that follows from it happen. */
  pass(ms: number): Promise<void>;
  tell(command: 'stop' | 'restart' | 'kill' | 'reset'): Promise<void>;
}

/** Starts a plugin process actor for the plugin `kv`. */
export function startPlugin(options: HarnessOptions = {}): Harness {
  const environment = createManualEnvironment({ seed: options.seed });
  const placement = options.placement ?? createFakePlacement();
  const admission = createFakeAdmission();
  const crashes = options.crashes?.(environment) ?? createMemoryCrashBudget(environment.clock);
  const system = createSystem({ environment });
  const logic = createPluginProcessLogic({ placement, admission, crashes, environment });
  const policy = resolveProcessPolicy({ backoff: { jitter: 'none' }, ...options.policy });
  const actor = system.spawn(logic, { name: 'kv', input: { plugin: 'kv', policy } });
  const heard: { at: number; state: PluginProcessState; fact: PluginProcessFact }[] = [];
  actor.onFact((fact) => heard.push({ at: environment.clock.now(), state: stateTag(actor), fact }));
  const { turns = 2 } = options;
  const pass = (ms: number): Promise<void> => environment.clock.advanceAsync(ms, { turns });
  return {
    environment,
    system,
    actor,
    placement,
    admission,
    heard,
    pass,
    get facts() {
      return heard.map(({ fact }) => fact.type);
    },
    get state() {
      return stateTag(actor);
    },
    async tell(command) {
      actor.tell({ type: `plugin.${command}` });
      await pass(0);
    },
  };
}

/** Starts a plugin and waits until it is ready. */
export async function startReady(options: HarnessOptions = {}): Promise<Harness> {
  const plugin = startPlugin(options);
  await plugin.pass(0);
  return plugin;
}

/** No instance runs, each was cleaned up once, no call is admitted, and no timer is armed. */
export function expectNothingLeft({ placement, admission, environment }: Harness): void {
  expect(placement.instances.filter(({ running }) => running)).toEqual([]);
  expect(placement.instances.map(({ calls }) => calls.filter((call) => call === 'cleanUp').length)).toEqual(
    placement.instances.map(() => 1),
  );
  expect([admission.connection, environment.clock.pending]).toEqual([undefined, 0]);
}

/** Whatever happens, the plugin is started again. */
export function alwaysRestart(): CrashPort {
  return { report: async () => 'restart', reset: async () => {} };
}

/** Lets the plugin crash as soon as it is ready, and waits for the next start each time. */
export async function crashTimes(plugin: Harness, times: number): Promise<void> {
  for (let crash = 0; crash < times; crash++) {
    plugin.placement.newest.exit({ code: 1 });
    await plugin.pass(0);
    if (plugin.state === 'backingOff') await plugin.pass(delaysOf(plugin).at(-1) ?? 0);
  }
}

/** The waits so far. */
export function delaysOf({ heard }: Harness): readonly number[] {
  return heard.flatMap(({ fact }) => (fact.type === 'plugin.backingOff' ? [fact.delayMs] : []));
}

/** Ends by nothing. */
export function stubborn(): FakePlacement {
  return createFakePlacement({ obeys: { shutdown: false, terminate: false, kill: false } });
}

function createFakeAdmission(): FakeAdmission {
  const waiting = new Set<() => void>();
  let current: PluginConnection | undefined;
  let opened = 0;
  return {
    inFlight: 0,
    get connection() {
      return current;
    },
    get opened() {
      return opened;
    },
    admit(connection) {
      current = connection;
      opened++;
    },
    refuse() {
      current = undefined;
    },
    drained(signal) {
      if (this.inFlight === 0) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    },
    finish() {
      this.inFlight = 0;
      for (const resolve of waiting) resolve();
    },
  };
}

/** The tag that names the state; the others say what is true of several states. */
function stateTag(actor: Actor<typeof pluginProcessMachine>): PluginProcessState {
  const tags = [...actor.snapshot().tags].filter((tag) => tag !== 'connected' && tag !== 'terminal');
  return tags[0] as PluginProcessState;
}
