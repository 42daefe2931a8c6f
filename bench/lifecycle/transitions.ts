// The work of the commit rows: plugins that are activated over and over, each transition a compare-and-set of the row under
// the plugin's lease, with its entry in the audit, as the lifecycle commits it.

import type { LifecycleStore, PluginRow, RowChange, StoredFailure } from '../../src/ports/lifecycle-store.ts';

/** One plugin. Transitions of the same one never overlap. */
export interface Subject {
  readonly row: PluginRow;
  readonly owner: string;
  /** That of its lease, which is named `plugin/<slug>`. */
  readonly token: number;
}

/** Makes the next transition of one plugin; resolves when it lasts. */
export type Transition = () => Promise<void>;

const LEASE_TTL_MS = 3_600_000;
const DIGEST = 'ab'.repeat(32);
/** Of a usual size. */
const MANIFEST = `apiVersion: troupe.plugin/v1\n${'# what a manifest says, and why it says so\n'.repeat(24)}`;
const OWNER = 'bench';

/** What the row says while an operation is under way. */
export const INTERRUPTION: StoredFailure = {
  code: 'OPERATION_INTERRUPTED',
  message: 'a host ended while the plugin was activating',
  phase: 'activating',
  from: 'inactive',
};
/** What each entry of the audit says besides what it is about. */
export const AUDIT_DATA = { from: 'inactive', to: 'active', version: '1.0.0' } as const;
export const PRINCIPAL = { kind: 'user', label: 'ada' } as const;

/** Installs plugins and takes their leases. */
export async function installSubjects(store: LifecycleStore, count: number): Promise<readonly Subject[]> {
  const subjects: Subject[] = [];
  for (let index = 0; index < count; index += 1) {
    const slug = `plugin-${index}`;
    const row = await installOne(store, slug);
    const lease = await store.acquire(`plugin/${slug}`, OWNER, LEASE_TTL_MS);
    if (lease === undefined) throw new Error(`the lease of ${slug} is not free`);
    subjects.push({ row, owner: OWNER, token: lease.token });
  }
  return subjects;
}

/** Installs one plugin that is inactive. */
export async function installOne(store: LifecycleStore, slug: string): Promise<PluginRow> {
  const outcome = await store.commit({
    id: `install-${slug}`,
    row: {
      kind: 'insert',
      row: {
        slug,
        incarnation: `${slug}-1`,
        version: '1.0.0',
        abiVersion: 1,
        manifest: MANIFEST,
        digest: DIGEST,
        state: 'inactive',
        permissions: ['events.emit:order.*', 'net:example.com'],
        awaitingConsent: [],
        trips: [],
        failure: undefined,
      },
    },
    audit: [{ event: 'plugin.installed', plugin: slug, principal: PRINCIPAL, severity: 'info', data: AUDIT_DATA }],
  });
  if (outcome.kind !== 'committed' || outcome.row === undefined) throw new Error(`${slug} is not installed`);
  return outcome.row;
}

/** The transitions of a plugin in a store. */
export function storeTransition(store: LifecycleStore, { row, owner, token }: Subject): Transition {
  const { slug, incarnation } = row;
  const leases = [{ name: `plugin/${slug}`, owner, token, ttlMs: LEASE_TTL_MS }];
  let { rowVersion } = row;
  return async () => {
    const isActivating = rowVersion % 2 === 1;
    const change: RowChange = isActivating
      ? { state: 'activating', failure: INTERRUPTION }
      : { state: 'active', failure: undefined, isActivated: true };
    const event = isActivating ? 'plugin.activating' : 'plugin.activated';
    const outcome = await store.commit({
      id: `${slug}-${rowVersion}`,
      leases,
      row: { kind: 'update', of: { slug, incarnation, rowVersion }, change },
      audit: [{ event, plugin: slug, principal: PRINCIPAL, severity: 'info', data: AUDIT_DATA }],
    });
    if (outcome.kind !== 'committed' || outcome.row === undefined) throw new Error(`the commit is ${outcome.kind}`);
    rowVersion = outcome.row.rowVersion;
  };
}

/** Transitions a second, of all plugins at the same time, for so many milliseconds. */
export async function rateOf(transitions: readonly Transition[], durationMs: number): Promise<number> {
  let done = 0;
  const startedAt = performance.now();
  const until = startedAt + durationMs;
  await Promise.all(
    transitions.map(async (next) => {
      do {
        await next();
        done += 1;
      } while (performance.now() < until);
    }),
  );
  return (done / (performance.now() - startedAt)) * 1_000;
}
