// How a lifecycle is made, and what its defaults are.

import { InvalidOptionsError } from '../../errors/index.ts';
import type { LifecyclePolicy } from '../../machines/index.ts';
import {
  requireAtLeast,
  requireObject,
  requirePositiveInteger,
  requireWhole,
  resolveCrashBudget,
  shown,
} from '../../policy/index.ts';
import type { CrashBudgetOptions } from '../../policy/index.ts';
import { LONGEST_RETENTION_MS } from '../../ports/lifecycle-store.ts';
import type { LifecycleStore } from '../../ports/lifecycle-store.ts';
import type { Host } from '../create-host.ts';
import type { LaunchOptions } from '../launch-options.ts';
import type { CapabilityRegistry } from '../permissions/index.ts';
import type { Artifacts } from './artifacts.ts';
import type { Breaker } from './breaker.ts';
import type { DataDirectories } from './data-directories.ts';
import type { Migrator } from './migrator.ts';

/** How long things may take, and how often they may fail. What is left out has the default named here. */
export interface LifecycleTimes {
  /** For which a lease is granted. The holder has let go of everything a fifth of it before its end. Default 15,000 ms. */
  readonly leaseTtlMs?: number;
  /** Between two comparisons of what the store says with what runs. Default 5,000 ms. */
  readonly reconcileMs?: number;
  /** Between two looks for versions and files that nobody needs any more. Default 60,000 ms. */
  readonly cleanMs?: number;
  /**
   * For one step of an operation: whatever takes longer is given up. A step that starts or ends a plugin has as long as the
   * plugin's own limits, if that is longer. Default 120,000 ms.
   */
  readonly workTimeoutMs?: number;
  /** For calls to the old version when another one has taken over. Default 30,000 ms. */
  readonly drainMs?: number;
  /** For which a new version has to stay well before the old one is let go. Default 10,000 ms; 0 for not at all. */
  readonly probationMs?: number;
  /** For one answer of the store. Default 5,000 ms. */
  readonly storeTimeoutMs?: number;
}

/** The breaker of all plugins. */
export interface BreakerOptions extends CrashBudgetOptions {
  /** After which a plugin in quarantine is tried once more. Default: never; it waits for a reset. */
  readonly probeAfterMs?: number | undefined;
  /** For which a plugin that is tried has to stay well. Default 60,000 ms. */
  readonly probeMs?: number;
}

/** Which versions are kept when another one has taken over. */
export interface RetentionOptions {
  /** Whole milliseconds, at most 1e15. Default 86,400,000 (24 h). */
  readonly retainMs?: number;
  /** Of each plugin, the newest of them. Default 5. */
  readonly versions?: number;
}

/** How a lifecycle is made. */
export interface LifecycleOptions {
  /** Runs the plugins. Stop the lifecycle before it. */
  readonly host: Pick<Host, 'launch' | 'system'>;
  /** Whoever gives it closes it, after `stop`. */
  readonly store: LifecycleStore;
  readonly artifacts: Artifacts;
  /** Directory with one for each plugin, which is told by `TROUPE_DATA_DIR`; or who looks after them. */
  readonly dataRoot: string | DataDirectories;
  /** Counts crashes: the same that the host was given as `crashes`. Default: crashes are the host's own business. */
  readonly breaker?: Breaker | undefined;
  /** Default: plugins look after their data themselves. */
  readonly migrator?: Migrator | undefined;
  /** What plugins may ask the host for. Default: any capability may be asked for, and each is sensitive. */
  readonly capabilities?: Pick<CapabilityRegistry, 'isSensitive' | 'requireKnown'> | undefined;
  /**
   * Identity of this host among those on the same store, another one for each start: leases are its. At most 256 characters
   * of ASCII. Default: made from the name of the machine, the process id and a random part.
   */
  readonly owner?: string | undefined;
  /** Owners that are known to be dead, such as the one of a former start on the same locked directory; their leases are taken. */
  readonly formerOwners?: readonly string[] | undefined;
  /** Configuration by the name of the plugin, read at each start; checked against its manifest. */
  readonly config?: ((plugin: string) => unknown) | undefined;
  /** Options by the name of the plugin; they win over what follows from its manifest. */
  readonly launch?: ((plugin: string) => Partial<LaunchOptions>) | undefined;
  readonly times?: LifecycleTimes | undefined;
  readonly crashBudget?: BreakerOptions | undefined;
  /**
   * What happens to plugins that need one which was quarantined, or has failed: they run on, with an entry `plugin.degraded`
   * in their audit, or they are deactivated, the last of a chain first. Default `keep`.
   */
  readonly dependents?: 'keep' | 'deactivate' | undefined;
  readonly retention?: RetentionOptions | undefined;
  /** Plugins that are being started at the same time. Default 4. */
  readonly atOnce?: number | undefined;
}

