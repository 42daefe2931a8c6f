import type { DevCompareInput, DevPermissionChange } from '../../machines/index.ts';
import { diffPermissions } from '../../policy/index.ts';
import { oneLine } from '../printable.ts';

/**
 * How the permissions of a build differ from what the host has granted; `granted` is undefined when the host does not have
 * the plugin. What this loop saw the host accept counts only as long as the host still has the plugin.
 */
export function comparePermissions(
  { artifact }: Pick<DevCompareInput, 'artifact'>,
  granted: readonly string[] | undefined,
): DevPermissionChange {
  const { permissions: all } = artifact;
  const { added, removed, sensitive } = diffPermissions(granted ?? [], all);
  return { isKnown: granted !== undefined, all, added, removed, sensitive };
}

/**
 * The lines that show it. The first time in a loop all permissions are listed, with `=` for what is not new to the host;
 * later only what was gained and lost, and nothing when that is nothing.
 */
export function permissionLines(change: DevPermissionChange, isFirst: boolean): readonly string[] {
  const { isKnown, all, added, removed } = change;
  const isNew = (permission: string): boolean => isKnown && added.includes(permission);
  const shown = isFirst ? all : added;
  return [
    ...shown.map((permission) => `${isFirst && !isNew(permission) ? '=' : '+'} ${oneLine(permission)}`),
    ...(isKnown ? removed.map((permission) => `- ${oneLine(permission)}`) : []),
  ];
}
