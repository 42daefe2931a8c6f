// Which plugins need which others, and what follows from it: whether a plugin may run, in which order they start, and what
// happens to those that need one that stops. Pure; how versions compare is given by the caller.
//
// Invariants:
//   D1. A plugin may run when each plugin that it cannot do without is there, is active, and has a version in its range.
//   D2. An order of start has each plugin once, behind everything that it needs of the same batch; ties go by name.
//   D3. A dependency that a plugin can do without never keeps it from running. It counts in orders, unless that made a
//       cycle.
//   D4. What a plugin needs from outside of the batch does not count in an order.
//   D5. A cycle is told as a path: each name needs the next one, and the last is the first again.
//   D6. Who has to stop with a plugin is told in the order in which they stop: nobody before those that need them.

import { cyclePath, isCycle, needGroups } from './need-groups.ts';
import type { Needs } from './need-groups.ts';

/** What one plugin says about another one. */
export interface Dependency {
  /** Name of the other plugin. */
  readonly name: string;
  /** Range of its versions. */
  readonly version: string;
  /** Whether the plugin also works without. Default false. */
  readonly optional?: boolean | undefined;
}

/** A plugin and what it needs: of a manifest, whatever else that has. */
export interface Dependent {
  readonly name: string;
  readonly depends: readonly Dependency[];
}

/** A plugin that others may need. */
export interface InstalledDependency {
  readonly name: string;
  readonly version: string;
  readonly isActive: boolean;
}

/** Whether a version is within a range. A range that is none has no versions. */
export type IsInRange = (version: string, range: string) => boolean;

/** A dependency with a version that does not fit. */
export interface IncompatibleDependency {
  readonly name: string;
  /** The version that is there. */
  readonly got: string;
  /** The range that is wanted. */
  readonly want: string;
}

/** What a plugin lacks. All lists are sorted by name; what is inactive and of a wrong version is in two of them. */
export interface DependencyReport {
  readonly missing: readonly string[];
  /** There, and not active. */
  readonly inactive: readonly string[];
  readonly incompatible: readonly IncompatibleDependency[];
  /** Dependencies that it can do without, and has to. */
  readonly without: readonly string[];
}

/** What is told of a report when it has to be one thing. */
export type DependencyProblem = 'missing' | 'inactive' | 'incompatible';

/** What a plugin lacks of the plugins that are there. */
export function reportDependencies(
  { depends }: Pick<Dependent, 'depends'>,
  installed: readonly InstalledDependency[],
  isInRange: IsInRange,
): DependencyReport {
  const byName = new Map(installed.map((one) => [one.name, one]));
  const missing = new Set<string>();
  const inactive = new Set<string>();
  const without = new Set<string>();
  const incompatible: IncompatibleDependency[] = [];
  for (const { name, version: want, optional = false } of depends) {
    const found = byName.get(name);
    const isFitting = found !== undefined && isInRange(found.version, want);
    if (isFitting && found.isActive) continue;
    if (optional) {
      without.add(name);
      continue;
    }
    if (found === undefined) missing.add(name);
    // Both are told: who activates it is not to learn only then that its version does not fit.
    if (found?.isActive === false) inactive.add(name);
    if (found !== undefined && !isFitting) incompatible.push({ name, got: found.version, want });
  }
  return {
    missing: [...missing].sort(),
    inactive: [...inactive].sort(),
    incompatible: incompatible.sort((one, other) => compare(one.name, other.name)),
    without: [...without].sort(),
  };
}

/** The first problem of a report in the order missing, inactive, incompatible; undefined when the plugin may run. */
export function problemOf({ missing, inactive, incompatible }: DependencyReport): DependencyProblem | undefined {
  if (missing.length > 0) return 'missing';
  if (inactive.length > 0) return 'inactive';
  return incompatible.length > 0 ? 'incompatible' : undefined;
}

/** An order of start. */
export interface StartOrder {
  /** Names of the plugins that can be started, in order: without those of cycles and those that need one of them. */
  readonly order: readonly string[];
  /** One for each group of plugins that need each other, as a path (D5); sorted. */
  readonly cycles: readonly (readonly string[])[];
  /** Names of the plugins that are in no cycle and need one that is, sorted. */
  readonly behindCycles: readonly string[];
}

