import { readFile, stat } from 'node:fs/promises';
import { RuntimeError } from '../../errors/index.ts';
import { readManifest, unpackBundle } from '../../host/index.ts';
import type { Manifest } from '../../host/index.ts';
import { diffPermissions, isSensitive, permissionsOf } from '../../policy/index.ts';
import { oneLine } from '../printable.ts';

/** How the permissions of two plugins differ. */
export interface PluginDiff {
  readonly before: { readonly name: string; readonly version: string };
  readonly after: { readonly name: string; readonly version: string };
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  /** The sensitive ones of `added`. */
  readonly sensitive: readonly string[];
}

/** Compares two directories or bundles. Rejects as reading a manifest or a bundle does. */
export async function diffPlugins(before: string, after: string): Promise<PluginDiff> {
  const [one, other] = [await manifestAt(before), await manifestAt(after)];
  const [had, has] = [permissionsOf(one), permissionsOf(other)];
  const { added, removed, sensitive } = diffPermissions(had, has);
  const unchanged = has.filter((permission) => !added.includes(permission));
  return { before: nameOf(one), after: nameOf(other), added, removed, unchanged, sensitive };
}

/** One line for each permission: `=`, `+` or `-`, and a note behind a sensitive one. */
export function diffText({ before, after, added, removed, unchanged }: PluginDiff): string {
  const line = (mark: string) => (permission: string) =>
    `${mark} ${oneLine(permission)}${mark === '+' && isSensitive(permission) ? '  (sensitive)' : ''}\n`;
  const head = `${oneLine(`${before.name} ${before.version} -> ${after.name} ${after.version}`)}\n`;
  const lines = [...unchanged.map(line('=')), ...removed.map(line('-')), ...added.map(line('+'))].join('');
  return `${head}${lines === '' ? 'no permissions\n' : lines}`;
}

async function manifestAt(path: string): Promise<Manifest> {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) throw new RuntimeError('MANIFEST_NOT_FOUND', `${path} does not exist`);
  if (stats.isDirectory()) return (await readManifest(path)).manifest;
  const unpacked = await unpackBundle(await readFile(path), undefined);
  try {
    return (await readManifest(unpacked.directory)).manifest;
  } finally {
    await unpacked.remove();
  }
}

function nameOf({ name, version }: Manifest): { readonly name: string; readonly version: string } {
  return { name, version };
}
