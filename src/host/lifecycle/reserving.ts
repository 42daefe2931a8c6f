// The first commit of each operation, with what has to hold before it.
//
// Invariants:
//   R1. What is refused has written nothing.
//   R2. Whether others need the plugin, or it needs others, is looked at and committed in one piece (G1 of the lock).

import { isRuntimeError, RuntimeError } from '../../errors/index.ts';
import type { LifecycleWorkInput, WriteReport } from '../../machines/index.ts';
import { AUDIT_EVENTS, coversPermission, decideConsent, diffPermissions, permissionsOf } from '../../policy/index.ts';
import type { Lease, PluginRow, RowChange, VersionRow, VersionWrite } from '../../ports/lifecycle-store.ts';
import type { StoredArtifact } from './artifacts.ts';
import { degradedEntries } from './degraded.ts';
import { requireNobodyNeeds, requireWhatItNeeds } from './dependency-check.ts';
import {
  enter,
  entry,
  interruption,
  keyOf,
  recoveryChange,
  recoveryTarget,
  removesData,
  resetChange,
  settledEntry,
  storedFailure,
} from './drafts.ts';
import { requireNotRevoked } from './distrust.ts';
import type { EntryParts } from './drafts.ts';
import { clean, removeOrphan } from './cleaning.ts';
import type { RequestDetails } from './request.ts';
import { requireNoDowngrade, stagedOf, undoStagedVersions } from './versions.ts';
import type { UndoneUpdate } from './versions.ts';
import { abiVersionOf, awaitingOf, consentError, detailsOf, write } from './work-context.ts';
import type { WorkContextParts } from './work-context.ts';
import { isUnclear } from './write-surely.ts';

/** Reserves a plugin for the operation. */
export async function reserve(
  context: WorkContextParts,
  { request, row }: LifecycleWorkInput,
  signal: AbortSignal,
): Promise<WriteReport> {
  const details = detailsOf(context, request);
  const step = new Reservation(context, details, signal);
  try {
    return await step.make(row);
  } catch (error) {
    // R1: a store that does not say whether it has written is no refusal.
    if (!isRuntimeError(error) || signal.aborted || isInDoubt(context, details, error)) throw error;
    return { kind: 'refused', error };
  }
}

/** Whether the row may be another one now. Cleaning never writes it, and a stop leaves it to the next boot. */
function isInDoubt({ stopping }: WorkContextParts, { operation }: RequestDetails, error: RuntimeError): boolean {
  return isUnclear(error) && operation !== 'clean' && !stopping.aborted;
}

class Reservation {
  readonly #context: WorkContextParts;
  readonly #details: RequestDetails;
  readonly #signal: AbortSignal;

  constructor(context: WorkContextParts, details: RequestDetails, signal: AbortSignal) {
    this.#context = context;
    this.#details = details;
    this.#signal = signal;
  }

  make(row: PluginRow | undefined): Promise<WriteReport> {
    const { operation } = this.#details;
    if (operation === 'install') return this.#install();
    if (operation === 'clean') return this.#clean(row);
    if (row === undefined) return Promise.resolve({ kind: 'written', row });
    switch (operation) {
      case 'activate':
      case 'probe':
        return this.#activate(row);
      case 'deactivate':
        return this.#deactivate(row);
      case 'update':
      case 'rollback':
        return this.#change(row, enter(row, 'updating'), { event: 'plugin.updating', data: { operation } });
      case 'consent':
        return this.#consent(row);
      case 'reset':
        return this.#reset(row);
      case 'quarantine':
        return this.#quarantine(row);
      case 'uninstall':
        return this.#uninstall(row);
      default:
        return this.#recover(row);
    }
  }

