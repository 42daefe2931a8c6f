// Who goes on without a plugin that it needs.

import { AUDIT_EVENTS, dependentsOf } from '../../policy/index.ts';
import type { AuditDraft, PluginRow, RowChange } from '../../ports/lifecycle-store.ts';
import { isPassing, originOf } from '../../machines/index.ts';
import { inNeed } from './dependency-check.ts';
import { entry } from './drafts.ts';
import type { RequestDetails } from './request.ts';
import type { LifecycleFact } from './types.ts';
import type { LifecycleParts, WorkContextParts } from './work-context.ts';

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

/**
 * Deactivates those that need a plugin which has failed, when that is wanted. What another host runs is that one's
 * business. Never rejects.
 */
export async function endDependents(
  parts: Pick<LifecycleParts, 'store' | 'manifests' | 'environment' | 'settings'>,
  { plugin, to }: LifecycleFact,
  deactivate: (dependent: string) => Promise<unknown>,
): Promise<void> {
  if (parts.settings.dependents === 'keep' || (to !== 'quarantined' && to !== 'errored')) return;
  const { log } = parts.environment;
  try {
    for (const name of dependentsOf(plugin, await inNeed(parts))) {
      await deactivate(name).catch((error: unknown) => {
        log.log('warn', `plugin "${name}" was not deactivated, although it needs "${plugin}"`, { error });
      });
    }
  } catch (error) {
    log.log('warn', 'what needs a failed plugin could not be found out', { plugin, error });
  }
}
