// What the effects of the plugin-lifecycle chart do: for one plugin, under its lease.
//
// Invariants:
//   P1. Every commit is made under the lease that is held when it is made; without one nothing is written.
//   P2. Whoever ends an operation by force waits for what it has begun.

import type { PluginLifecyclePorts } from '../../actors/index.ts';
import { isRuntimeError } from '../../errors/index.ts';
import type {
  CountCrashInput,
  LifecycleOutcome,
  LifecycleWorkInput,
  RemovalReport,
  SettleInput,
  WriteReport,
} from '../../machines/index.ts';
import { AUDIT_EVENTS } from '../../policy/index.ts';
import type { AuditDraft, Lease, PluginRow, RowChange, VersionWrite } from '../../ports/lifecycle-store.ts';
import { degradedEntries } from './degraded.ts';
import { requireWhatItNeeds } from './dependency-check.ts';
import { tellDistrust } from './distrust.ts';
import { entry, keyOf, settledEntry, storedFailure } from './drafts.ts';
import type { EntryParts } from './drafts.ts';
import { limitOf, limitOfRow } from './plugin-limits.ts';
import { removePlugin, removalWrites } from './removing.ts';
import type { RequestDetails } from './request.ts';
import { reserve } from './reserving.ts';
import { countTrip } from './trips.ts';
import { VersionChange } from './version-change.ts';
import { ownOf } from './versions.ts';
import {
  abiVersionOf,
  awaitingOf,
  detailsOf,
  launchOf,
  migrationOf,
  progress,
  requiredRow,
  write,
} from './work-context.ts';
import type { WorkContextParts } from './work-context.ts';
import { clean } from './cleaning.ts';
import { isUnclear } from './write-surely.ts';

/** The effects of one plugin's chart. */
export function createPluginWork(context: WorkContextParts): PluginLifecyclePorts {
  const work = new PluginWork(context);
  const { lease, instance } = context;
  return {
    acquire: (signal) => lease.claim(signal),
    renew: () => lease.renew(),
    release: () => lease.release(),
    read: async () => ({ kind: 'written', row: await context.store.get(context.plugin) }),
    reserve: async (input, signal) => {
      const report = await reserve(context, input, signal);
      return report.kind === 'written' ? { ...report, limitMs: await limitOfRow(context, report.row) } : report;
    },
    settle: (input, signal) => work.settle(input, signal),
    countCrash: (input, signal) => work.countCrash(input, signal),
    install: (input, signal) => work.install(input, signal),
    load: (input, signal) => work.load(input, signal),
    unload: (input, signal) => {
      progress(context, detailsOf(context, input.request), 'stopping');
      return instance.stop(signal);
    },
    kill: () => work.kill(),
    abandon: async () => {
      // P1: what is still under way must not write either.
      lease.forget();
      await work.kill();
      // The store may have it for this host all the same: others need not wait for its end.
      await lease.giveBack();
    },
    remove: (input, signal): Promise<RemovalReport> => removePlugin(context, input, signal),
    stage: async (input, signal) => {
      progress(context, detailsOf(context, input.request), 'staging');
      const report = await work.change.stage(input, signal);
      const { target } = work.change;
      return target === undefined ? report : { ...report, limitMs: limitOf(context, target.artifact.loaded.manifest) };
    },
    verify: (input, signal) => work.change.verify(input, signal),
    swap: (input) => {
      progress(context, detailsOf(context, input.request), 'swapping');
      return instance.swap(context.settings.policy.drainMs);
    },
    drain: (input, signal) => {
      progress(context, detailsOf(context, input.request), 'draining');
      return instance.drain(signal);
    },
    keep: (input, signal) => work.keep(input, signal),
    revert: ({ isSwapped, ...input }, signal) => work.change.revert(input, isSwapped, signal),
  };
}

class PluginWork {
  readonly change: VersionChange;
  readonly #context: WorkContextParts;

  constructor(context: WorkContextParts) {
    this.#context = context;
    this.change = new VersionChange(context);
  }

