// The lifecycle of a host's plugins: operations by name, the boot, and what is looked after in between.
//
// Invariants:
//   L1. One chart a plugin, and only through it anything is done with the plugin.
//   L2. Rows that nobody looks after are taken over: at the boot, and whenever the store is looked at again.
//   L3. A stop ends, whatever never answers: what is left after its time is ended by force. Its time is three answers of the
//       store, and twice what the slowest plugin may take to stop: that of a version, and of the one beside it.

import { hostname } from 'node:os';
import { pid } from 'node:process';
import { behavior } from '../../actors/index.ts';
import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import { within } from '../../ports/index.ts';
import type { ActorRef, TimerHandle } from '../../ports/index.ts';
import type { AuditEntry, PluginRow } from '../../ports/lifecycle-store.ts';
import { dependentsOf } from '../../policy/index.ts';
import type { Plugin } from '../plugin.ts';
import { bootPlugins, inOrder, needsOwner } from './boot.ts';
import type { Recovery } from './boot.ts';
import type { StagedArtifact } from './artifacts.ts';
import { createDataDirectories } from './data-directories.ts';
import { endDependents } from './degraded.ts';
import { inNeed } from './dependency-check.ts';
import { DependencyLock } from './dependency-lock.ts';
import { resolveLifecycle } from './lifecycle-options.ts';
import type { LifecycleOptions } from './lifecycle-options.ts';
import { Housekeeping } from './housekeeping.ts';
import { ManifestCache } from './manifest-cache.ts';
import { nullMigrator } from './migrator.ts';
import { PatientArtifacts } from './patient-artifacts.ts';
import { createPatientStore } from './patient-store.ts';
import { DEFAULT_STOP_LIMIT_MS, stopLimitOfRow } from './plugin-limits.ts';
import { PluginManager } from './plugin-manager.ts';
import { requestedBy, upkeep } from './request.ts';
import type { RequestDetails } from './request.ts';
import type {
  BootReport,
  ConsentOptions,
  DeactivateOptions,
  InstalledPlugin,
  InstallOptions,
  Lifecycle,
  LifecycleFact,
  OperationOptions,
  PluginSource,
  PluginSummary,
  UninstallOptions,
} from './types.ts';
import { highestVersion, withVersions } from './versions.ts';
import { tellProgress } from './work-context.ts';
import type { LifecycleParts } from './work-context.ts';

/** Creates a lifecycle; nothing happens before `boot`, or the first operation. Throws `InvalidOptionsError`. */
export function createLifecycle(options: LifecycleOptions): Lifecycle {
  return new HostLifecycle(options);
}

