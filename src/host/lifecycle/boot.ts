// The boot: what a former host left in the middle is gone on with or undone, and what was active is started.

import type { RuntimeError } from '../../errors/index.ts';
import { codeOfFailure } from './failure-code.ts';
import { isPassing, stateOfRow } from '../../machines/index.ts';
import { startOrder } from '../../policy/index.ts';
import type { PluginRow } from '../../ports/lifecycle-store.ts';
import type { Manifest } from '../manifest/index.ts';
import type { PluginManager } from './plugin-manager.ts';
import type { BootReport } from './types.ts';
import type { LifecycleParts } from './work-context.ts';

/** What a boot does its work with. */
export interface BootParts extends LifecycleParts {
  /** Lets the plugin's chart take over. Rejects only when the lifecycle stops. */
  readonly request: (plugin: string) => Promise<Recovery>;
}

/** What became of a plugin that its chart was to take over. */
export interface Recovery {
  readonly manager: PluginManager;
  /** Why it was not; undefined when it was, or when its row says why it failed. */
  readonly error: RuntimeError | undefined;
}

/** Boots. Rejects only when the store cannot be read. */
export async function bootPlugins(parts: BootParts): Promise<BootReport> {
  const rows = (await parts.store.list()).filter(({ state }) => needsOwner(state));
  const report = { started: [] as string[], recovered: [], failed: [], elsewhere: [] as string[] } as Writable;
  await inOrder(parts, rows, async (row) => note(report, row, await parts.request(row.slug)));
  return report;
}

/** Takes over some plugins at a time. What others need comes before them; those of one step need nothing of each other. */
export async function inOrder(
  parts: Pick<LifecycleParts, 'manifests' | 'settings'>,
  rows: readonly PluginRow[],
  work: (row: PluginRow) => Promise<unknown>,
): Promise<void> {
  for (const step of await orderOf(parts, rows)) await inBatches(step, parts.settings.atOnce, work);
}

interface Writable {
  readonly started: string[];
  readonly recovered: BootReport['recovered'][number][];
  readonly failed: BootReport['failed'][number][];
  readonly elsewhere: string[];
}

/** Whether some host has to look after a plugin in the state. */
export function needsOwner(state: PluginRow['state']): boolean {
  return isPassing(state) || state === 'active' || state === 'pending_uninstall';
}

/** What the plugin has come to, by what its chart knows. */
function note(report: Writable, before: PluginRow, { manager, error }: Recovery): void {
  const { row } = manager;
  const { slug, state: from } = before;
  const to = stateOfRow(row);
  if (error?.code === 'PLUGIN_ELSEWHERE') {
    report.elsewhere.push(slug);
    return;
  }
  if (manager.instance.running !== undefined) report.started.push(slug);
  if (isPassing(from) || from === 'pending_uninstall') report.recovered.push({ plugin: slug, from, to });
  // Nothing could be read, or written: the row does not say so.
  if (error !== undefined && row?.failure === undefined) {
    report.failed.push({ plugin: slug, code: error.code, message: error.rawMessage });
    return;
  }
  if (row?.failure === undefined || to === 'active') return;
  report.failed.push({ plugin: slug, code: codeOfFailure(row.failure.code), message: row.failure.message });
}

/** Steps of plugins, none of which needs one of its own step or of a later one. Those of a cycle come last, and fail. */
async function orderOf(
  { manifests }: Pick<LifecycleParts, 'manifests'>,
  rows: readonly PluginRow[],
): Promise<readonly (readonly PluginRow[])[]> {
  const bySlug = new Map(rows.map((row) => [row.slug, row]));
  const read = await Promise.all(rows.map((row) => manifests.of(row).catch(() => undefined)));
  const known = read.filter((manifest): manifest is Manifest => manifest !== undefined);
  const { order } = startOrder(known);
  const levels = levelsOf(order, new Map(known.map((manifest) => [manifest.name, manifest])));
  const steps = levels.map((names) => names.flatMap((name) => bySlug.get(name) ?? []));
  const rest = rows.filter(({ slug }) => !order.includes(slug));
  return [...steps, rest];
}

function levelsOf(order: readonly string[], manifests: ReadonlyMap<string, Manifest>): readonly (readonly string[])[] {
  const levelOf = new Map<string, number>();
  const levels: string[][] = [];
  for (const name of order) {
    const needed = (manifests.get(name)?.depends ?? []).map((one) => levelOf.get(one.name) ?? -1);
    const level = 1 + Math.max(-1, ...needed);
    levelOf.set(name, level);
    (levels[level] ??= []).push(name);
  }
  return levels;
}

async function inBatches<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const waiting = [...items];
  const one = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, one));
}
