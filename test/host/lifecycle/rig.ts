// A lifecycle in virtual time, on a store in memory.

import { onTestFinished } from 'vitest';
import { createSystem } from '../../../src/actors/index.ts';
import type { RuntimeError } from '../../../src/errors/index.ts';
import type { Host } from '../../../src/host/index.ts';
import { createBreaker, createLifecycle } from '../../../src/host/lifecycle/index.ts';
import type { Breaker, Lifecycle, LifecycleFact, LifecycleOptions } from '../../../src/host/lifecycle/index.ts';
import { createManualEnvironment } from '../../../src/ports/index.ts';
import type { ManualEnvironment } from '../../../src/ports/index.ts';
import { createMemoryStore } from '../../../src/stores/index.ts';
import type { MemoryStore } from '../../../src/stores/index.ts';
import { bundle, createFakeArtifacts, createFakeData, createFakePlugins } from './fakes.ts';
import type { FakeArtifacts, FakeData, FakePlugins, PluginParts } from './fakes.ts';

/** What hosts of one store share, and what goes with a host. */
export interface World {
  readonly environment: ManualEnvironment;
  readonly store: MemoryStore;
  readonly artifacts: FakeArtifacts;
  readonly data: FakeData;
}

/** A lifecycle to be tested. */
export interface Rig extends World {
  readonly lifecycle: Lifecycle;
  readonly breaker: Breaker;
  readonly plugins: FakePlugins;
  readonly facts: readonly LifecycleFact[];
  /** Installs a version of `kv`, and activates it if that is wanted. */
  install(parts?: PluginParts, activate?: boolean): Promise<void>;
  /** Lets time pass, and everything that follows. */
  pass(ms: number): Promise<void>;
  /** Reports a crash of a plugin, as its process chart does. */
  crash(plugin?: string): Promise<'restart' | 'quarantine'>;
  /** State, versions and audit in short. */
  state(plugin?: string): Promise<string>;
  events(plugin?: string): Promise<readonly string[]>;
  /** Ends the host as SIGKILL does: nothing is written, nothing released, its processes are gone. */
  die(): Promise<void>;
}

/** A store, and what else outlives a host. */
export function createWorld(): World {
  const environment = createManualEnvironment({ startAt: 1_000_000 });
  const store = createMemoryStore({ clock: environment.clock });
  return { environment, store, artifacts: createFakeArtifacts(), data: createFakeData() };
}

/** Starts a host with a lifecycle; stopped at the end of the test. */
export function createRig(options: Partial<LifecycleOptions> & { readonly world?: World } = {}): Rig {
  const { world = createWorld(), ...given } = options;
  const { environment, store, artifacts, data } = world;
  const system = createSystem({ environment });
  const plugins = createFakePlugins();
  const breaker = createBreaker(environment.clock);
  const host = { system, launch: (launch) => plugins.launch(launch) } as Pick<Host, 'system' | 'launch'>;
  const lifecycle = createLifecycle({ host, store, artifacts, dataRoot: data, breaker, ...given });
  const facts: LifecycleFact[] = [];
  lifecycle.onFact((fact) => facts.push(fact));
  const pass = (ms: number): Promise<void> => environment.clock.advanceAsync(ms, { turns: 8 });
  onTestFinished(async () => {
    await until(environment, lifecycle.stop());
    await until(environment, system.stop());
  });
  const rig: Rig = {
    ...world,
    lifecycle,
    breaker,
    plugins,
    facts,
    pass,
    async install(parts = {}, activate = false) {
      await lifecycle.install(bundle(parts), { activate, consent: 'all' });
    },
    crash: (plugin = 'kv') => breaker.report({ plugin, code: 'PLUGIN_CRASHED', message: 'it exited with code 3' }),
    async state(plugin = 'kv') {
      return (await store.get(plugin))?.state ?? 'absent';
    },
    async events(plugin = 'kv') {
      return (await store.auditEntries(plugin, 0, 1000)).map(({ event }) => event);
    },
    async die() {
      for (const process of plugins.live()) process.isLive = false;
      await until(environment, system.stop({ deadlineMs: 0 }));
    },
  };
  return rig;
}

/** What a promise rejects with; fails when it does not. */
export async function refusal(promise: Promise<unknown>): Promise<RuntimeError & Record<string, unknown>> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (outcome === undefined) throw new Error('it did not fail');
  return outcome as RuntimeError & Record<string, unknown>;
}

/** Waits for a promise while time passes. */
export async function until<T>(environment: ManualEnvironment, promise: Promise<T>, stepMs = 100): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => {
    isSettled = true;
  });
  settled.catch(() => {});
  for (let turn = 0; !isSettled && turn < 10_000; turn++) {
    await environment.clock.advanceAsync(turn < 20 ? 0 : stepMs, { turns: 4 });
  }
  return settled;
}