  async install({ request, row: given }: LifecycleWorkInput, signal: AbortSignal): Promise<void> {
    const { artifacts, migrator, data, plugin, stopping } = this.#context;
    const row = requiredRow(given);
    progress(this.#context, detailsOf(this.#context, request), 'migrating');
    await data.prepare(plugin);
    const { directory } = await artifacts.open(row.digest);
    await migrator.up(
      migrationOf(this.#context, row, {
        from: undefined,
        to: row.version,
        directory,
        signal: AbortSignal.any([signal, stopping]),
      }),
    );
  }

  async load({ request, row: given }: LifecycleWorkInput, signal: AbortSignal): Promise<void> {
    const { artifacts, instance, manifests, plugin, store, stopping } = this.#context;
    const row = requiredRow(given);
    progress(this.#context, detailsOf(this.#context, request), 'loading');
    // One that was active when its host ended: what it needs may not have come back.
    if (row.state === 'active') {
      await requireWhatItNeeds({ store }, { name: plugin, depends: (await manifests.of(row)).depends });
    }
    const artifact = await artifacts.open(row.digest);
    await tellDistrust(this.#context, row, artifact, detailsOf(this.#context, request), signal);
    const options = await launchOf(this.#context, artifact);
    await instance.start(options, AbortSignal.any([signal, stopping]));
  }

  /** P2. */
  async kill(): Promise<void> {
    await this.#context.instance.kill();
    this.change.clear();
  }

  async keep({ row }: LifecycleWorkInput, signal: AbortSignal): Promise<void> {
    const { instance, environment, plugin } = this.#context;
    await instance.keep();
    await clean(this.#context, row, signal).catch((error: unknown) => {
      // Looked for again by the housekeeping.
      environment.log.log('debug', 'versions could not be cleaned up', { plugin, error });
    });
  }

  /** Counts a crash, and quarantines the plugin when it is one too many. */
  async countCrash({ row: given, crash }: CountCrashInput, signal: AbortSignal): Promise<WriteReport> {
    const { store, settings, plugin } = this.#context;
    const row = requiredRow(given);
    const { breaker } = settings.policy;
    const { window, exhausted } = countTrip(row.trips, await store.now(), breaker);
    const { code, message } = crash;
    const data = { code, message, trips: window.length, limit: breaker.limit };
    const crashed: EntryParts = { event: 'plugin.crashed', severity: 'warning', data };
    if (!exhausted && !crash.isFatal) return this.#update(row, { trips: window }, [crashed], signal);
    const failure = { code, message, phase: 'active' as const, from: 'active' as const };
    const told: EntryParts[] = [
      crashed,
      {
        event: AUDIT_EVENTS.tripped,
        severity: 'error',
        data: { plugin, trips: window.length, isProbe: crash.isFatal },
      },
      { event: AUDIT_EVENTS.quarantined, severity: 'error', data: { from: row.state, code } },
    ];
    return this.#update(row, { trips: window, state: 'quarantined', failure }, told, signal);
  }

  /** Makes the last commit of an operation. */
  async settle({ request, row: given, outcome }: SettleInput, signal: AbortSignal): Promise<WriteReport> {
    const row = requiredRow(given);
    const details = detailsOf(this.#context, request);
    if (outcome.to === 'absent') return this.#remove(row, outcome, details, signal);
    if (row.state !== 'updating') return this.#finish(row, outcome, details, signal);
    try {
      // Whether the plugins that run fit the new version is looked at and committed in one piece.
      const report =
        outcome.isReplaced === true && this.#context.instance.running !== undefined
          ? await this.#context.lock.run(signal, async (lease) => {
              await this.change.requireFit();
              return this.#finishChange(row, outcome, details, signal, lease);
            })
          : await this.#finishChange(row, outcome, details, signal);
      if (report.kind === 'written') this.change.clear();
      return report;
    } catch (error) {
      if (!isRuntimeError(error) || signal.aborted || isUnclear(error) || outcome.isReplaced !== true) throw error;
      return { kind: 'refused', error };
    }
  }

  async #finish(
    row: PluginRow,
    outcome: LifecycleOutcome,
    details: RequestDetails,
    signal: AbortSignal,
  ): Promise<WriteReport> {
    const failure = storedFailure(row, outcome, details);
    const change: RowChange = {
      state: outcome.to as PluginRow['state'],
      failure,
      ...(outcome.to === 'active' ? { isActivated: true } : {}),
    };
    const versions = outcome.to === 'installed' && row.state === 'installing' ? await this.#installed(row) : [];
    return this.#update(row, change, [settledEntry(row, outcome, details)], signal, { details, versions });
  }

