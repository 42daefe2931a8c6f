import { DependencyError } from '../../errors/index.ts';
import type { Code } from '../../errors/index.ts';
import { planStop, problemOf, reportDependencies } from '../../policy/index.ts';
import type {
  DependencyProblem,
  DependencyReport,
  Dependent,
  DependentsPolicy,
  InstalledDependency,
} from '../../policy/index.ts';
import { isInRange } from './version-range.ts';

/** What a plugin lacks of the plugins that are there. */
export function checkDependencies(plugin: Dependent, installed: readonly InstalledDependency[]): DependencyReport {
  return reportDependencies(plugin, installed, isInRange);
}

/**
 * Returns when the plugin may run.
 *
 * @throws DependencyError with DEPENDENCY_MISSING, DEPENDENCY_INACTIVE or DEPENDENCY_INCOMPATIBLE, the first of these that
 *   holds; the text and `details.report` have everything
 */
export function requireDependencies(plugin: Dependent, installed: readonly InstalledDependency[]): void {
  const error = dependencyError(plugin.name, checkDependencies(plugin, installed));
  if (error !== undefined) throw error;
}

/** What is thrown for a report; undefined when the plugin may run. */
export function dependencyError(plugin: string, report: DependencyReport): DependencyError | undefined {
  const problem = problemOf(report);
  if (problem === undefined) return undefined;
  const { missing, inactive, incompatible } = report;
  const parts = [
    ...missing.map((name) => `"${name}", which is not there`),
    ...inactive.map((name) => `"${name}", which is not active`),
    ...incompatible.map(({ name, got, want }) => `"${name}" in a version of ${want}, which has ${got}`),
  ];
  return new DependencyError(CODE_OF[problem], `plugin "${plugin}" needs ${parts.join('; ')}`, {
    plugin,
    details: { report },
  });
}

/**
 * The plugins that have to stop before this one, in order.
 *
 * @throws DependencyError with DEPENDENTS_ACTIVE when there are any and the policy is `refuse`
 */
export function requireNoDependents(
  plugin: string,
  active: readonly Dependent[],
  policy: DependentsPolicy,
): readonly string[] {
  const plan = planStop(plugin, active, policy);
  if (plan.kind === 'stop') return plan.first;
  const { dependents } = plan;
  const names = dependents.map((name) => `"${name}"`).join(', ');
  throw new DependencyError('DEPENDENTS_ACTIVE', `plugin "${plugin}" is needed by ${names}`, {
    plugin,
    details: { dependents },
  });
}

/** The error of plugins that need each other. `path` begins and ends with the same name. */
export function cycleError(plugin: string, path: readonly string[]): DependencyError {
  const text = path.map((name) => `"${name}"`).join(' needs ');
  return new DependencyError('DEPENDENCY_CYCLE', `plugins need each other: ${text}`, { plugin, details: { path } });
}

const CODE_OF: Readonly<Record<DependencyProblem, Code>> = {
  missing: 'DEPENDENCY_MISSING',
  inactive: 'DEPENDENCY_INACTIVE',
  incompatible: 'DEPENDENCY_INCOMPATIBLE',
};