/** In which order the plugins of a batch start (D2 to D5). A name that stands twice is the first of them. */
export function startOrder(batch: readonly Dependent[]): StartOrder {
  const needs = needsOf(batch);
  const order: string[] = [];
  const cycles: (readonly string[])[] = [];
  const blocked = new Set<string>();
  const behindCycles: string[] = [];
  for (const group of needGroups(needs)) {
    const [name = ''] = group;
    if (isCycle(group, needs)) cycles.push(cyclePath(group, needs));
    else if ([...(needs.get(name) ?? [])].some((other) => blocked.has(other))) behindCycles.push(name);
    else order.push(name);
    if (order.at(-1) !== name) for (const member of group) blocked.add(member);
  }
  return { order, cycles: cycles.sort((one, other) => compare(one[0], other[0])), behindCycles: behindCycles.sort() };
}

/** What happens to active plugins that need one that is to stop. */
export type DependentsPolicy = 'refuse' | 'cascade' | 'ignore';

/** Whether a plugin may stop, and who stops before it. */
export type StopPlan =
  | { readonly kind: 'stop'; readonly first: readonly string[] }
  /** `dependents` need it directly; sorted. */
  | { readonly kind: 'refused'; readonly dependents: readonly string[] };

/**
 * What has to be done before a plugin stops. `active` are the plugins that run, itself included or not. A plugin that
 * can do without it is no hindrance, and goes on.
 */
export function planStop(name: string, active: readonly Dependent[], policy: DependentsPolicy): StopPlan {
  if (policy === 'ignore') return { kind: 'stop', first: [] };
  const dependents = dependentsOf(name, active);
  if (policy === 'cascade' || dependents.length === 0) return { kind: 'stop', first: dependents };
  const isDirect = ({ depends }: Dependent): boolean =>
    depends.some((dependency) => dependency.name === name && dependency.optional !== true);
  const direct = active.filter((one) => one.name !== name && isDirect(one)).map((one) => one.name);
  return { kind: 'refused', dependents: [...new Set(direct)].sort() };
}

/**
 * Everybody who needs a plugin, directly or not, in the order in which they stop (D6). Without the plugin itself. Those
 * of a cycle stop one after the other by their names.
 */
export function dependentsOf(name: string, batch: readonly Dependent[]): readonly string[] {
  const neededBy = new Map<string, string[]>();
  for (const one of batch) {
    for (const { name: other, optional = false } of one.depends) {
      if (optional) continue;
      const dependents = neededBy.get(other);
      if (dependents === undefined) neededBy.set(other, [one.name]);
      else dependents.push(one.name);
    }
  }
  const found = new Set([name]);
  for (const one of found) for (const dependent of neededBy.get(one) ?? []) found.add(dependent);
  found.delete(name);
  return needGroups(needsOf(batch.filter((one) => found.has(one.name))))
    .toReversed()
    .flat();
}

/** Names of the plugins that a new version of a plugin would not fit, sorted: those whose range it leaves. */
export function leftBehindBy(
  { name, version }: { readonly name: string; readonly version: string },
  active: readonly Dependent[],
  isInRange: IsInRange,
): readonly string[] {
  const isLeft = ({ depends }: Dependent): boolean =>
    depends.some(
      (dependency) =>
        dependency.name === name && dependency.optional !== true && !isInRange(version, dependency.version),
    );
  return [...new Set(active.filter((one) => one.name !== name && isLeft(one)).map((one) => one.name))].sort();
}

/** D3, D4. */
function needsOf(batch: readonly Dependent[]): Needs {
  const byName = new Map(batch.toReversed().map((one) => [one.name, one]));
  const all = withEdges(byName, () => true);
  const groups = needGroups(all);
  const groupOf = new Map(groups.flatMap((group) => group.map((name) => [name, group] as const)));
  return withEdges(byName, (from, { name, optional }) => optional !== true || groupOf.get(from) !== groupOf.get(name));
}

function withEdges(
  byName: ReadonlyMap<string, Dependent>,
  isCounted: (from: string, to: Dependency) => boolean,
): Needs {
  const edgesOf = ({ name, depends }: Dependent): ReadonlySet<string> =>
    new Set(depends.filter((to) => byName.has(to.name) && isCounted(name, to)).map((to) => to.name));
  return new Map([...byName].map(([name, one]) => [name, edgesOf(one)]));
}

/** By code unit, so that the order is the same on every machine. */
function compare(one = '', other = ''): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
