// Everything that a host on a data directory consists of, opened in order and closed in the opposite one.
//
// Invariants:
//   P1. What was opened is closed, once, whatever comes after it fails.
//   P2. The lock is taken first and let go of last: nobody else ever sees a directory that is half open.
//   P3. The auditor is there before the host and after it: what a plugin is denied, first or last, gets into the audit.

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { sourceText } from '../../host/bundles/index.ts';
import {
  createArtifactStore,
  createAuditor,
  createBreaker,
  createCapabilityRegistry,
  createFileSink,
  createHost,
  createLifecycle,
  createOutputLog,
  openPluginLogs,
  prepareDataDirectory,
  provideSdk,
  readOrMakeSecret,
  takeHostLock,
} from '../../host/index.ts';
import type {
  Artifacts,
  ArtifactStore,
  Auditor,
  AuditorOptions,
  CapabilityRegistry,
  DataDirectory,
  Host,
  HostLock,
  HostOptions,
  Lifecycle,
  PluginLogs,
  RunningHost,
} from '../../host/index.ts';
import { createRealClock, createRealEnvironment, createRealLogger } from '../../ports/index.ts';
import type { Clock, Environment, Logger } from '../../ports/index.ts';
import type { LifecycleStore } from '../../ports/lifecycle-store.ts';
import { isPassing } from '../../machines/index.ts';
import { openSqliteStore } from '../../stores/index.ts';
import type { HostConfig } from './host-config.ts';
import { HostSettings } from './host-settings.ts';
import { logLastWords } from './last-words.ts';
import { LockKeeper } from './lock-keeper.ts';

/** Where a host runs. */
export interface HostPartsOptions {
  readonly directory: string;
  /** Path of its configuration; default: `host.yaml` in the directory, if there is one. */
  readonly config: string | undefined;
  /** Whether plugins are developed here: then updates have no probation, unless the configuration says one. */
  readonly dev?: boolean;
  /** Hears what the host logs, besides the files. Default: standard error. */
  readonly logger?: Logger;
  /** What the host is made with besides. */
  readonly host?: Pick<HostOptions, 'process' | 'temporaryRoot'>;
}

/** What a host consists of. Whoever opens it closes it. */
export interface HostParts {
  readonly places: DataDirectory;
  readonly self: RunningHost;
  readonly lock: HostLock;
  readonly settings: HostSettings;
  readonly environment: Environment;
  readonly logs: PluginLogs;
  readonly store: LifecycleStore;
  readonly artifacts: ReloadableArtifacts;
  readonly auditKey: string;
  readonly auditor: Auditor;
  readonly host: Host;
  readonly capabilities: CapabilityRegistry;
  readonly lifecycle: Lifecycle;
  readonly lockFile: LockKeeper;
  /** Closes everything, the newest first. Idempotent. */
  close(): Promise<void>;
}

/** Artifacts that can be told whom to trust anew. */
export interface ReloadableArtifacts extends Omit<Artifacts, 'open'>, Pick<ArtifactStore, 'open'> {
  /** Takes the keys that the settings have now. What is under way goes on with the former ones. */
  reload(): void;
}

/** Closes one thing. */
export type Closer = () => unknown;

