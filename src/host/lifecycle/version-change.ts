// The work of an update: which version it is about, and what has to hold for it.
//
// Invariants:
//   V1. Before anything is migrated or started, the version stands in the store as `staged`: a host that ends leaves enough
//       behind to undo it.
//   V2. What is going to be the row's is the version's own: manifest, permissions and files belong together.
//   V3. A version gets a sensitive permission only when it, or the version that serves, was granted it, or consent is given
//       now. How it comes back makes no difference.

import { RuntimeError } from '../../errors/index.ts';
import type { LifecycleWorkInput, StageReport, VerifyInput } from '../../machines/index.ts';
import { AUDIT_EVENTS, decideConsent, permissionsOf } from '../../policy/index.ts';
import type { ConsentDecision } from '../../policy/index.ts';
import type { AuditDraft, PluginRow, VersionRow, VersionWrite } from '../../ports/lifecycle-store.ts';
import type { StoredArtifact } from './artifacts.ts';
import { requireNobodyLeftBehind, requireWhatItNeeds } from './dependency-check.ts';
import { requireNotRevoked } from './distrust.ts';
import { entry } from './drafts.ts';
import type { EntryParts } from './drafts.ts';
import { migrate, migrateBack } from './migrating.ts';
import type { DataVersion } from './migrating.ts';
import type { RequestDetails } from './request.ts';
import { highestVersion, ownOf, requireNoDowngrade, rollbackTarget, stagedOf, unstaged } from './versions.ts';
import { abiVersionOf, consentError, detailsOf, launchOf, progress, requiredRow, write } from './work-context.ts';
import type { WorkContextParts } from './work-context.ts';

/** The version that an update is about. */
export interface VersionTarget {
  readonly artifact: StoredArtifact;
  readonly installId: string;
  readonly permissions: readonly string[];
  /** Sensitive ones that nobody has consented to. */
  readonly awaiting: readonly string[];
  /** Sensitive ones that were consented to with the operation. */
  readonly consented: readonly string[];
  /** Row of the version as it was before; undefined for a new one. */
  readonly known: VersionRow | undefined;
}

/** The change of one plugin's version. */
export class VersionChange {
  readonly #context: WorkContextParts;
  #target: VersionTarget | undefined;
  #isMigrated = false;

  constructor(context: WorkContextParts) {
    this.#context = context;
  }

  /** What the row is going to be about; undefined when it stays as it is. */
  get target(): VersionTarget | undefined {
    return this.#target;
  }