  async #finishChange(
    row: PluginRow,
    outcome: LifecycleOutcome,
    details: RequestDetails,
    signal: AbortSignal,
    also?: Lease,
  ): Promise<WriteReport> {
    const { target } = this.change;
    const isReplaced = outcome.isReplaced === true && target !== undefined;
    const versions = await this.change.writes(row, isReplaced);
    const failure = storedFailure(row, outcome, details);
    const state = { state: outcome.to as PluginRow['state'], failure };
    if (!isReplaced) {
      const awaitingConsent = await this.#awaiting(row, outcome);
      const told = this.#unchanged(row, outcome, details);
      return this.#update(row, { ...state, awaitingConsent }, [told], signal, { details, versions, also });
    }
    const { artifact, permissions } = target;
    const { version } = artifact.loaded.manifest;
    const change: RowChange = {
      ...state,
      version,
      abiVersion: abiVersionOf(artifact),
      manifest: artifact.manifestText,
      digest: artifact.digest,
      permissions,
      awaitingConsent: [],
      ...(outcome.to === 'active' ? { isActivated: true } : {}),
    };
    const event = details.operation === 'rollback' ? AUDIT_EVENTS.rolledBack : AUDIT_EVENTS.updated;
    const severity = details.operation === 'rollback' ? ('warning' as const) : ('info' as const);
    const data = { from: row.version, to: version, digest: artifact.digest, permissions };
    return this.#update(row, change, [{ event, severity, data }], signal, { details, versions, also });
  }

  /** What an update tells that left everything as it was. */
  #unchanged(row: PluginRow, outcome: LifecycleOutcome, details: RequestDetails): EntryParts {
    const { target } = this.change;
    if (outcome.failure !== undefined) return settledEntry(row, outcome, details);
    if (target === undefined) return { event: AUDIT_EVENTS.updateNoop, data: { version: row.version } };
    const { version } = target.artifact.loaded.manifest;
    return { event: 'plugin.update.waits', data: { version, permissions: target.awaiting } };
  }

  async #awaiting(row: PluginRow, outcome: LifecycleOutcome): Promise<readonly string[]> {
    const { target } = this.change;
    // Nothing was staged: what waited before still does.
    if (target === undefined) return row.awaitingConsent;
    return outcome.failure === undefined ? target.awaiting : awaitingOf(this.#context, row);
  }

  async #remove(
    row: PluginRow,
    { left = [] }: LifecycleOutcome,
    details: RequestDetails,
    signal: AbortSignal,
  ): Promise<WriteReport> {
    const tombstone = left.length === 0 ? {} : { tombstone: { left, reason: 'not everything could be removed' } };
    const data = { version: row.version, left };
    return write(
      this.#context,
      {
        before: row,
        row: { kind: 'delete', of: keyOf(row), ...tombstone },
        versions: await removalWrites(this.#context, row),
        audit: [entry(row.slug, details, { event: AUDIT_EVENTS.uninstalled, severity: 'warning', data })],
      },
      signal,
    );
  }

  async #installed(row: PluginRow): Promise<readonly VersionWrite[]> {
    const versions = ownOf(row, await this.#context.store.versions(row.slug));
    const staged = versions.find(({ digest, role }) => digest === row.digest && role === 'staged');
    return staged === undefined ? [] : [{ kind: 'role', installId: staged.installId, from: 'staged', to: 'active' }];
  }

  async #update(
    row: PluginRow,
    change: RowChange,
    told: readonly EntryParts[],
    signal: AbortSignal,
    more: {
      readonly details?: RequestDetails;
      readonly versions?: readonly VersionWrite[];
      readonly also?: Lease | undefined;
    } = {},
  ): Promise<WriteReport> {
    const { details = detailsOf(this.#context, undefined), versions = [], also } = more;
    const own = told.map((parts) => entry(row.slug, details, parts)) as [AuditDraft, ...AuditDraft[]];
    const audit = [...own, ...(await degradedEntries(this.#context, row, change, details))] as typeof own;
    return write(
      this.#context,
      { before: row, row: { kind: 'update', of: keyOf(row), change }, versions, audit, also },
      signal,
    );
  }
}