/** Opens everything; no plugin runs before the lifecycle is booted. Rejects when one part cannot be opened. P1. */
export async function openHostParts(options: HostPartsOptions): Promise<HostParts> {
  const closers: Closer[] = [];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => (closing ??= closeAll(closers));
  try {
    return { ...(await open(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(options: HostPartsOptions, closers: Closer[]): Promise<Omit<HostParts, 'close'>> {
  const { directory, config } = options;
  const places = await prepareDataDirectory(directory);
  const clock = createRealClock();
  const self = { pid: process.pid, hostId: hostIdOf(), startedAt: clock.now() };
  const lock = await takeHostLock(places, self);
  closers.push(() => lock.release());
  await provideSdk(places.root);
  const settings = await HostSettings.load({ file: config ?? places.config, wasNamed: config !== undefined });
  const logs = await openLogs(settings.config.log, places, clock);
  closers.push(() => logs.close());
  const logger = both(logs.hub.logger, options.logger ?? createRealLogger());
  const environment = createRealEnvironment({ logger });
  const store = await openSqliteStore({ path: places.database });
  closers.push(() => store.close());
  const auditKey = await readOrMakeSecret(places.auditKey);
  const auditor = createAuditor({ store, key: auditKey, environment, ...auditOptions(settings.config.audit) });
  closers.push(async () => void (await auditor.stop()));
  const running = openLifecycle(options, { places, self, lock, settings, environment, logs, store, auditor }, closers);
  return { places, self, lock, settings, environment, logs, store, auditKey, auditor, ...running };
}

type Opened = Pick<HostParts, 'places' | 'self' | 'lock' | 'settings' | 'environment' | 'logs' | 'store' | 'auditor'>;

/** P3. The host, and what decides about its plugins. */
function openLifecycle(
  options: HostPartsOptions,
  { places, self, lock, settings, environment, logs, store, auditor }: Opened,
  closers: Closer[],
): Pick<HostParts, 'host' | 'artifacts' | 'capabilities' | 'lifecycle' | 'lockFile'> {
  const { updates, stopDeadlineMs } = settings.config;
  const breaker = createBreaker(environment.clock);
  const host = createHost({ ...options.host, environment, crashes: breaker, denials: auditor.denials });
  closers.push(logLastWords(host, logs.hub));
  closers.push(async () => void (await host.stop({ deadlineMs: stopDeadlineMs })));
  const openArtifacts = (): ArtifactStore => {
    const { privateHosts } = settings.config.downloads;
    return createArtifactStore({
      root: places.artifacts,
      environment,
      trust: settings.trust,
      download: { privateHosts },
    });
  };
  // It reads with the keys that are trusted now, and not with those of the start.
  const read = { open: (digest: string) => artifacts.open(digest) };
  const lockFile = new LockKeeper({ path: places.lockFile, store, artifacts: read, log: environment.log });
  closers.push(() => lockFile.stop());
  const artifacts = reloadable(openArtifacts, (digest, source) => lockFile.staged(digest, source));
  const capabilities = createCapabilityRegistry();
  // While somebody develops, every edit is to take over at once.
  const probationMs = updates.probationMs ?? (options.dev ? 0 : undefined);
  const lifecycle = createLifecycle({
    host,
    store,
    artifacts,
    capabilities,
    dataRoot: places.data,
    breaker,
    owner: self.hostId,
    // Whoever had the lock before is gone, or it would not be held now.
    formerOwners: lock.former === undefined ? [] : [lock.former.hostId],
    times: { drainMs: updates.drainMs, ...(probationMs === undefined ? {} : { probationMs }) },
    retention: { versions: updates.keepVersions, retainMs: updates.keepMs },
    config: (plugin) => settings.ofPlugin(plugin),
    launch: (plugin) => ({ onOutput: createOutputLog(logs.hub.logger, plugin) }),
  });
  closers.push(() => lifecycle.stop());
  const stopListening = lifecycle.onFact(({ plugin, to }) => {
    auditor.notify();
    if (!isPassing(to)) lockFile.changed(plugin);
    if (to === 'absent') logs.hub.forget(plugin);
  });
  closers.push(stopListening);
  return { host, artifacts, capabilities, lifecycle, lockFile };
}

function openLogs(log: HostConfig['log'], places: DataDirectory, clock: Clock): Promise<PluginLogs> {
  const { level, levels, maxBytes, keep } = log;
  return openPluginLogs({
    clock,
    level,
    levels: new Map(Object.entries(levels)),
    directory: places.logs,
    maxBytes,
    keep,
  });
}

function auditOptions({ file, ...retention }: HostConfig['audit']): Pick<AuditorOptions, 'sinks' | 'retention'> {
  return { retention, sinks: file === undefined ? [] : [createFileSink({ path: file })] };
}

/** P1, P2. The first failure is told, when all is closed. */
export async function closeAll(closers: Closer[]): Promise<void> {
  const failures: unknown[] = [];
  for (let close = closers.pop(); close !== undefined; close = closers.pop()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

function reloadable(
  create: () => ArtifactStore,
  onStaged: (digest: string, source: string) => void,
): ReloadableArtifacts {
  let current = create();
  return {
    async stage(source, options) {
      const artifact = await current.stage(source, options);
      onStaged(artifact.digest, sourceText(source));
      return artifact;
    },
    open: (digest) => current.open(digest),
    remove: (digest) => current.remove(digest),
    list: () => current.list(),
    reload() {
      current = create();
    },
  };
}

/** Another one for each start, also of the same process number. */
function hostIdOf(): string {
  return `${hostname()}.${process.pid}.${randomUUID().slice(0, 8)}`;
}

function both(first: Logger, second: Logger): Logger {
  return {
    log(level, message, fields) {
      first.log(level, message, fields);
      second.log(level, message, fields);
    },
    child: (fields) => both(first.child(fields), second.child(fields)),
  };
}
