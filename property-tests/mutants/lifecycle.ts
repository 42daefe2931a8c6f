// Bugs that the tests of the lifecycle must find. Plant one, run its test, see it fail, restore.

import type { Mutant } from './actors-and-machines.ts';

const RACES = 'property-tests/lifecycle/lifecycle.race.prop.ts';
const DEATHS = 'property-tests/lifecycle/deaths.model.prop.ts';
const RECOVERY = 'test/host/lifecycle/recovery.test.ts';
const LIMITS = 'test/host/lifecycle/time-limits.test.ts';
const CLEANING = 'test/host/lifecycle/housekeeping.test.ts';

const CONSENT = 'test/host/lifecycle/consent.test.ts';
const INSTALLS = 'test/host/lifecycle/installs-at-once.test.ts';
const ENDED = 'test/host/lifecycle/ended-for-good.test.ts';
const TEXTS = 'test/host/lifecycle/long-texts.test.ts';
const TAKEOVER = 'test/host/lifecycle/stop-and-takeover.test.ts';

const LINEAR = 'property-tests/lifecycle/linearizable.race.prop.ts';
const VERSIONS = 'property-tests/lifecycle/versions.model.prop.ts';
const NEEDS = 'property-tests/dependencies/dependencies.race.prop.ts';
const UPDATES = 'test/host/lifecycle/updates.test.ts';
const DEGRADED = 'test/host/lifecycle/degraded.test.ts';