const OWNER = /^[\u0020-\u007e]{1,256}$/;

/** What follows from the options for each plugin. */
export interface LifecycleSettings {
  readonly policy: LifecyclePolicy;
  readonly storeTimeoutMs: number;
  readonly reconcileMs: number;
  readonly retainMs: number;
  readonly keptVersions: number;
  readonly cleanMs: number;
  readonly dependents: 'keep' | 'deactivate';
  readonly atOnce: number;
}

/** Fills the defaults in. Throws `InvalidOptionsError` naming the field. */
export function resolveLifecycle(options: LifecycleOptions): LifecycleSettings {
  const { times = {}, crashBudget = {}, retention = {}, atOnce = 4 } = requireObject('options', options);
  requireParts(options);
  for (const [field, value] of Object.entries({ times, crashBudget, retention })) requireObject(field, value);
  const { leaseTtlMs = 15_000, reconcileMs = 5_000, workTimeoutMs = 120_000, drainMs = 30_000 } = times;
  const { probationMs = 10_000, storeTimeoutMs = 5_000, cleanMs = 60_000 } = times;
  const { dependents = 'keep' } = options;
  const { probeAfterMs, probeMs = 60_000 } = crashBudget;
  const { retainMs = 86_400_000, versions: keptVersions = 5 } = retention;
  for (const [field, value] of Object.entries({ reconcileMs, workTimeoutMs, storeTimeoutMs, cleanMs })) {
    requireAtLeast(`times.${field}`, value, 1);
  }
  requireAtLeast('times.drainMs', drainMs, 0);
  requireAtLeast('times.probationMs', probationMs, 0);
  requireAtLeast('times.leaseTtlMs', leaseTtlMs, 100);
  requirePositiveInteger('times.leaseTtlMs', leaseTtlMs);
  if (probeAfterMs !== undefined) requireAtLeast('crashBudget.probeAfterMs', probeAfterMs, 1);
  requireAtLeast('crashBudget.probeMs', probeMs, 1);
  requireWhole('retention.retainMs', retainMs, 0, LONGEST_RETENTION_MS);
  requireAtLeast('retention.versions', keptVersions, 0);
  requirePositiveInteger('atOnce', atOnce);
  if (dependents !== 'keep' && dependents !== 'deactivate') {
    throw new InvalidOptionsError('dependents', `is "${String(dependents)}"; it takes "keep" or "deactivate"`);
  }
  const lease = { ttlMs: leaseTtlMs, renewMs: leaseTtlMs / 3, retryMs: leaseTtlMs / 15, marginMs: leaseTtlMs / 5 };
  const breaker = resolveCrashBudget(crashBudget);
  const policy = { workTimeoutMs, drainMs, probationMs, probeAfterMs, probeMs, lease, breaker };
  return { policy, storeTimeoutMs, reconcileMs, retainMs, keptVersions, cleanMs, dependents, atOnce };
}

function requireParts(options: LifecycleOptions): void {
  const { host, store, artifacts, dataRoot, breaker, migrator, capabilities, config, launch } = options;
  for (const [field, value] of Object.entries({ host, store, artifacts })) requireObject(field, value);
  for (const [field, value] of Object.entries({ breaker, migrator, capabilities })) {
    if (value !== undefined) requireObject(field, value);
  }
  for (const [field, value] of Object.entries({ config, launch })) {
    if (value !== undefined && typeof value !== 'function') {
      throw new InvalidOptionsError(field, `must be a function, got ${shown(value)}`);
    }
  }
  if (dataRoot === '') throw new InvalidOptionsError('dataRoot', 'must not be empty');
  if (typeof dataRoot !== 'string') requireObject('dataRoot', dataRoot);
  requireOwners(options);
}

/** Commits and installations are named after their owner, and stores take names of 512 characters. */
function requireOwners({ owner, formerOwners = [] }: LifecycleOptions): void {
  if (!Array.isArray(formerOwners)) throw new InvalidOptionsError('formerOwners', 'must be an array');
  const owners = formerOwners.map((one: unknown, index): [string, unknown] => [`formerOwners[${index}]`, one]);
  if (owner !== undefined) owners.push(['owner', owner]);
  for (const [field, value] of owners) {
    if (typeof value === 'string' && OWNER.test(value)) continue;
    throw new InvalidOptionsError(field, `must be 1 to 256 printable characters of ASCII, got ${shown(value)}`);
  }
}
