// Gives the plugins of one start out in the order in which they may be launched.
//
// Invariants:
//   G1. A plugin is given out once, and not before everything that it needs of this start was settled.
//   G2. Everybody is given out: those of cycles, too, so that somebody hears why they do not run.
//   G3. Who waits here for a plugin is given one, or undefined, as soon as that is clear.

import { reportDependencies, startOrder } from '../../policy/index.ts';
import type { InstalledDependency } from '../../policy/index.ts';
import type { LoadedManifest, Manifest } from '../manifest/index.ts';
import { cycleError, dependencyError } from './check-dependencies.ts';
import { isInRange } from './version-range.ts';

/** What a gate looks at. `Running` is a plugin that takes calls. */
export interface DependencyGateOptions<Running extends object> {
  /** All plugins that were found, also those that are not to be started. */
  readonly found: readonly LoadedManifest[];
  /** Those that are to be started. */
  readonly chosen: readonly LoadedManifest[];
  /** A plugin that runs already. */
  readonly running: (name: string) => Running | undefined;
}

/** The order of one start. */
export interface DependencyGate<Running extends object = object> {
  /** The next plugin, when it may be launched; undefined when there is none left. */
  next(): Promise<LoadedManifest | undefined>;
  /**
   * Returns when the plugin has what it needs.
   *
   * @throws DependencyError: DEPENDENCY_CYCLE, DEPENDENCY_MISSING, DEPENDENCY_INACTIVE or DEPENDENCY_INCOMPATIBLE
   */
  require(manifest: Pick<Manifest, 'name' | 'depends'>): void;
  /** Says what became of a plugin; undefined for one that does not run. */
  settle(name: string, plugin: Running | undefined): void;
}

/** Makes the gate of one start. It owns nothing that must be closed. */
export function createDependencyGate<Running extends object>(
  options: DependencyGateOptions<Running>,
): DependencyGate<Running> {
  return new Gate(options);
}

// Versions of the plugins that were started by their manifests; of any other one nobody knows a version.
const VERSIONS = new WeakMap<object, string>();

class Gate<Running extends object> implements DependencyGate<Running> {
  readonly #options: DependencyGateOptions<Running>;
  readonly #chosen: ReadonlyMap<string, LoadedManifest>;
  readonly #cycles: readonly (readonly string[])[];
  readonly #waiting: string[];
  /** Places in the order. */
  readonly #place: ReadonlyMap<string, number>;
  readonly #settled = new Set<string>();
  readonly #callers: (() => void)[] = [];

  constructor(options: DependencyGateOptions<Running>) {
    this.#options = options;
    this.#chosen = new Map(options.chosen.map((loaded) => [loaded.manifest.name, loaded]));
    const { order, cycles, behindCycles } = startOrder(options.chosen.map(({ manifest }) => manifest));
    this.#cycles = cycles;
    // G2: first those of cycles, which wait for nobody, then those that need them.
    const cyclic = [...this.#chosen.keys()].filter((name) => !order.includes(name) && !behindCycles.includes(name));
    for (const name of cyclic) this.#settled.add(name);
    this.#waiting = [...cyclic, ...order, ...behindCycles];
    this.#place = new Map(this.#waiting.map((name, place) => [name, place]));
  }

  async next(): Promise<LoadedManifest | undefined> {
    for (;;) {
      const index = this.#waiting.findIndex((name) => this.#isReady(name));
      const [name] = index === -1 ? [] : this.#waiting.splice(index, 1);
      if (name !== undefined) return this.#chosen.get(name);
      if (this.#waiting.length === 0) return undefined;
      await new Promise<void>((resolve) => this.#callers.push(resolve));
    }
  }

  require({ name, depends }: Pick<Manifest, 'name' | 'depends'>): void {
    const cycle = this.#cycles.find((path) => path.includes(name));
    if (cycle !== undefined) throw cycleError(name, cycle);
    const installed = depends.flatMap((other) => this.#installed(other.name) ?? []);
    // A version that nobody knows fits: the program has launched that plugin itself.
    const report = reportDependencies(
      { depends },
      installed,
      (version, range) => version === '' || isInRange(version, range),
    );
    const error = dependencyError(name, report);
    if (error !== undefined) throw error;
  }

  settle(name: string, plugin: Running | undefined): void {
    const version = this.#chosen.get(name)?.manifest.version;
    if (plugin !== undefined && version !== undefined) VERSIONS.set(plugin, version);
    this.#settled.add(name);
    for (const resolve of this.#callers.splice(0)) resolve();
  }

  /** G1. */
  #isReady(name: string): boolean {
    const depends = this.#chosen.get(name)?.manifest.depends ?? [];
    const own = this.#place.get(name) ?? 0;
    // What stands behind is not waited for: that would be a cycle, of plugins that can do without each other.
    return depends.every((other) => (this.#place.get(other.name) ?? own) >= own || this.#settled.has(other.name));
  }

  #installed(name: string): InstalledDependency | undefined {
    const running = this.#options.running(name);
    if (running !== undefined) return { name, version: VERSIONS.get(running) ?? '', isActive: true };
    const found = this.#options.found.find(({ manifest }) => manifest.name === name);
    return found === undefined ? undefined : { name, version: found.manifest.version, isActive: false };
  }
}