/** One bug or more for each property. */
export const LIFECYCLE_MUTANTS: readonly Mutant[] = [
  {
    name: 'a plugin is said to be inactive whatever became of its end (G-07)',
    file: 'src/host/lifecycle/plugin-instance.ts',
    from: 'await this.#end(plugin, plugin.stop());',
    to: 'void this.#end(plugin, plugin.stop()).catch(() => {});',
    killedBy: 'test/host/lifecycle/refusals.test.ts',
  },
  {
    name: 'others may stop between the look at them and the commit (G1, race 13)',
    file: 'src/host/lifecycle/dependency-lock.ts',
    from: 'const turn = this.#last.then(() => this.#locked(signal, work));',
    to: 'const turn = this.#locked(signal, work);',
    killedBy: RACES,
  },
  {
    name: 'a deactivation looks at nobody who is about to start (race 13)',
    file: 'src/host/lifecycle/dependency-check.ts',
    from: "return isActive(row) || row.state === 'activating';",
    to: 'return isActive(row);',
    killedBy: RACES,
  },
  {
    name: 'a lost answer counts as a commit that did not happen (W2, race 20)',
    file: 'src/host/lifecycle/write-surely.ts',
    from: 'if (known !== undefined) return known;',
    to: 'if (known !== undefined && attempt > 99) return known;',
    killedBy: RECOVERY,
  },
  {
    name: 'a lease is held until its very end, and longer (K1)',
    file: 'src/machines/plugin-lease.machine.ts',
    from: 'policy.ttlMs - policy.marginMs - elapsedMs',
    to: 'policy.ttlMs * 10 - elapsedMs',
    killedBy: RECOVERY,
  },
  {
    name: 'where an operation began is forgotten with its host (D1)',
    file: 'src/host/lifecycle/drafts.ts',
    from: 'failure: interruption(row.slug, phase, originOf(row), isRemoval)',
    to: "failure: interruption(row.slug, phase, 'inactive', isRemoval)",
    killedBy: RECOVERY,
  },
  {
    name: 'a start that was cut off is made again instead of undone (C5)',
    file: 'src/host/lifecycle/drafts.ts',
    from: "    case 'activating':\n    case 'updating':",
    to: "    case 'updating':",
    killedBy: RECOVERY,
  },
  {
    name: 'an active plugin whose host is gone is not started again (C3)',
    file: 'src/machines/plugin-lifecycle.machine.ts',
    from: "{ guard: { type: 'isIn', params: { states: ['active'] } }, target: 'starting' },",
    to: '',
    killedBy: DEATHS,
  },
  {
    name: 'the new version stays beside the old one when the update is undone (U3)',
    file: 'src/host/lifecycle/plugin-instance.ts',
    from: 'if (isSwapped) return staged.revert();',
    to: 'if (isSwapped) return;',
    killedBy: RACES,
  },
  {
    name: 'a start that never answers is waited for for ever (C8, G-03)',
    file: 'src/machines/plugin-lifecycle.working.ts',
    from: "{ target: 'settling', actions: ['blameSlowness', 'aimErrored'] },\n    ],\n  },\n});\n\n/** The state `starting`. */",
    to: ' ],\n  },\n});\n\n/** The state `starting`. */',
    killedBy: LIMITS,
  },
  {
    name: 'a plugin is started while another one may still run (I4)',
    file: 'src/host/lifecycle/plugin-instance.ts',
    from: 'await Promise.all([this.#starting, this.#ending]);',
    to: '',
    killedBy: LIMITS,
  },
  {
    name: 'a plugin that starts slowly is cut short by the limit of a step',
    file: 'src/machines/plugin-lifecycle.setup.ts',
    from: 'return Math.max(policy.workTimeoutMs, limitMs);',
    to: 'return Math.min(policy.workTimeoutMs, limitMs || policy.workTimeoutMs);',
    killedBy: LIMITS,
  },
  {
    name: 'files that are being staged count as those of nobody (A1)',
    file: 'src/host/lifecycle/patient-artifacts.ts',
    from: 'if (this.#staging > 0 || stopping.aborted) break;',
    to: '',
    killedBy: CLEANING,
  },
  {
    name: 'files go at once that nobody has named yet (A1)',
    file: 'src/host/lifecycle/patient-artifacts.ts',
    from: 'now - since < afterMs',
    to: 'now - since < 0',
    killedBy: CLEANING,
  },
  {
    name: 'nobody asks for versions to be removed (G-14)',
    file: 'src/host/lifecycle/housekeeping.ts',
    from: 'if (isToClean && !isPassing(row.state)) await clean(row.slug);',
    to: '',
    killedBy: CLEANING,
  },
  {
    name: 'a rollback brings back a version that nobody consented to (V3)',
    file: 'src/host/lifecycle/version-change.ts',
    from: 'const decision = this.#decide(row, version, artifact, consent);',
    to: "const decision = this.#decide(row, version, artifact, 'all');",
    killedBy: CONSENT,
  },
  {
    name: 'a version that is let go forgets what was consented to',
    file: 'src/host/lifecycle/version-change.ts',
    from: 'permissions: row.permissions,',
    to: '',
    killedBy: CONSENT,
  },
  {
    name: 'a refused install removes files without the lease of the plugin',
    file: 'src/host/lifecycle/create-lifecycle.ts',
    from: "await manager.request({ ...upkeep('clean'), artifact }).catch(",
    to: 'await this.#parts.artifacts.remove(artifact.digest).catch(',
    killedBy: INSTALLS,
  },
  {
    name: 'a refused install removes files that another install holds (A3)',
    file: 'src/host/lifecycle/patient-artifacts.ts',
    from: 'if (this.#staging === 0 && !this.#held.has(digest)) await',
    to: 'await',
    killedBy: INSTALLS,
  },
  {
    name: 'an install is refused because an uninstall took its files away',
    file: 'src/host/lifecycle/reserving.ts',
    from: 'if (again.digest === digest) return again;',
    to: '',
    killedBy: INSTALLS,
  },
  {
    name: 'a plugin that has ended for good is still thought to be there (I5)',
    file: 'src/host/lifecycle/plugin-instance.ts',
    from: '// I5.\n      this.#plugin = undefined;',
    to: '',
    killedBy: ENDED,
  },
  {
    name: 'the end of both versions is forgotten with the new one',
    file: 'src/machines/plugin-lifecycle.setup.ts',
    from: 'enqueue.assign({ isSwapped: false, crashes: [] });',
    to: 'enqueue.assign({ isSwapped: false, crashes: [], ended: undefined });',
    killedBy: ENDED,
  },
  {
    name: 'an entry is as long as what a plugin says (B1)',
    file: 'src/host/lifecycle/drafts.ts',
    from: 'data: boundedData(data)',
    to: 'data',
    killedBy: TEXTS,
  },
  {
    name: 'a takeover starts everything at once',
    file: 'src/host/lifecycle/create-lifecycle.ts',
    from: 'await inOrder(this.#parts, left, ({ slug }) => this.#recover(slug));',
    to: 'await Promise.all(left.map(({ slug }) => this.#recover(slug)));',
    killedBy: TAKEOVER,
  },
  {
    name: 'an entry begins at the state before the operation, not at the one that it ends (P13)',
    file: 'src/host/lifecycle/drafts.ts',
    from: 'const data = { from: row.state, to, version: row.version };',
    to: 'const data = { from: originOf(row), to, version: row.version };',
    killedBy: RACES,
  },
  {
    name: 'an entry of the audit is skipped in the count (P13)',
    file: 'src/stores/memory/commit.ts',
    from: 'const sequence = head.last + 1;',
    to: "const sequence = head.last + (event === 'plugin.deactivated' ? 2 : 1);",
    killedBy: RACES,
  },
  {
    name: 'the row is read before the lease is there (P9)',
    file: 'src/host/lifecycle/plugin-lease.ts',
    from: 'const lease = await this.#acquire();',
    to: "const early = await store.get(plugin); const lease = await this.#acquire(); if (lease !== undefined) return { kind: 'held', row: ((this.#lease = lease), early), elapsedMs: 0 };",
    killedBy: LINEAR,
  },
  {
    name: 'a plugin is inactive before it has ended (P9)',
    file: 'src/host/lifecycle/plugin-instance.ts',
    from: 'await this.#end(plugin, plugin.stop());',
    to: 'void this.#end(plugin, plugin.stop()).catch(() => {});',
    killedBy: LINEAR,
  },
  {
    name: 'a refusal for what is under way names the state before it (P9)',
    file: 'src/machines/plugin-lifecycle.rules.ts',
    from: 'const actual = (underWay === undefined ? undefined : PASSING_STATE_OF[underWay]) ?? stateOfRow(row);',
    to: 'const actual = stateOfRow(row);',
    killedBy: LINEAR,
  },
  {
    name: 'a chart is put away with what it was asked for (race 18)',
    file: 'src/host/lifecycle/create-lifecycle.ts',
    from: 'if (!manager.isIdle || manager.isOwning ||',
    to: 'if (manager.isOwning ||',
    killedBy: LINEAR,
  },
  {
    name: 'a version that failed for the first time is kept, and one that served before is not (P12)',
    file: 'src/host/lifecycle/versions.ts',
    from: 'const isKept = activatedAt !== undefined;',
    to: 'const isKept = activatedAt === undefined;',
    killedBy: VERSIONS,
  },
  {
    name: 'a migration is taken back in the same direction (P12)',
    file: 'src/host/lifecycle/migrating.ts',
    from: 'const isUp = isNewer(to.version, from.version);',
    to: 'const isUp = isNewer(from.version, to.version);',
    killedBy: VERSIONS,
  },
  {
    name: 'data stays with a version that failed in its probation (P12)',
    file: 'src/host/lifecycle/version-change.ts',
    from: 'if (target === undefined || !this.#isMigrated) return;',
    to: 'if (target === undefined || !this.#isMigrated || isSwapped) return;',
    killedBy: VERSIONS,
  },
  {
    name: 'a version that could not come back counts as the one that served last',
    file: 'src/host/lifecycle/versions.ts',
    from: 'return (other.activatedAt ?? 0) - (one.activatedAt ?? 0);',
    to: 'return (other.retiredAt ?? 0) - (one.retiredAt ?? 0);',
    killedBy: UPDATES,
  },
  {
    name: 'a plugin stops although others need it (P15)',
    file: 'src/host/lifecycle/reserving.ts',
    from: 'if (!isIgnoring) await requireNobodyNeeds(this.#context, row.slug);',
    to: '',
    killedBy: NEEDS,
  },
  {
    name: 'an update leaves those behind that need the version before (P15)',
    file: 'src/host/lifecycle/version-change.ts',
    from: 'await requireNobodyLeftBehind(this.#context, manifest);',
    to: '',
    killedBy: NEEDS,
  },
  {
    name: 'one that is busy when what it needs fails runs on',
    file: 'src/host/lifecycle/degraded.ts',
    from: 'isBusy ||= isUnderWay(error);',
    to: '',
    killedBy: DEGRADED,
  },
];
