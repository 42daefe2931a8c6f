// Who goes on without a plugin that it needs.

import { AUDIT_EVENTS, dependentsOf } from '../../policy/index.ts';
import type { AuditDraft, PluginRow, RowChange } from '../../ports/lifecycle-store.ts';
import { isPassing, originOf } from '../../machines/index.ts';
import { isRuntimeError } from '../../errors/index.ts';
import { inNeed, isActive } from './dependency-check.ts';
import { entry } from './drafts.ts';
import type { RequestDetails } from './request.ts';
import type { LifecycleFact } from './types.ts';
import type { LifecycleParts, WorkContextParts } from './work-context.ts';
import { pause } from './write-surely.ts';

/**
 * An entry for each plugin that runs and needs this one directly, when the change ends this one. They are written with
 * the change itself; when nobody can tell who they are, the change is made all the same.
 */
export async function degradedEntries(
  context: Pick<WorkContextParts, 'store' | 'manifests' | 'environment'>,
  row: PluginRow,
  { state: to }: RowChange,
  details: RequestDetails,
): Promise<readonly AuditDraft[]> {
  const isEnd = originOf(row) === 'active' && to !== undefined && to !== 'active' && !isPassing(to);
  if (!isEnd) return [];
  const { slug: missing, version } = row;
  try {
    const dependents = (await inNeed(context)).filter(({ depends }) =>
      depends.some(({ name, optional }) => name === missing && !optional),
    );
    const data = { missing, version, state: to };
    return dependents.map(({ name }) =>
      entry(name, details, { event: AUDIT_EVENTS.degraded, severity: 'warning', data }),
    );
  } catch (error) {
    context.environment.log.log('warn', `nobody knows who needs plugin "${missing}", which is ${to}`, { error });
    return [];
  }
}

/** Milliseconds until the first look at a plugin that is busy, and at most between two; each costs a look at all rows. */
const BUSY_LOOK_MS = 250;
const LONGEST_LOOK_MS = 2_000;

type EndingParts = Pick<LifecycleParts, 'store' | 'manifests' | 'environment' | 'settings' | 'stopping'>;

/**
 * Deactivates those that need a plugin which has failed, when that is wanted. Who is busy is asked again, and who has just
 * come to run is looked at again. What another host runs is that one's business. Never rejects.
 */
export async function endDependents(
  parts: EndingParts,
  { plugin, to }: LifecycleFact,
  deactivate: (dependent: string) => Promise<unknown>,
): Promise<void> {
  if (parts.settings.dependents === 'keep' || !(isFailed(to) || to === 'active')) return;
  const { environment, stopping } = parts;
  try {
    for (let lookMs = BUSY_LOOK_MS; ; lookMs = Math.min(2 * lookMs, LONGEST_LOOK_MS)) {
      const names = await leftBy(parts, plugin);
      let isBusy = false;
      for (const name of names) {
        await deactivate(name).catch((error: unknown) => {
          isBusy ||= isUnderWay(error);
          const text = `plugin "${name}" was not deactivated, although it needs what has failed`;
          // Whoever comes after one that is busy may be needed by that one, and is asked again with it.
          environment.log.log(isBusy ? 'debug' : 'warn', text, { plugin, error });
        });
      }
      if (!isBusy) return;
      await pause({ clock: environment.clock, signal: stopping }, lookMs);
    }
  } catch (error) {
    if (!stopping.aborted)
      environment.log.log('warn', 'what needs a failed plugin could not be found out', { plugin, error });
  }
}

/** Those that must not run on: the last of a chain first. */
async function leftBy(parts: EndingParts, plugin: string): Promise<readonly string[]> {
  const rows = new Map((await parts.store.list()).map((row) => [row.slug, row]));
  const row = rows.get(plugin);
  if (row === undefined) return [];
  const dependents = async (): Promise<readonly string[]> => dependentsOf(plugin, await inNeed(parts));
  if (isFailed(row.state)) return dependents();
  const { depends } = await parts.manifests.of(row);
  const isLeft = depends.some(({ name, optional }) => !optional && isFailed(rows.get(name)?.state));
  return isLeft && isActive(row) ? [...(await dependents()), plugin] : [];
}

function isFailed(state: LifecycleFact['to'] | undefined): boolean {
  return state === 'quarantined' || state === 'errored';
}

/** Whether an operation was refused because of another one, and not because of what the plugin is. */
function isUnderWay(error: unknown): boolean {
  return isRuntimeError(error) && error.code === 'INVALID_TRANSITION' && error.details['underWay'] !== undefined;
}