  /** Finds the version, and judges it. */
  async stage({ request, row: given }: LifecycleWorkInput, signal: AbortSignal): Promise<StageReport> {
    const row = requiredRow(given);
    const details = detailsOf(this.#context, request);
    this.clear();
    const target = await this.#find(row, details, signal);
    const { name, version } = target.artifact.loaded.manifest;
    if (name !== row.slug) {
      throw new RuntimeError('MANIFEST_INVALID', `the files are those of plugin "${name}", not of "${row.slug}"`);
    }
    if (target.artifact.digest === row.digest) return { kind: 'same' };
    this.#target = target;
    if (target.awaiting.length === 0) await this.#requireFit(target);
    await this.#note(row, target, details, { event: 'plugin.version.staged', data: { version } }, signal);
    return { kind: target.awaiting.length > 0 ? 'waits' : 'staged' };
  }

  /** Migrates, and starts the version beside the one that runs, if one does. */
  async verify({ request, row: given, isRunning }: VerifyInput, signal: AbortSignal): Promise<void> {
    const row = requiredRow(given);
    const { instance } = this.#context;
    const { artifact } = this.#required();
    const details = detailsOf(this.#context, request);
    progress(this.#context, details, 'migrating');
    this.#isMigrated = true;
    await migrate(this.#context, row, { from: this.#present(row), to: versionOf(artifact) }, signal);
    if (!isRunning) return;
    progress(this.#context, details, 'starting');
    await instance.stage(await launchOf(this.#context, artifact), signal);
  }

  /** Takes it back. */
  async revert({ row: given }: LifecycleWorkInput, isSwapped: boolean, signal: AbortSignal): Promise<void> {
    const row = requiredRow(given);
    const { instance, settings } = this.#context;
    await instance.revert(isSwapped, settings.policy.workTimeoutMs / 2);
    const target = this.#target;
    if (target === undefined || !this.#isMigrated) return;
    await migrateBack(this.#context, row, { from: versionOf(target.artifact), to: this.#present(row) }, signal);
  }

  /** How the versions change when it takes over, or does not. */
  async writes(row: PluginRow, isReplaced: boolean): Promise<readonly VersionWrite[]> {
    const target = this.#target;
    if (target === undefined) return [];
    const versions = ownOf(row, await this.#context.store.versions(row.slug));
    const staged = versions.find(({ installId, role }) => installId === target.installId && role === 'staged');
    if (!isReplaced) return staged === undefined || target.awaiting.length > 0 ? [] : [unstaged(staged, this.#context)];
    const before = versions.find(({ role }) => role === 'active');
    const { retainMs } = this.#context.settings;
    return [
      ...(before === undefined
        ? []
        : [
            {
              kind: 'role' as const,
              installId: before.installId,
              from: 'active' as const,
              to: 'retained' as const,
              retainMs,
              // What was consented to while it was the row's.
              permissions: row.permissions,
            },
          ]),
      { kind: 'role', installId: target.installId, from: 'staged', to: 'active', permissions: target.permissions },
    ];
  }

  /** Forgets about it. */
  clear(): void {
    this.#target = undefined;
    this.#isMigrated = false;
  }

  /** Throws when the version and the plugins that run do not fit each other. */
  async requireFit(): Promise<void> {
    if (this.#target !== undefined) await this.#requireFit(this.#target);
  }

  async #requireFit({ artifact }: VersionTarget): Promise<void> {
    const { manifest } = artifact.loaded;
    // A plugin at rest is looked at when it is activated.
    if (this.#context.instance.running === undefined) return;
    await requireWhatItNeeds(this.#context, manifest);
    await requireNobodyLeftBehind(this.#context, manifest);
  }

  async #find(row: PluginRow, details: RequestDetails, signal: AbortSignal): Promise<VersionTarget> {
    const { store } = this.#context;
    if (details.operation === 'rollback') {
      const now = await store.now();
      const wanted = { version: details.version, now };
      return this.#known(row, rollbackTarget(row, await store.versions(row.slug), wanted), []);
    }
    if (details.operation === 'consent') {
      const staged = await stagedOf(this.#context, row);
      if (staged === undefined) throw new RuntimeError('CONSENT_UNKNOWN', `plugin "${row.slug}" waits for no version`);
      return this.#known(row, staged, details.permissions ?? []);
    }
    return this.#fetch(row, details, signal);
  }

  async #fetch(row: PluginRow, details: RequestDetails, signal: AbortSignal): Promise<VersionTarget> {
    const { store, artifacts, capabilities, environment, owner, plugin } = this.#context;
    const { source, allowDowngrade = false, consent = [] } = details;
    if (source === undefined) throw new RuntimeError('INTERNAL', 'an update has no files');
    const artifact = await artifacts.stage(source, {
      signal,
      allowDowngrade,
      highest: (name) => highestVersion(store, name),
      onProgress: ({ step }) => progress(this.#context, details, step),
    });
    const { manifest } = artifact.loaded;
    capabilities?.requireKnown(manifest);
    const versions = await store.versions(plugin);
    if (!allowDowngrade) requireNoDowngrade(plugin, manifest.version, versions);
    const known = ownOf(row, versions).find(({ digest, role }) => digest === artifact.digest && role !== 'retired');
    const decision = this.#decide(row, known, artifact, consent);
    return {
      artifact,
      installId: known?.installId ?? `${environment.ids.next('version')}.${owner}`,
      permissions: decision.kind === 'granted' ? decision.permissions : [],
      awaiting: decision.kind === 'waits' ? decision.awaiting : [],
      consented: decision.kind === 'granted' ? decision.consented : [],
      known,
    };
  }

  /** One that is there already. V3. */
  async #known(row: PluginRow, version: VersionRow, consent: readonly string[]): Promise<VersionTarget> {
    const artifact = await this.#context.artifacts.open(version.digest);
    requireNotRevoked(artifact);
    const decision = this.#decide(row, version, artifact, consent);
    if (decision.kind === 'waits') throw consentError(row.slug, decision.awaiting);
    const { permissions } = decision;
    // The operation that consent was given with has told of it.
    return { artifact, installId: version.installId, permissions, awaiting: [], consented: [], known: version };
  }

  #decide(
    { permissions }: PluginRow,
    known: VersionRow | undefined,
    { loaded }: StoredArtifact,
    consent: readonly string[] | 'all',
  ): ConsentDecision {
    const { capabilities } = this.#context;
    return decideConsent({
      // Of a version that never was the row's nothing was granted.
      before: [...permissions, ...(known?.activatedAt === undefined ? [] : known.permissions)],
      after: permissionsOf(loaded.manifest),
      consent,
      isSensitiveCapability: capabilities && ((name) => capabilities.isSensitive(name)),
    });
  }

  /** V1. */
  async #note(
    row: PluginRow,
    target: VersionTarget,
    details: RequestDetails,
    told: EntryParts,
    signal: AbortSignal,
  ): Promise<void> {
    const { artifact, installId, permissions, awaiting, consented, known } = target;
    const waiting = await stagedOf(this.#context, row);
    const versions: VersionWrite[] = [];
    // One that waited for consent gives way to the one that is wanted now.
    if (waiting !== undefined && waiting.installId !== installId) versions.push(unstaged(waiting, this.#context));
    if (known !== undefined && known.role !== 'staged') {
      versions.push({ kind: 'role', installId, from: known.role, to: 'staged' });
    }
    if (known === undefined) {
      const { slug, incarnation } = row;
      const { version } = artifact.loaded.manifest;
      const stored = { manifest: artifact.manifestText, digest: artifact.digest, abiVersion: abiVersionOf(artifact) };
      versions.push({
        kind: 'add',
        version: {
          slug,
          incarnation,
          installId,
          version,
          ...stored,
          permissions,
          role: 'staged',
          retainedUntil: undefined,
        },
      });
    }
    const audit: readonly [AuditDraft, ...AuditDraft[]] = [
      entry(row.slug, details, told),
      ...(awaiting.length > 0
        ? [entry(row.slug, details, { event: AUDIT_EVENTS.consentRequired, data: { permissions: awaiting } })]
        : []),
      ...(consented.length > 0
        ? [entry(row.slug, details, { event: AUDIT_EVENTS.consented, data: { permissions: consented } })]
        : []),
    ];
    const report = await write(this.#context, { before: row, versions, audit }, signal);
    if (report.kind !== 'written')
      throw new RuntimeError('ROW_CHANGED', `the versions of plugin "${row.slug}" have changed`);
  }

  /** The version that the row names. */
  #present({ version, digest }: PluginRow): DataVersion {
    const { artifacts } = this.#context;
    return { version, directory: async () => (await artifacts.open(digest)).directory };
  }

  #required(): VersionTarget {
    if (this.#target === undefined) throw new RuntimeError('INTERNAL', 'no version is staged');
    return this.#target;
  }
}

function versionOf({ loaded, directory }: StoredArtifact): DataVersion {
  return { version: loaded.manifest.version, directory: async () => directory };
}