class HostLifecycle implements Lifecycle {
  readonly #parts: LifecycleParts;
  readonly #host: LifecycleOptions['host'];
  readonly #parent: ActorRef<never>;
  readonly #managers = new Map<string, PluginManager>();
  readonly #listeners = new Set<(fact: LifecycleFact) => void>();
  readonly #stopping = new AbortController();
  readonly #housekeeping: Housekeeping;
  readonly #disconnect: () => void;
  #timer: TimerHandle | undefined;
  #reconciling: Promise<void> = Promise.resolve();
  #booted: Promise<BootReport> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: LifecycleOptions) {
    const settings = resolveLifecycle(options);
    const { host, artifacts, dataRoot, migrator = nullMigrator, capabilities, breaker } = options;
    const { environment } = host.system;
    const stopping = this.#stopping.signal;
    const patience = { clock: environment.clock, timeoutMs: settings.storeTimeoutMs, stopping };
    const store = createPatientStore(options.store, patience);
    const { owner = `${hostname()}.${pid}.${environment.ids.next('boot')}`, formerOwners = [] } = options;
    const { config = () => undefined, launch = () => ({}) } = options;
    this.#host = host;
    this.#parts = {
      store,
      environment,
      artifacts: new PatientArtifacts(artifacts, {
        clock: environment.clock,
        timeoutMs: settings.policy.workTimeoutMs,
        stopping: this.#stopping.signal,
      }),
      data: typeof dataRoot === 'string' ? createDataDirectories(dataRoot) : dataRoot,
      migrator,
      capabilities,
      owner,
      formerOwners,
      settings,
      config,
      launchOptions: launch,
      launch: (given) => host.launch(given),
      manifests: new ManifestCache(),
      lock: new DependencyLock({ ...patience, store, owner }),
      stopping,
    };
    this.#housekeeping = new Housekeeping({ ...this.#parts, clean: (plugin) => this.#clean(plugin) });
    // Charts of one lifecycle stand below one actor, apart from the plugins' own.
    const root = behavior<never, undefined>({ initial: undefined, receive: (state) => state });
    this.#parent = host.system.spawn(root, { name: environment.ids.next('lifecycle') });
    // Who runs only while it is looked after is decided about here; a plugin that was launched by hand is not.
    this.#disconnect =
      breaker?.connect((crash) => {
        const manager = this.#managers.get(crash.plugin);
        return manager?.instance.running === undefined ? undefined : manager.judge(crash);
      }) ?? ((): void => {});
  }

  boot(): Promise<BootReport> {
    this.#requireRunning();
    this.#booted ??= this.#boot().catch((error: unknown) => {
      // A store that was away is no reason to look after nothing for ever.
      this.#booted = undefined;
      throw error;
    });
    return this.#booted;
  }

  async install(source: PluginSource, options: InstallOptions = {}): Promise<PluginRow> {
    this.#requireRunning();
    const { artifacts, store, environment } = this.#parts;
    const { consent, allowDowngrade, activate = false } = options;
    const artifact = await artifacts.stageHeld(source, {
      signal: this.#stopping.signal,
      allowDowngrade,
      highest: (plugin) => highestVersion(store, plugin),
      onProgress: ({ step }) => tellProgress(environment, options, { operation: 'install', plugin: undefined, step }),
    });
    const { name } = artifact.loaded.manifest;
    let row: PluginRow;
    try {
      row = await this.#do(name, { ...requestedBy('install', options), artifact, source, consent, allowDowngrade });
    } catch (error) {
      artifacts.release(artifact.digest);
      if (isRuntimeError(error)) await this.#removeOrphan(name, artifact);
      throw error;
    }
    artifacts.release(artifact.digest);
    return activate && row.awaitingConsent.length === 0 ? this.activate(name, options) : row;
  }

  activate(plugin: string, options: OperationOptions = {}): Promise<PluginRow> {
    return this.#known(plugin, requestedBy('activate', options));
  }

  async deactivate(plugin: string, options: DeactivateOptions = {}): Promise<PluginRow> {
    const { dependents = 'refuse' } = options;
    // One that cannot be deactivated now must not cost others their work.
    const isFree = dependents === 'cascade' && (await this.#parts.store.get(plugin))?.state === 'active';
    if (isFree) await this.#deactivateDependents(plugin, options);
    return this.#known(plugin, { ...requestedBy('deactivate', options), ignoresDependents: dependents === 'ignore' });
  }

  update(plugin: string, source: PluginSource, options: InstallOptions = {}): Promise<PluginRow> {
    const { consent, allowDowngrade } = options;
    return this.#known(plugin, { ...requestedBy('update', options), source, consent, allowDowngrade });
  }

  rollback(plugin: string, options: OperationOptions & { readonly version?: string } = {}): Promise<PluginRow> {
    return this.#known(plugin, { ...requestedBy('rollback', options), version: options.version });
  }

  reset(plugin: string, options: OperationOptions = {}): Promise<PluginRow> {
    return this.#known(plugin, requestedBy('reset', options));
  }

  quarantine(plugin: string, options: OperationOptions & { readonly reason: string }): Promise<PluginRow> {
    return this.#known(plugin, { ...requestedBy('quarantine', options), reason: options.reason });
  }

  async uninstall(plugin: string, options: UninstallOptions = {}): Promise<void> {
    const { removeData = false, dependents = 'refuse' } = options;
    // One that cannot be uninstalled now must not cost others their work.
    const isFree = dependents === 'cascade' && (await this.#parts.store.get(plugin))?.state !== 'active';
    if (isFree) await this.#deactivateDependents(plugin, options);
    const details = requestedBy('uninstall', options);
    await this.#ask(plugin, { ...details, removeData, ignoresDependents: dependents === 'ignore' });
  }

  consent(plugin: string, permissions: readonly string[], options: ConsentOptions = {}): Promise<PluginRow> {
    return this.#known(plugin, { ...requestedBy('consent', options), permissions, digest: options.digest });
  }

  async get(plugin: string): Promise<InstalledPlugin> {
    const row = await this.#parts.store.get(plugin);
    if (row === undefined) throw unknown(plugin);
    const versions = await this.#parts.store.versions(plugin);
    return { row, versions, process: this.plugin(plugin)?.status() };
  }

  async list(): Promise<readonly InstalledPlugin[]> {
    return withVersions(this.#parts.store, await this.rows());
  }

  async rows(): Promise<readonly PluginSummary[]> {
    const rows = await this.#parts.store.list();
    return rows.map((row) => ({ row, process: this.plugin(row.slug)?.status() }));
  }

  plugin(plugin: string): Plugin | undefined {
    return this.#managers.get(plugin)?.instance.running as Plugin | undefined;
  }

  audit(plugin: string, after = 0, limit = 1000): Promise<readonly AuditEntry[]> {
    return this.#parts.store.auditEntries(plugin, after, limit);
  }

  onFact(listener: (fact: LifecycleFact) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #boot(): Promise<BootReport> {
    this.#housekeeping.sweep();
    const report = await bootPlugins({ ...this.#parts, request: (plugin) => this.#recover(plugin) });
    this.#look();
    return report;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    const { environment, settings } = this.#parts;
    environment.clock.clearTimeout(this.#timer);
    const managers = [...this.#managers.values()];
    const ends = [this.#reconciling, this.#housekeeping.idle(), ...managers.map((manager) => manager.stop())];
    const limits = await Promise.all(managers.map(({ context, row }) => stopLimitOfRow(context, row)));
    const limitMs = 3 * settings.storeTimeoutMs + 2 * Math.max(DEFAULT_STOP_LIMIT_MS, ...limits);
    // L3.
    if (!(await within(environment.clock, limitMs, Promise.all(ends)))) {
      environment.log.log('error', `the lifecycle did not stop within ${limitMs} ms`, {});
      for (const manager of managers) manager.abandon();
    }
    this.#managers.clear();
    this.#disconnect();
    await this.#host.system.stopActor(this.#parent);
  }

  /** L2. One look after the other. */
  #look(): void {
    const { environment, settings } = this.#parts;
    if (this.#stopping.signal.aborted) return;
    this.#timer = environment.clock.setTimeout(() => {
      this.#reconciling = this.#reconcile().finally(() => this.#look());
    }, settings.reconcileMs);
  }

  async #reconcile(): Promise<void> {
    const { store, environment } = this.#parts;
    try {
      const rows = new Map((await store.list()).map((row) => [row.slug, row]));
      this.#housekeeping.look([...rows.values()]);
      for (const [name, manager] of this.#managers) {
        manager.see(rows.get(name));
        if (!rows.has(name)) this.#forget(manager);
      }
      for (const row of rows.values()) if (this.#isToProbe(row)) this.#manager(row.slug).see(row);
      const left = [...rows.values()].filter((row) => this.#isLeftAlone(row));
      await inOrder(this.#parts, left, ({ slug }) => this.#recover(slug));
    } catch (error) {
      if (!this.#stopping.signal.aborted) environment.log.log('warn', 'the store could not be looked at', { error });
    }
  }

  #isLeftAlone({ slug, state }: PluginRow): boolean {
    if (this.#managers.get(slug)?.isOwning === true) return false;
    return needsOwner(state);
  }

  /** Its chart waits until it may be tried once more, whoever has put it into quarantine. */
  #isToProbe({ slug, state }: PluginRow): boolean {
    const isWanted = this.#parts.settings.policy.probeAfterMs !== undefined && !this.#stopping.signal.aborted;
    return isWanted && state === 'quarantined' && !this.#managers.has(slug);
  }

  /** Takes over what nobody looks after. What another host looks after is refused, and that is fine. */
  async #recover(plugin: string): Promise<Recovery> {
    // Nobody would stop a manager that is made now.
    this.#requireRunning();
    const manager = this.#manager(plugin);
    try {
      await manager.request(upkeep('recover'));
      return { manager, error: undefined };
    } catch (thrown) {
      const error = RuntimeError.from(thrown);
      const { code, rawMessage } = error;
      const level = code === 'PLUGIN_ELSEWHERE' ? 'debug' : 'warn';
      this.#parts.environment.log.log(level, rawMessage, { plugin, code });
      return { manager, error };
    }
  }

  /** What is being done otherwise comes first; it is asked for again. */
  async #clean(plugin: string): Promise<void> {
    this.#requireRunning();
    await this.#manager(plugin)
      .request(upkeep('clean'))
      .catch((error: unknown) => {
        this.#parts.environment.log.log('debug', 'versions could not be cleaned up', { plugin, error });
      });
  }

  async #deactivateDependents(plugin: string, options: DeactivateOptions): Promise<void> {
    for (const name of dependentsOf(plugin, await inNeed(this.#parts))) {
      await this.#known(name, { ...requestedBy('deactivate', options), ignoresDependents: false });
    }
  }

  /** An operation on a plugin that there has to be. */
  async #known(plugin: string, details: RequestDetails): Promise<PluginRow> {
    const row = await this.#ask(plugin, details);
    if (row === undefined) throw unknown(plugin);
    return row;
  }

  async #ask(plugin: string, details: RequestDetails): Promise<PluginRow | undefined> {
    this.#requireRunning();
    // A name that nobody has leaves nothing behind, not even a lease.
    if (!this.#managers.has(plugin) && (await this.#parts.store.get(plugin)) === undefined) throw unknown(plugin);
    this.#requireRunning();
    const manager = this.#manager(plugin);
    const row = await manager.request(details);
    if (row === undefined) this.#forget(manager);
    return row;
  }

  async #do(plugin: string, details: RequestDetails): Promise<PluginRow> {
    this.#requireRunning();
    const manager = this.#manager(plugin);
    try {
      const row = await manager.request(details);
      if (row !== undefined) return row;
      throw unknown(plugin);
    } finally {
      if (manager.row === undefined) this.#forget(manager);
    }
  }

  /** What was refused has written nothing: its files go too, if this host can have the plugin's lease now. */
  async #removeOrphan(plugin: string, artifact: StagedArtifact): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const manager = this.#manager(plugin);
    await manager.request({ ...upkeep('clean'), artifact }).catch((error: unknown) => {
      const { log } = this.#parts.environment;
      log.log('debug', 'the files of a refused install go later', { plugin, digest: artifact.digest, error });
    });
    if (manager.row === undefined) this.#forget(manager);
  }

  #manager(plugin: string): PluginManager {
    const known = this.#managers.get(plugin);
    if (known !== undefined) return known;
    const { system } = this.#host;
    const tell = (fact: LifecycleFact): void => {
      this.#tell(fact);
      const deactivate = (name: string): Promise<unknown> => this.#known(name, requestedBy('deactivate', {}));
      void endDependents(this.#parts, fact, deactivate);
    };
    const manager = new PluginManager({ ...this.#parts, plugin, system, parent: this.#parent, tell });
    this.#managers.set(plugin, manager);
    return manager;
  }

  /** A plugin that is not there any more needs no chart. */
  #forget(manager: PluginManager): void {
    if (!manager.isIdle || manager.isOwning || this.#managers.get(manager.plugin) !== manager) return;
    this.#managers.delete(manager.plugin);
    void manager.stop();
  }

  #tell(fact: LifecycleFact): void {
    const { log } = this.#parts.environment;
    log.log(fact.failure === undefined ? 'debug' : 'warn', `plugin "${fact.plugin}" is ${fact.to}`, { ...fact });
    for (const listener of this.#listeners) {
      try {
        listener(fact);
      } catch (error) {
        log.log('error', 'a listener of the lifecycle threw', { error });
      }
    }
  }

  #requireRunning(): void {
    if (this.#stopping.signal.aborted) throw new RuntimeError('HOST_STOPPED', 'the lifecycle was stopped');
  }
}

function unknown(plugin: string): RuntimeError {
  return new RuntimeError('PLUGIN_UNKNOWN', `there is no plugin "${plugin}"`, { details: { plugin } });
}