  async #install(): Promise<WriteReport> {
    const { plugin, environment, owner, capabilities, store } = this.#context;
    const { artifact: fetched, consent = [], allowDowngrade = false } = this.#details;
    if (fetched === undefined) throw new RuntimeError('INTERNAL', 'an install has no files');
    const artifact = await this.#openFetched(fetched.digest);
    const { manifest } = artifact.loaded;
    capabilities?.requireKnown(manifest);
    if (!allowDowngrade) requireNoDowngrade(plugin, manifest.version, await store.versions(plugin));
    const decision = decideConsent({
      before: [],
      after: permissionsOf(manifest),
      consent,
      isSensitiveCapability: capabilities && ((name) => capabilities.isSensitive(name)),
    });
    const granted = decision.kind === 'granted' ? decision.permissions : [];
    const awaitingConsent = decision.kind === 'waits' ? decision.awaiting : [];
    const incarnation = `${environment.ids.next('installation')}.${owner}`;
    const version = {
      slug: plugin,
      incarnation,
      version: manifest.version,
      abiVersion: abiVersionOf(artifact),
      manifest: artifact.manifestText,
      digest: artifact.digest,
      permissions: granted,
    };
    const failure = interruption(plugin, 'installing', undefined);
    const row = { ...version, state: 'installing' as const, awaitingConsent, trips: [], failure };
    const data = {
      version: manifest.version,
      digest: artifact.digest,
      signer: fetched.signer,
      permissions: granted,
      awaitingConsent,
    };
    const installId = `${environment.ids.next('version')}.${owner}`;
    return write(
      this.#context,
      {
        before: undefined,
        row: { kind: 'insert', row },
        versions: [{ kind: 'add', version: { ...version, installId, role: 'staged', retainedUntil: undefined } }],
        audit: [
          entry(plugin, this.#details, { event: 'plugin.installing', data }),
          ...(decision.kind === 'granted' && decision.consented.length > 0
            ? [
                entry(plugin, this.#details, {
                  event: AUDIT_EVENTS.consented,
                  data: { permissions: decision.consented },
                }),
              ]
            : []),
        ],
      },
      this.#signal,
    );
  }

  /** What was fetched may have been removed before the lease was there, as that of an uninstall, or as nobody's. */
  async #openFetched(digest: string): Promise<StoredArtifact> {
    const { artifacts } = this.#context;
    const { source, allowDowngrade } = this.#details;
    try {
      return await artifacts.open(digest);
    } catch (error) {
      if (!isRuntimeError(error) || error.code !== 'BUNDLE_UNKNOWN' || source === undefined) throw error;
      const again = await artifacts.stage(source, { signal: this.#signal, allowDowngrade });
      // Other files than those that were looked at are another install.
      if (again.digest === digest) return again;
      throw error;
    }
  }

  async #clean(row: PluginRow | undefined): Promise<WriteReport> {
    const { artifact } = this.#details;
    if (artifact === undefined) return clean(this.#context, row, this.#signal);
    await removeOrphan(this.#context, row, artifact.digest);
    return { kind: 'written', row };
  }

  async #activate(row: PluginRow): Promise<WriteReport> {
    const { artifacts, manifests, plugin, lock, store } = this.#context;
    requireNotRevoked(await artifacts.open(row.digest));
    const manifest = await manifests.of(row);
    const { added } = diffPermissions(row.permissions, permissionsOf(manifest));
    if (added.length > 0) throw consentError(plugin, row.awaitingConsent.length > 0 ? row.awaitingConsent : added);
    const { operation } = this.#details;
    const told: EntryParts = { event: 'plugin.activating', data: { version: row.version, operation } };
    const change = enter(row, 'activating');
    if (manifest.depends.length === 0) return this.#change(row, change, told);
    // R2.
    return lock.run(this.#signal, async (lease) => {
      await requireWhatItNeeds({ store }, { name: plugin, depends: manifest.depends });
      return this.#change(row, change, told, lease);
    });
  }

  async #deactivate(row: PluginRow): Promise<WriteReport> {
    return this.#locked(row, enter(row, 'deactivating'), { event: 'plugin.deactivating' });
  }

  async #consent(row: PluginRow): Promise<WriteReport> {
    const { permissions = [] } = this.#details;
    const { slug } = row;
    const staged = await stagedOf(this.#context, row);
    const awaiting = staged === undefined ? await awaitingOf(this.#context, row) : row.awaitingConsent;
    if (awaiting.length === 0) throw new RuntimeError('CONSENT_UNKNOWN', `plugin "${slug}" waits for no consent`);
    requireShown(slug, this.#details.digest, staged ?? row);
    const rest = awaiting.filter((permission) => !coversPermission(permissions, permission));
    if (rest.length > 0) throw consentError(slug, rest);
    const data = { permissions: awaiting };
    const event = AUDIT_EVENTS.consented;
    if (staged !== undefined) return this.#change(row, enter(row, 'updating'), { event, data });
    const granted = permissionsOf(await this.#context.manifests.of(row));
    return this.#change(row, { permissions: granted, awaitingConsent: [] }, { event, data: { ...data, granted } });
  }

  #reset(row: PluginRow): Promise<WriteReport> {
    const change = resetChange(row);
    const data = { from: row.state, to: change.state, code: row.failure?.code, trips: row.trips.length };
    return this.#change(row, change, { event: AUDIT_EVENTS.reset, data });
  }

  #quarantine(row: PluginRow): Promise<WriteReport> {
    const { reason = 'somebody wanted it' } = this.#details;
    const failure = {
      code: 'PLUGIN_QUARANTINED',
      message: reason,
      phase: 'active' as const,
      from: row.state === 'errored' ? row.failure?.from : (row.state as 'active'),
    };
    // A plugin that was never installed properly stays one.
    const kept = row.failure?.phase === 'installing' ? row.failure : failure;
    const told = { event: AUDIT_EVENTS.quarantined, severity: 'warning' as const, data: { from: row.state, reason } };
    const change: RowChange = { state: 'quarantined', failure: kept };
    return row.state === 'active' ? this.#locked(row, change, told, true) : this.#change(row, change, told);
  }

  async #uninstall(row: PluginRow): Promise<WriteReport> {
    const isRemoval = removesData(row, this.#details);
    const told = { event: 'plugin.uninstalling', severity: 'warning' as const, data: { removeData: isRemoval } };
    const change = enter(row, 'uninstalling', isRemoval);
    // One that is half removed already is of no use to anybody.
    const isDecided = this.#details.ignoresDependents === true || row.state === 'pending_uninstall';
    if (isDecided) return this.#change(row, change, told);
    return this.#locked(row, change, told);
  }

  /** R2. Who is ignored is told: who is about to start is among them, or is refused. */
  #locked(
    row: PluginRow,
    change: RowChange,
    told: EntryParts,
    isIgnoring = this.#details.ignoresDependents === true,
  ): Promise<WriteReport> {
    return this.#context.lock.run(this.#signal, async (lease) => {
      if (!isIgnoring) await requireNobodyNeeds(this.#context, row.slug);
      return this.#change(row, change, told, lease);
    });
  }

  /** Goes on with what a former owner left, or undoes it. */
  async #recover(row: PluginRow): Promise<WriteReport> {
    const to = recoveryTarget(row);
    if (to === undefined) return { kind: 'written', row };
    const { versions, failure } = await this.#undone(row);
    if (failure !== undefined) return this.#giveUp(row, versions, failure);
    return write(
      this.#context,
      {
        before: row,
        row: {
          kind: 'update',
          of: keyOf(row),
          change: { ...recoveryChange(row, to), awaitingConsent: await awaitingOf(this.#context, row) },
        },
        versions,
        audit: [
          entry(row.slug, this.#details, {
            event: AUDIT_EVENTS.recovered,
            severity: 'warning',
            data: { from: row.state, to },
          }),
        ],
      },
      this.#signal,
    );
  }

  #undone(row: PluginRow): Promise<UndoneUpdate> {
    if (row.state === 'updating') return undoStagedVersions(this.#context, row, this.#signal);
    return Promise.resolve({ versions: [], failure: undefined });
  }

  /** What cannot be undone waits for a reset, as it does when its host is still there. */
  async #giveUp(row: PluginRow, versions: readonly VersionWrite[], error: RuntimeError): Promise<WriteReport> {
    const outcome = { to: 'errored' as const, failure: { code: error.code, message: error.rawMessage } };
    const change: RowChange = { state: 'errored', failure: storedFailure(row, outcome, this.#details) };
    const told = entry(row.slug, this.#details, settledEntry(row, outcome, this.#details));
    const degraded = await degradedEntries(this.#context, row, change, this.#details);
    const update = { kind: 'update' as const, of: keyOf(row), change };
    return write(this.#context, { before: row, row: update, versions, audit: [told, ...degraded] }, this.#signal);
  }

  async #change(row: PluginRow, change: RowChange, told: EntryParts, also?: Lease): Promise<WriteReport> {
    const degraded = await degradedEntries(this.#context, row, change, this.#details);
    return write(
      this.#context,
      {
        before: row,
        row: { kind: 'update', of: keyOf(row), change },
        audit: [entry(row.slug, this.#details, told), ...degraded],
        also,
      },
      this.#signal,
    );
  }
}

/** What was looked at is what is consented to. */
function requireShown(plugin: string, shown: string | undefined, { digest, version }: VersionRow | PluginRow): void {
  if (shown === undefined || shown === digest) return;
  const text = `another version of plugin "${plugin}" waits for consent by now: ${version}, with the digest ${digest}`;
  throw new RuntimeError('CONSENT_OUTDATED', text, { details: { plugin, version, digest } });
}
