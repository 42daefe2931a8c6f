// What a plugin may do, as texts: `events.emit:order.*`, `net:example.org`, `childProcess`. A text is a kind, and what the
// right is for behind the first colon.
//
// Invariants:
//   P1. The texts of a manifest are sorted, and none stands there twice.
//   P2. A permission covers another one only when whoever has the first can do nothing more with the second.
//   P3. What is not known is sensitive, and covers nothing but itself.
//   P4. A difference names what was gained and what was lost, not how it is written: a right within a kept one is neither.

import { globCovers } from './glob-cover.ts';

/** What a manifest says about permissions: of the parsed manifest, whatever else that has. */
export interface PermissionSource {
  readonly permissions: {
    readonly events: { readonly emit?: readonly string[]; readonly subscribe?: readonly string[] };
    readonly net: readonly string[];
    readonly fs: { readonly read: readonly string[]; readonly write: readonly string[] };
    readonly env: readonly string[];
    readonly secrets: readonly string[];
    readonly capabilities: readonly string[];
    readonly services: readonly string[];
    readonly childProcess: boolean;
    readonly worker: boolean;
    readonly addons: boolean;
  };
  readonly events?: { readonly emit?: readonly string[]; readonly subscribe?: readonly string[] };
  readonly requires?: readonly { readonly service: string }[];
}

/** What changes for a plugin. All lists are sorted. */
export interface PermissionDiff {
  /** What nothing of before covers. */
  readonly added: readonly string[];
  /** What nothing of after covers. */
  readonly removed: readonly string[];
  /** The sensitive ones of `added`. */
  readonly sensitive: readonly string[];
}

/** Whether a capability is sensitive, by its name. */
export type IsSensitiveCapability = (capability: string) => boolean;

/** The permissions that a manifest asks for, sorted. */
export function permissionsOf({ permissions, events = {}, requires = [] }: PermissionSource): readonly string[] {
  const { net, fs, env, secrets, capabilities, services, childProcess, worker, addons } = permissions;
  const texts = [
    ...listed('events.emit', events.emit ?? permissions.events.emit ?? []),
    ...listed('events.subscribe', permissions.events.subscribe ?? events.subscribe ?? []),
    ...listed('net', net),
    ...listed('fs.read', fs.read),
    ...listed('fs.write', fs.write),
    ...listed('env', env),
    ...listed('secret', secrets),
    ...listed('capability', capabilities),
    // To need a service is to call it.
    ...listed('service', [...services, ...requires.map(({ service }) => service)]),
    ...Object.entries({ childProcess, worker, addons }).flatMap(([kind, isAsked]) => (isAsked ? [kind] : [])),
  ];
  return sorted(texts);
}

/**
 * Whether somebody has to consent before a plugin gets the permission: what reaches past the host and the plugin's own
 * files, what shows secrets, and what is for everything. `isSensitiveCapability` decides about capabilities; without it
 * each is sensitive, as the host has not said what it is.
 */
export function isSensitive(permission: string, isSensitiveCapability: IsSensitiveCapability = () => true): boolean {
  const { kind, target } = parsePermission(permission);
  switch (kind) {
    case 'events.emit':
    case 'events.subscribe':
      // `*.*` leaves out no type that `**` has but those of one segment, and names no subject either.
      return target.startsWith('*');
    case 'fs.read':
      return !isOwnPath(target);
    case 'service':
    case 'worker':
      return false;
    case 'capability':
      return isSensitiveCapability(target);
    default:
      // P3. `net`, `fs.write`, `env`, `secret`, `childProcess`, `addons`, and what nobody knows.
      return true;
  }
}

/** What changes from one list of permissions to another. */
export function diffPermissions(
  before: readonly string[],
  after: readonly string[],
  isSensitiveCapability?: IsSensitiveCapability,
): PermissionDiff {
  const added = sorted(after.filter((permission) => !coversPermission(before, permission)));
  const removed = sorted(before.filter((permission) => !coversPermission(after, permission)));
  return { added, removed, sensitive: added.filter((permission) => isSensitive(permission, isSensitiveCapability)) };
}

/** Whether one of the granted permissions covers the wanted one; never for an empty list. */
export function coversPermission(granted: readonly string[], wanted: string): boolean {
  return granted.some((permission) => permission === wanted || covers(permission, wanted));
}

/** A permission in its parts. */
export interface PermissionParts {
  readonly kind: string;
  /** What it is for; empty for a right that is not for anything in particular, such as `worker`. */
  readonly target: string;
}

/** Takes a permission apart. Any text is taken. */
export function parsePermission(permission: string): PermissionParts {
  const colon = permission.indexOf(':');
  if (colon === -1) return { kind: permission, target: '' };
  return { kind: permission.slice(0, colon), target: permission.slice(colon + 1) };
}

function listed(kind: string, targets: readonly string[]): readonly string[] {
  return targets.map((target) => `${kind}:${target}`);
}

/** P1. By code unit, so that the order is the same on every machine. */
function sorted(permissions: readonly string[]): readonly string[] {
  return [...new Set(permissions)].sort();
}

/** P2. */
function covers(outer: string, inner: string): boolean {
  const [one, other] = [parsePermission(outer), parsePermission(inner)];
  if (one.kind !== other.kind) return false;
  switch (one.kind) {
    case 'events.emit':
    case 'events.subscribe':
      return globCovers(one.target, other.target);
    case 'net':
      return coversHost(one.target, other.target);
    case 'fs.read':
    case 'fs.write':
      return coversPath(one.target, other.target);
    case 'env':
      return one.target.endsWith('*') && other.target.startsWith(one.target.slice(0, -1));
    default:
      // P3.
      return false;
  }
}

/** A host without a port is any port of it. */
function coversHost(outer: string, inner: string): boolean {
  if (outer === '*') return true;
  const [one, other] = [hostAndPort(outer), hostAndPort(inner)];
  return one.host === other.host && (one.port === '' || one.port === other.port);
}

function hostAndPort(text: string): { readonly host: string; readonly port: string } {
  // An address of version 6 has a port only behind brackets.
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text);
  return { host: (parts?.[1] ?? text).toLowerCase(), port: parts?.[2] ?? '' };
}

/** A directory is everything below it. */
function coversPath(outer: string, inner: string): boolean {
  const [one, other] = [normalPath(outer), normalPath(inner)];
  if (one === other) return true;
  if (one === '.') return isOwnPath(other);
  const prefix = one === '/' ? '/' : `${one}/`;
  // Of `../` a further `..` is no part.
  return other.startsWith(prefix) && !leavesItsStart(other.slice(prefix.length));
}

/** Within the plugin's own files: relative, and not out of them again. */
function isOwnPath(path: string): boolean {
  const normal = normalPath(path);
  return !isAbsolutePath(normal) && !leavesItsStart(normal);
}

function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || path.startsWith('~') || path.includes('\\') || /^[A-Za-z]:/.test(path);
}

function leavesItsStart(path: string): boolean {
  return path === '..' || path.startsWith('../');
}

/** Without `.`, `..` and doubled slashes, as far as the text alone can tell. */
function normalPath(path: string): string {
  const parts: string[] = [];
  const isFromRoot = path.startsWith('/');
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (!isFromRoot) parts.push(part);
  }
  const rest = parts.join('/');
  if (isFromRoot) return `/${rest}`;
  return rest === '' ? '.' : rest;
}
